namespace Troupe.Core.Machine.Memory;

/// <summary>
/// The seam to RAM as the allocator and the page tables use it: where the bytes of a physical address are. The kernel's own is the
/// identity map; tests stand on a native buffer. (Registers and firmware tables go through <see cref="IPhysicalMemory"/>.)
/// </summary>
public unsafe interface IDirectMap
{
    /// <summary>Where the byte at a physical address can be read and written; contiguous in physical memory means contiguous here.</summary>
    static abstract byte* At(ulong physical);

    /// <summary>Zeroes the frame at a physical address.</summary>
    static abstract void ClearFrame(ulong physical);
}
