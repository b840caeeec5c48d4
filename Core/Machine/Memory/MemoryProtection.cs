namespace Troupe.Core.Machine.Memory;

/// <summary>What may be done with memory: the values of mmap's PROT_ constants.</summary>
[Flags]
public enum MemoryProtection
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>PROT_READ.</summary>
    Read = 1,

    /// <summary>PROT_WRITE; on this processor it implies reading.</summary>
    Write = 2,

    /// <summary>PROT_EXEC; on this processor it implies reading. Never together with <see cref="Write"/>.</summary>
    Execute = 4,
}
