namespace Troupe.Core.Machine;

/// <summary>The seam to mapped memory on the machine: walks the running page tables (Intel SDM vol. 3, 4.5.4), lower half only.</summary>
public readonly unsafe struct KernelMappedMemory : IMappedMemory
{
    private const ulong Present = 1, LargePage = 0x80, FrameBits = 0x000F_FFFF_FFFF_F000;
    private const int LowerHalfBits = 47;

    // Index positions of the four levels; the middle two may map a large page.
    private const int TopShift = 39, BottomShift = 12, LevelBits = 9;

    /// <inheritdoc/>
    public static bool IsMapped(ulong address)
    {
        if (address >> LowerHalfBits != 0)
        {
            return false;
        }

        ulong table = Instructions.ReadCr3() & FrameBits;
        for (int shift = TopShift; shift >= BottomShift; shift -= LevelBits)
        {
            ulong entry = *(ulong*)(table + (((address >> shift) & 511) * 8));
            if ((entry & Present) == 0)
            {
                return false;
            }

            if (shift < TopShift && shift > BottomShift && (entry & LargePage) != 0)
            {
                return true;
            }

            table = entry & FrameBits;
        }

        return true;
    }

    /// <inheritdoc/>
    public static ushort Read16(ulong address) => *(ushort*)address;

    /// <inheritdoc/>
    public static uint Read32(ulong address) => *(uint*)address;

    /// <inheritdoc/>
    public static ulong Read64(ulong address) => *(ulong*)address;
}
