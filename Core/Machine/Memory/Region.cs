namespace Troupe.Core.Machine.Memory;

/// <summary>
/// A run of pages with one protection (Linux: vm_area_struct). A node of <see cref="RegionTree"/>; owned by the lock of its address space.
/// </summary>
public unsafe struct Region
{
    /// <summary>First byte.</summary>
    public ulong Start;

    /// <summary>First byte after.</summary>
    public ulong End;

    /// <summary>
    /// From here to <see cref="End"/> every page is charged in advance. <see cref="Start"/> for memory that was made writable, <see cref="End"/>
    /// for memory that never was; in between for a stack, whose lower pages are charged one by one when they are first used.
    /// </summary>
    public ulong ChargedFrom;

    /// <summary>What may be done.</summary>
    public MemoryProtection Protection;

    /// <summary>What it is.</summary>
    public RegionKind Kind;

    internal Region* Left;
    internal Region* Right;
    internal Region* Parent;
    internal Region* Previous;
    internal Region* Next;
    internal ulong LargestGap;
    internal int Height;

    /// <summary>Pages charged in advance.</summary>
    public readonly long ChargedPages => (long)((End - ChargedFrom) >> PageSize.Shift);

    internal readonly bool IsCharged => ChargedFrom < End;

    internal readonly bool IsWritable => (Protection & MemoryProtection.Write) != 0;
}
