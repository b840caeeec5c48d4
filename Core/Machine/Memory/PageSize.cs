namespace Troupe.Core.Machine.Memory;

/// <summary>Sizes of pages (SDM vol. 3, 4.5) and arithmetic on them.</summary>
public static class PageSize
{
    /// <summary>log2 of a small page.</summary>
    public const int Shift = 12;

    /// <summary>A page-table page, a frame, a small page: 4 KiB.</summary>
    public const ulong Small = 1UL << Shift;

    /// <summary>What one page-directory entry maps: 2 MiB.</summary>
    public const ulong Large = 1UL << 21;

    /// <summary>What one page-directory-pointer entry maps: 1 GiB.</summary>
    public const ulong Huge = 1UL << 30;

    /// <summary>What one PML4 entry covers: 512 GiB.</summary>
    public const ulong Slot = 1UL << 39;

    /// <summary>Rounds down to a multiple of a power of two.</summary>
    public static ulong Down(ulong value, ulong alignment) => value & ~(alignment - 1);

    /// <summary>Rounds up to a multiple of a power of two; the caller has excluded overflow.</summary>
    public static ulong Up(ulong value, ulong alignment) => (value + alignment - 1) & ~(alignment - 1);

    /// <summary>Whether a value is a multiple of a power of two.</summary>
    public static bool IsAligned(ulong value, ulong alignment) => (value & (alignment - 1)) == 0;
}
