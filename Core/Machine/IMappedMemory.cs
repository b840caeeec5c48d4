namespace Troupe.Core.Machine;

/// <summary>
/// The seam to whatever the page tables map, for code that follows pointers it cannot trust: a panic reads the program's stack and objects.
/// On the machine: <see cref="KernelMappedMemory"/>.
/// </summary>
public interface IMappedMemory
{
    /// <summary>Whether the page of an address is in memory. What fits its natural alignment lies on one page.</summary>
    static abstract bool IsMapped(ulong address);

    /// <summary>Reads two bytes of a mapped page.</summary>
    static abstract ushort Read16(ulong address);

    /// <summary>Reads four bytes of a mapped page.</summary>
    static abstract uint Read32(ulong address);

    /// <summary>Reads eight bytes of a mapped page.</summary>
    static abstract ulong Read64(ulong address);
}
