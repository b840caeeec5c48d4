namespace Troupe.Actors.Analyzers;

/// <summary>What is known of the value of an expression on one path.</summary>
internal enum FlowValue
{
    /// <summary>Nothing.</summary>
    Other,

    /// <summary>What the followed variable holds.</summary>
    Self,

    /// <summary>Something fresh, that whoever gets it owns.</summary>
    Owned,

    /// <summary>The default value of an owned type.</summary>
    Empty,

    /// <summary>The Boolean.</summary>
    True,

    /// <summary>The Boolean.</summary>
    False,
}
