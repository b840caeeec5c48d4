namespace Troupe.Core.Machine;

/// <summary>
/// The seam to physical memory and memory-mapped registers: each call is exactly one access of its width, in program order.
/// The kernel's implementation reads the identity map; tests read a made-up machine.
/// </summary>
public interface IPhysicalMemory
{
    /// <summary>
    /// Whether the whole range may be read without a fault. Firmware tables are followed only where this answers yes,
    /// so a table that points into nowhere is ignored and never a fault.
    /// </summary>
    static abstract bool IsReadable(ulong address, ulong length);

    /// <summary>Reads a byte.</summary>
    static abstract byte Read8(ulong address);

    /// <summary>Reads two bytes, little-endian; the address need not be aligned in RAM.</summary>
    static abstract ushort Read16(ulong address);

    /// <summary>Reads four bytes, little-endian; the address need not be aligned in RAM.</summary>
    static abstract uint Read32(ulong address);

    /// <summary>Reads eight bytes, little-endian; the address need not be aligned in RAM.</summary>
    static abstract ulong Read64(ulong address);

    /// <summary>Writes four bytes: the width of every APIC register.</summary>
    static abstract void Write32(ulong address, uint value);
}
