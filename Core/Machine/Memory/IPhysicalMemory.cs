namespace Troupe.Core.Machine.Memory;

/// <summary>
/// The physical-memory seam: how the kernel reaches a physical address. The kernel's own is the identity map;
/// tests stand on a native buffer.
/// </summary>
public unsafe interface IPhysicalMemory
{
    /// <summary>Where the byte at a physical address can be read and written; contiguous in physical memory means contiguous here.</summary>
    static abstract byte* At(ulong physical);
}
