using Troupe.Core.Memory;

namespace Troupe.Core.Machine.Memory;

/// <summary>
/// The processor's four-level page tables (SDM vol. 3, 4.5.4): mapping, protecting, splitting, walking, and giving back tables
/// that became empty.
/// </summary>
/// <remarks>
/// Concurrency: one tree of tables serves all processors. Who may change what is decided by the slot of the PML4:
/// slot 0 (identity map) and the upper half (device windows) belong to the lock of <see cref="KernelMap{TMemory, TProcessors, TPhysical, TTranslation}"/>,
/// every other slot to the lock of its address space. Two owners never share a table below the PML4, and PML4 entries are
/// words of their own, so no lock is needed around both. The processors' page walkers read at any time: an entry
/// changes by one release store, and a table is filled before it is linked.
/// Translations that processors hold are not this type's business: whoever takes a right away or unmaps calls the shootdown,
/// and frees frames and tables only after it.
/// </remarks>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="TProcessors">The platform seam.</typeparam>
/// <typeparam name="TPhysical">The physical-memory seam.</typeparam>
public unsafe struct PageTable<TMemory, TProcessors, TPhysical>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
    where TPhysical : struct, IDirectMap
{
    /// <summary>Entries of a table.</summary>
    public const int Entries = 512;

    /// <summary>Level of the 4 KiB entries.</summary>
    public const int PageLevel = 1;

    /// <summary>Level of the entries that map 2 MiB or name a page table.</summary>
    public const int DirectoryLevel = 2;

    /// <summary>Level of the entries that map 1 GiB or name a page directory.</summary>
    public const int PointerLevel = 3;

    /// <summary>Level of the PML4.</summary>
    public const int TopLevel = 4;

    /// <summary>Where an entry keeps the physical address (bits 12 to 51).</summary>
    public const ulong AddressMask = 0x000F_FFFF_FFFF_F000;

    // Rights are given by the lowest level alone.
    private const PageFlags TableFlags = PageFlags.Present | PageFlags.Writable;

    private FrameAllocator<TMemory, TProcessors, TPhysical>* _frames;
    private long _tables;

    /// <summary>Physical address of the PML4: what goes into CR3.</summary>
    public ulong Root { get; private set; }

    /// <summary>Frames that are tables.</summary>
    public long TableCount => TMemory.LoadAcquire(ref _tables);

    /// <summary>Makes an empty tree.</summary>
    /// <returns>False when there is no frame for it.</returns>
    public bool Initialize(FrameAllocator<TMemory, TProcessors, TPhysical>* frames)
    {
        _frames = frames;
        _tables = 0;
        Root = frames->AllocateZeroed();
        return Root != 0;
    }

    /// <summary>Bytes that an entry of a level covers.</summary>
    public static ulong Coverage(int level) => PageSize.Small << (9 * (level - 1));

    /// <summary>Whether an address has bits 48 to 63 equal to bit 47.</summary>
    public static bool IsCanonical(ulong virtualAddress) => (ulong)((long)(virtualAddress << 16) >> 16) == virtualAddress;

    /// <summary>Maps one page.</summary>
    /// <param name="virtualAddress">Where; a multiple of the page.</param>
    /// <param name="physical">What; a multiple of the page.</param>
    /// <param name="flags">Rights and caching; <see cref="PageFlags.Present"/> is added.</param>
    /// <param name="level"><see cref="PageLevel"/>, <see cref="DirectoryLevel"/> (2 MiB) or <see cref="PointerLevel"/> (1 GiB, if the processor has such pages).</param>
    public PageTableStatus Map(ulong virtualAddress, ulong physical, PageFlags flags, int level = PageLevel)
    {
        if (IsWritableAndExecutable(flags))
            return PageTableStatus.WritableAndExecutable;
        if (!PageSize.IsAligned(virtualAddress | physical, Coverage(level)) || !IsCanonical(virtualAddress))
            return PageTableStatus.Misaligned;

        int created = 0;
        ulong* entry = EnsureEntry(virtualAddress, level, ref created, out PageTableStatus status);
        if (entry == null)
            return status;
        if (*entry != 0)
            return PageTableStatus.AlreadyMapped;

        Write(entry, physical | (ulong)(flags | PageFlags.Present | (level > PageLevel ? PageFlags.Large : 0)));
        return PageTableStatus.Done;
    }

    /// <summary>Maps a run of pages with the largest size that fits at each place.</summary>
    public PageTableStatus MapRange(ulong virtualAddress, ulong physical, ulong length, PageFlags flags, int largestLevel)
    {
        while (length > 0)
        {
            int level = largestLevel;
            while (level > PageLevel && (!PageSize.IsAligned(virtualAddress | physical, Coverage(level)) || length < Coverage(level)))
                level--;
            if (length < Coverage(level))
                return PageTableStatus.Misaligned;

            PageTableStatus status = Map(virtualAddress, physical, flags, level);
            if (status != PageTableStatus.Done)
                return status;
            virtualAddress += Coverage(level);
            physical += Coverage(level);
            length -= Coverage(level);
        }

        return PageTableStatus.Done;
    }

    /// <summary>Removes one 4 KiB page, splitting a larger one around it. The caller shoots the translation down.</summary>
    /// <param name="virtualAddress">Any address in the page.</param>
    /// <param name="physical">What was mapped there.</param>
    public PageTableStatus Unmap(ulong virtualAddress, out ulong physical)
    {
        physical = 0;
        PageTableStatus status = Split(virtualAddress);
        if (status != PageTableStatus.Done)
            return status;
        ulong* entry = Find(virtualAddress, out _);
        physical = *entry & AddressMask;
        Write(entry, 0);
        return PageTableStatus.Done;
    }

    /// <summary>Changes the rights of one 4 KiB page, splitting a larger one around it. Taking a right away needs a shootdown by the caller.</summary>
    public PageTableStatus Protect(ulong virtualAddress, PageFlags flags)
    {
        if (IsWritableAndExecutable(flags))
            return PageTableStatus.WritableAndExecutable;
        PageTableStatus status = Split(virtualAddress);
        if (status != PageTableStatus.Done)
            return status;
        ulong* entry = Find(virtualAddress, out _);
        Write(entry, (*entry & AddressMask) | (ulong)(flags | PageFlags.Present));
        return PageTableStatus.Done;
    }

    /// <summary>
    /// Makes 4 KiB entries of the large page around an address; its translation stays the same. A processor may go on using the
    /// large translation until it is invalidated, which matters only once an entry is changed.
    /// </summary>
    public PageTableStatus Split(ulong virtualAddress)
    {
        ulong* entry = Find(virtualAddress, out int level);
        while (entry != null && (*entry & (ulong)PageFlags.Present) != 0)
        {
            if (level == PageLevel)
                return PageTableStatus.Done;

            ulong table = NewTable();
            if (table == 0)
                return PageTableStatus.OutOfMemory;
            ulong piece = Coverage(level - 1);
            ulong value = level - 1 == PageLevel ? *entry & ~(ulong)PageFlags.Large : *entry;
            ulong* to = (ulong*)TPhysical.At(table);
            for (int i = 0; i < Entries; i++)
            {
                to[i] = value;
                value += piece;
            }

            Write(entry, table | (ulong)TableFlags);
            entry = Find(virtualAddress, out level);
        }

        return PageTableStatus.NotMapped;
    }

    /// <summary>
    /// The entry that decides about an address: the 4 KiB entry, or the entry of a larger page. Null when a table on the way is missing;
    /// then <paramref name="level"/> is the level whose entry is empty, so that a walk may skip <see cref="Coverage"/> of it.
    /// Detached tables are still walked until they are freed.
    /// </summary>
    public readonly ulong* Find(ulong virtualAddress, out int level)
    {
        ulong table = Root;
        for (level = TopLevel; ; level--)
        {
            ulong* entry = EntryIn(table, virtualAddress, level);
            if (level == PageLevel || (*entry & (ulong)PageFlags.Large) != 0)
                return entry;
            if ((*entry & (ulong)(PageFlags.Present | PageFlags.Stale)) == 0)
                return null;
            table = *entry & AddressMask;
        }
    }

    /// <summary>The entry of a level for an address, making the tables above it and counting them; null when that fails.</summary>
    public ulong* EnsureEntry(ulong virtualAddress, int level, ref int created, out PageTableStatus status)
    {
        status = PageTableStatus.Done;
        ulong table = Root;
        for (int at = TopLevel; ; at--)
        {
            ulong* entry = EntryIn(table, virtualAddress, at);
            if (at == level)
                return entry;

            if ((*entry & (ulong)PageFlags.Present) == 0)
            {
                table = NewTable();
                if (table == 0)
                {
                    status = PageTableStatus.OutOfMemory;
                    return null;
                }

                created++;
                Write(entry, table | (ulong)TableFlags);
            }
            else if ((*entry & (ulong)PageFlags.Large) != 0)
            {
                status = PageTableStatus.AlreadyMapped;
                return null;
            }
            else
            {
                table = *entry & AddressMask;
            }
        }
    }

    /// <summary>The physical address behind a virtual one.</summary>
    /// <param name="virtualAddress">Any address.</param>
    /// <param name="physical">Where it leads.</param>
    /// <param name="flags">Flags of the entry that maps it.</param>
    /// <returns>Whether it is mapped.</returns>
    public readonly bool Translate(ulong virtualAddress, out ulong physical, out PageFlags flags)
    {
        ulong* entry = Find(virtualAddress, out int level);
        if (entry == null || (*entry & (ulong)PageFlags.Present) == 0)
        {
            physical = 0;
            flags = PageFlags.None;
            return false;
        }

        ulong inside = Coverage(level) - 1;
        physical = (*entry & AddressMask & ~inside) | (virtualAddress & inside);
        flags = (PageFlags)(*entry & ~AddressMask);
        return true;
    }

    /// <summary>
    /// Unlinks the tables around an address that hold nothing, lowest first, leaving their entries marked <see cref="PageFlags.Stale"/>:
    /// processors may have cached them. After a shootdown <see cref="FreeStaleTables"/> gives them back.
    /// </summary>
    /// <returns>Whether there is anything to give back.</returns>
    public bool DetachEmptyTables(ulong virtualAddress)
    {
        bool any = false;
        for (int level = DirectoryLevel; level <= PointerLevel; level++)
        {
            // An entry on the level that names an empty table is unlinked; the table above can be empty only if this one went.
            ulong* entry = FindTableEntry(virtualAddress, level);
            if (entry == null || !IsEmpty(*entry & AddressMask))
                break;
            Write(entry, (*entry & ~(ulong)PageFlags.Present) | (ulong)PageFlags.Stale);
            any = true;
        }

        return any;
    }

    /// <summary>Frees what <see cref="DetachEmptyTables"/> unlinked around the address. The caller holds the same lock since.</summary>
    /// <returns>How many tables that were.</returns>
    public int FreeStaleTables(ulong virtualAddress)
    {
        int freed = 0;
        ulong* pointers = TableAt(virtualAddress, PointerLevel);
        if (pointers == null)
            return 0;
        ulong* pointer = pointers + IndexAt(virtualAddress, PointerLevel);
        ulong directory = *pointer & AddressMask;
        if (directory == 0 || (*pointer & (ulong)PageFlags.Large) != 0)
            return 0;

        ulong* entry = EntryIn(directory, virtualAddress, DirectoryLevel);
        if ((*entry & (ulong)(PageFlags.Stale | PageFlags.Present)) == (ulong)PageFlags.Stale)
        {
            ulong table = *entry & AddressMask;
            Write(entry, 0);
            FreeTable(table);
            freed++;
        }

        // Other stale tables may hang in the directory: the last one takes it along.
        if ((*pointer & (ulong)(PageFlags.Stale | PageFlags.Present)) == (ulong)PageFlags.Stale && IsClear(directory))
        {
            Write(pointer, 0);
            FreeTable(directory);
            freed++;
        }

        return freed;
    }

    /// <summary>Whether a request breaks W^X.</summary>
    public static bool IsWritableAndExecutable(PageFlags flags) =>
        (flags & (PageFlags.Writable | PageFlags.NoExecute)) == PageFlags.Writable;

    /// <summary>Replaces an entry in one store, as the page walkers must see it.</summary>
    public static void Write(ulong* entry, ulong value) => TMemory.StoreRelease(ref *(long*)entry, (long)value);

    private static int IndexAt(ulong virtualAddress, int level) => (int)(virtualAddress >> (PageSize.Shift + (9 * (level - 1)))) & (Entries - 1);

    private static ulong* EntryIn(ulong table, ulong virtualAddress, int level) => (ulong*)TPhysical.At(table) + IndexAt(virtualAddress, level);

    private static bool IsEmpty(ulong table)
    {
        // A stale entry of ours no longer counts: it goes with its table.
        ulong* entry = (ulong*)TPhysical.At(table);
        for (int i = 0; i < Entries; i++)
        {
            if (entry[i] != 0 && (entry[i] & (ulong)PageFlags.Stale) == 0)
                return false;
        }

        return true;
    }

    private static bool IsClear(ulong table)
    {
        ulong* entry = (ulong*)TPhysical.At(table);
        for (int i = 0; i < Entries; i++)
        {
            if (entry[i] != 0)
                return false;
        }

        return true;
    }

    /// <summary>The table of a level for an address, if it is linked.</summary>
    private readonly ulong* TableAt(ulong virtualAddress, int level)
    {
        ulong physical = Root;
        for (int at = TopLevel; at > level; at--)
        {
            ulong entry = *EntryIn(physical, virtualAddress, at);
            if ((entry & (ulong)(PageFlags.Present | PageFlags.Large)) != (ulong)PageFlags.Present)
                return null;
            physical = entry & AddressMask;
        }

        return (ulong*)TPhysical.At(physical);
    }

    /// <summary>The entry of a level that names the next table below; null when there is none.</summary>
    private readonly ulong* FindTableEntry(ulong virtualAddress, int level)
    {
        ulong* table = TableAt(virtualAddress, level);
        if (table == null)
            return null;
        ulong* entry = table + IndexAt(virtualAddress, level);
        return (*entry & (ulong)(PageFlags.Present | PageFlags.Large)) == (ulong)PageFlags.Present ? entry : null;
    }

    private ulong NewTable()
    {
        ulong table = _frames->AllocateZeroed();
        if (table != 0)
            TMemory.Add(ref _tables, 1);
        return table;
    }

    private void FreeTable(ulong table)
    {
        TMemory.Add(ref _tables, -1);
        _frames->Free(table);
    }
}
