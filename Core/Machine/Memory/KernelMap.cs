using Troupe.Core.Memory;

namespace Troupe.Core.Machine.Memory;

/// <summary>
/// The kernel's own mappings: all RAM at its physical address, the image's segments with the rights that their program headers
/// give, and windows of devices.
/// </summary>
/// <remarks>
/// Everything is global. RAM is writable and never executable; the image's text is executable and never writable;
/// the first 64 KiB are not mapped, so that null references fault. One lock guards slot 0 and the upper half of the table.
/// </remarks>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="TProcessors">The platform seam.</typeparam>
/// <typeparam name="TPhysical">The physical-memory seam.</typeparam>
/// <typeparam name="TTranslation">The translation seam.</typeparam>
public unsafe struct KernelMap<TMemory, TProcessors, TPhysical, TTranslation>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
    where TPhysical : struct, IDirectMap
    where TTranslation : struct, ITranslation
{
    /// <summary>Addresses below are not mapped: the runtime turns faults there into null-reference exceptions.</summary>
    public const ulong NullWindow = 64 * 1024;

    /// <summary>Devices whose physical address is beyond the identity map appear at this address plus their own.</summary>
    public const ulong HighDeviceBase = 0xFFFF_8000_0000_0000;

    // What one call of MapDevice maps: a page costs some 150 instructions.
    private const ulong DevicePiece = 256 * PageSize.Small;

    private const ulong HighDeviceLimit = 1UL << 46;
    private const PageFlags Data = PageFlags.Writable | PageFlags.NoExecute | PageFlags.Global;
    private const PageFlags Device = Data | PageFlags.CacheDisable | PageFlags.WriteThrough;

    private SpinLock<TMemory, TProcessors> _lock;
    private PageTable<TMemory, TProcessors, TPhysical>* _table;
    private TlbShootdown<TMemory, TProcessors, TTranslation>* _shootdown;

    // Each from its first segment's start to its last one's end: a linker puts segments of the same rights side by side.
    private MemoryRange _imageText, _imageData, _image;
    private bool _constantsAreClosed;

    /// <summary>Builds the identity map of RAM; the table is not in use yet.</summary>
    /// <param name="table">The kernel's table, initialised.</param>
    /// <param name="shootdown">Used by changes after boot.</param>
    /// <param name="ram">What to map: RAM of any kind, firmware tables included; sorted or not, overlaps allowed; rounded out to pages.</param>
    /// <param name="count">How many.</param>
    /// <param name="gigabytePages">CPUID.80000001H:EDX[26]: 1 GiB pages.</param>
    public PageTableStatus Build(
        PageTable<TMemory, TProcessors, TPhysical>* table, TlbShootdown<TMemory, TProcessors, TTranslation>* shootdown,
        MemoryRange* ram, int count, bool gigabytePages)
    {
        _table = table;
        _shootdown = shootdown;
        ulong position = NullWindow;
        while (NextRam(ram, count, position, out ulong start, out ulong end))
        {
            int largest = gigabytePages ? PageTable<TMemory, TProcessors, TPhysical>.PointerLevel : PageTable<TMemory, TProcessors, TPhysical>.DirectoryLevel;
            PageTableStatus status = table->MapRange(start, start, end - start, Data, largest);
            if (status != PageTableStatus.Done)
                return status;
            position = end;
        }

        return PageTableStatus.Done;
    }

    /// <summary>
    /// Gives the pages of the image the rights of their segments. A page that two segments share with different rights is refused: the image
    /// must be linked with separate code.
    /// </summary>
    public PageTableStatus ProtectImage(ImageSegment* segments, int count)
    {
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (segments[i].Flags != segments[j].Flags && PagesOverlap(segments[i].Range, segments[j].Range))
                    return PageTableStatus.AlreadyMapped;
            }

            PageFlags flags = PageFlags.Global;
            if ((segments[i].Flags & ImageSegment.Writable) != 0)
                flags |= PageFlags.Writable;
            if ((segments[i].Flags & ImageSegment.Executable) == 0)
                flags |= PageFlags.NoExecute;
            Note(segments[i]);
            PageTableStatus status = Protect(segments[i].Range.Start, segments[i].Range.Length, flags);
            if (status != PageTableStatus.Done)
                return status;
        }

        return PageTableStatus.Done;
    }

    /// <summary>
    /// Changes the rights of the image's own pages: mprotect, by the C library for what is read-only after relocation, and by the runtime, which
    /// writes its stack cookie among the constants once, at start. When that page is closed again, constants are closed for good;
    /// text and what is not the image are never reached from here.
    /// </summary>
    public PageTableStatus ProtectImagePages(ulong start, ulong length, PageFlags flags)
    {
        if (start < _image.Start || start > _image.End || length > _image.End - start || (start < _imageText.End && start + length > _imageText.Start))
            return PageTableStatus.NotAllowed;
        if (start < _imageData.Start || start + length > _imageData.End)
        {
            if (_constantsAreClosed)
                return PageTableStatus.NotAllowed;
            _constantsAreClosed = (flags & PageFlags.Writable) == 0;
        }

        return Protect(start, length, flags);
    }

    private void Note(ImageSegment segment)
    {
        segment.Range.Start = PageSize.Down(segment.Range.Start, PageSize.Small);
        segment.Range.End = PageSize.Up(segment.Range.End, PageSize.Small);
        Extend(ref _image, segment.Range);
        if ((segment.Flags & ImageSegment.Executable) != 0)
            Extend(ref _imageText, segment.Range);
        else if ((segment.Flags & ImageSegment.Writable) != 0)
            Extend(ref _imageData, segment.Range);
    }

    private static void Extend(ref MemoryRange range, MemoryRange by)
    {
        range.Start = range.End == 0 || by.Start < range.Start ? by.Start : range.Start;
        range.End = by.End > range.End ? by.End : range.End;
    }

    /// <summary>Changes the rights of identity-mapped pages and shoots the old ones down.</summary>
    private PageTableStatus Protect(ulong start, ulong length, PageFlags flags)
    {
        ulong end = PageSize.Up(start + length, PageSize.Small);
        start = PageSize.Down(start, PageSize.Small);
        if (end > PageSize.Slot || end < start)
            return PageTableStatus.NotMapped;

        PageTableStatus status = PageTableStatus.Done;
        ulong page = start;
        _lock.Acquire();
        while (page < end && status == PageTableStatus.Done)
        {
            status = _table->Protect(page, flags | PageFlags.Global);
            page += PageSize.Small;
        }

        _shootdown->Invalidate(start, page);
        _lock.Release();
        return status;
    }

    /// <summary>Takes the pages of a range out of the map: guard pages below the kernel's own stacks. The frames stay their owner's.</summary>
    public PageTableStatus Unmap(ulong start, ulong length)
    {
        PageTableStatus status = PageTableStatus.Done;
        ulong page = start;
        _lock.Acquire();
        for (; page < start + length && status == PageTableStatus.Done; page += PageSize.Small)
            status = _table->Unmap(page, out _);
        _shootdown->Invalidate(start, page);
        _lock.Release();
        return status;
    }

    /// <summary>Puts pages of RAM back that <see cref="Unmap"/> took out.</summary>
    public PageTableStatus Remap(ulong start, ulong length)
    {
        _lock.Acquire();
        PageTableStatus status = _table->MapRange(start, start, length, Data, PageTable<TMemory, TProcessors, TPhysical>.PageLevel);
        _lock.Release();
        return status;
    }

    /// <summary>
    /// Makes a page executable and read-only, mapping it if it is in the null window: the trampoline of the other processors, which run on
    /// in it after they turn paging on. Its contents are written before. <see cref="RetireTrampoline"/> ends it.
    /// </summary>
    public PageTableStatus AdmitTrampoline(ulong page)
    {
        _lock.Acquire();
        PageTableStatus status = page < NullWindow
            ? _table->Map(page, page, PageFlags.None)
            : _table->Protect(page, PageFlags.Global);
        _shootdown->Invalidate(page, page + PageSize.Small);
        _lock.Release();
        return status;
    }

    /// <summary>Takes the trampoline's rights back: unmapped in the null window, else plain memory.</summary>
    public PageTableStatus RetireTrampoline(ulong page)
    {
        _lock.Acquire();
        PageTableStatus status = page < NullWindow ? _table->Unmap(page, out _) : _table->Protect(page, Data);
        _shootdown->Invalidate(page, page + PageSize.Small);
        _lock.Release();
        return status;
    }

    /// <summary>Maps a page that is memory, but nobody's RAM, at its own address: a hypervisor's, shared with another domain.</summary>
    public PageTableStatus MapSharedPage(ulong page)
    {
        if (page < NullWindow || page >= PageSize.Slot)
            return PageTableStatus.Misaligned;
        _lock.Acquire();
        PageTableStatus status = _table->Map(page, page, Data);
        _lock.Release();
        return status;
    }

    /// <summary>
    /// Maps a device's registers, uncached. Pages that are a device's already stay as they are; a range that touches RAM is refused.
    /// </summary>
    /// <param name="physical">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="virtualAddress">Where the first byte is.</param>
    public PageTableStatus MapDevice(ulong physical, ulong length, out ulong virtualAddress)
    {
        ulong done = 0;
        bool isDone = false;
        PageTableStatus status = PageTableStatus.Done;
        virtualAddress = 0;
        while (status == PageTableStatus.Done && !isDone)
            status = MapDevice(physical, length, ref done, out isDone, out virtualAddress);
        return status;
    }

    /// <summary>A bounded piece of mapping a device's registers.</summary>
    /// <param name="physical">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="done">0 before the first piece; how far it came.</param>
    /// <param name="isDone">False: call again for the rest.</param>
    /// <param name="virtualAddress">Where the first byte is.</param>
    public PageTableStatus MapDevice(ulong physical, ulong length, ref ulong done, out bool isDone, out ulong virtualAddress)
    {
        isDone = true;
        virtualAddress = 0;
        if (length == 0 || physical >= HighDeviceLimit || length > HighDeviceLimit - physical)
            return PageTableStatus.Misaligned;
        ulong start = PageSize.Down(physical, PageSize.Small);
        ulong end = PageSize.Up(physical + length, PageSize.Small);
        if (start < NullWindow || (start < PageSize.Slot && end > PageSize.Slot))
            return PageTableStatus.Misaligned;
        ulong offset = start < PageSize.Slot ? 0 : HighDeviceBase;

        PageTableStatus status = PageTableStatus.Done;
        ulong page = start + done;
        ulong stop = end - page > DevicePiece ? page + DevicePiece : end;
        _lock.Acquire();
        for (; page < stop && status == PageTableStatus.Done; page += PageSize.Small)
        {
            if (!_table->Translate(page + offset, out _, out PageFlags flags))
                status = _table->Map(page + offset, page, Device);
            else if ((flags & PageFlags.CacheDisable) == 0)
                status = PageTableStatus.AlreadyMapped;
        }

        _lock.Release();
        done = page - start;
        isDone = page == end;
        virtualAddress = physical + offset;
        return status;
    }

    private static bool PagesOverlap(MemoryRange left, MemoryRange right) =>
        left.Length > 0 && right.Length > 0
        && PageSize.Down(left.Start, PageSize.Small) < PageSize.Up(right.End, PageSize.Small)
        && PageSize.Down(right.Start, PageSize.Small) < PageSize.Up(left.End, PageSize.Small);

    /// <summary>The lowest run of RAM from a position on, rounded out to pages, ranges that touch joined.</summary>
    private static bool NextRam(MemoryRange* ram, int count, ulong position, out ulong start, out ulong end)
    {
        start = PageSize.Slot;
        for (int i = 0; i < count; i++)
        {
            ulong from = PageSize.Down(ram[i].Start, PageSize.Small);
            if (from < position)
                from = position;
            if (ram[i].Length > 0 && ram[i].End > from && from < start)
                start = from;
        }

        end = start;
        bool grown = start < PageSize.Slot;
        while (grown)
        {
            grown = false;
            for (int i = 0; i < count; i++)
            {
                ulong to = ram[i].End >= PageSize.Slot ? PageSize.Slot : PageSize.Up(ram[i].End, PageSize.Small);
                if (ram[i].Length > 0 && PageSize.Down(ram[i].Start, PageSize.Small) <= end && to > end)
                {
                    end = to;
                    grown = true;
                }
            }
        }

        return start < PageSize.Slot;
    }
}
