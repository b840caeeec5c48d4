namespace Troupe.Tools.Testing.Clients;

/// <summary>What <c>troupe test clients</c> is asked to do.</summary>
internal sealed record ClientOptions
{
    /// <summary>Groups of cases whose name contains this; null: all.</summary>
    public string? Only { get; init; }

    /// <summary>Guests of so many processors; none: only Linux.</summary>
    public IReadOnlyList<int> Processors { get; init; } = [1, 2];
}
