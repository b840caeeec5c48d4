namespace Troupe.Apps.Files;

/// <summary>How a file is opened.</summary>
[Flags]
public enum FileOpening
{
    /// <summary>For reading, and it must be there.</summary>
    Read = 0,

    /// <summary>For writing too.</summary>
    Write = 1,

    /// <summary>It is made if it is not there.</summary>
    Create = 2,

    /// <summary>With <see cref="Create"/>: it must not be there.</summary>
    New = 4,

    /// <summary>It loses its content; for writing only.</summary>
    Truncate = 8,

    /// <summary>Every write goes to the end, whatever its position says.</summary>
    Append = 16,
}
