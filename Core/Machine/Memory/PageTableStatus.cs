namespace Troupe.Core.Machine.Memory;

/// <summary>What a request to a page table came to.</summary>
public enum PageTableStatus
{
    /// <summary>Done.</summary>
    Done = 0,

    /// <summary>Refused: nothing is writable and executable at once (W^X).</summary>
    WritableAndExecutable,

    /// <summary>Refused: something else is mapped there.</summary>
    AlreadyMapped,

    /// <summary>Refused: nothing is mapped there.</summary>
    NotMapped,

    /// <summary>Refused: an address or length is not a multiple of the page, or not canonical.</summary>
    Misaligned,

    /// <summary>There was no frame for a table.</summary>
    OutOfMemory,

    /// <summary>Refused: its rights are the kernel's to set.</summary>
    NotAllowed,
}
