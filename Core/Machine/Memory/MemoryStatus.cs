namespace Troupe.Core.Machine.Memory;

/// <summary>What a request to an address space came to; beside it the Linux error that a system call answers.</summary>
public enum MemoryStatus
{
    /// <summary>Done as far as <c>done</c> says; if that is not all, call again with the rest.</summary>
    Done = 0,

    /// <summary>EINVAL: a length of nothing, an address outside the address space or not a multiple of the page.</summary>
    Invalid,

    /// <summary>ENOMEM: part of the range is not mapped.</summary>
    NoRegion,

    /// <summary>EEXIST: something is mapped there.</summary>
    Exists,

    /// <summary>EACCES: writable and executable at once.</summary>
    WritableAndExecutable,

    /// <summary>ENOMEM: beyond the commit limit, or no address range is left.</summary>
    OutOfMemory,
}
