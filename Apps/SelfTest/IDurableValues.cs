using System.Collections.Immutable;

namespace Troupe.Apps.SelfTest;

/// <summary>Values by key, for a <see cref="StoreLoad"/> to change: each change is durable when it returns. What is refused throws.</summary>
internal interface IDurableValues
{
    /// <summary>What its keys begin with on the console.</summary>
    string Kind { get; }

    /// <summary>The value; default if there is none.</summary>
    Task<ImmutableArray<byte>> GetAsync(string name);

    /// <summary>Takes the place of the value, as a whole.</summary>
    Task PutAsync(string name, ImmutableArray<byte> value);

    /// <summary>There is no value any more.</summary>
    Task DeleteAsync(string name);
}
