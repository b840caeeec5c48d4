using Troupe.Core.Memory;

namespace Troupe.Core.Machine.Memory;

/// <summary>
/// The virtual memory that the runtime sees, from 512 GiB up: which ranges are mapped, with which rights, and what mmap, munmap, mprotect,
/// madvise(MADV_DONTNEED), brk and page faults do to them.
/// </summary>
/// <remarks>
/// One lock guards the regions, the PML4 slots of this range and the nodes. It is held across a TLB shootdown (whoever spins for it answers),
/// because a range must not be used again while a processor may still reach its old frames.
/// Order: break lock, this lock, shootdown lock; caches and buddy system of the frame allocator inside. Every request does
/// a bounded piece (<see cref="PageTally"/>, <see cref="RegionsPerCall"/>) and says how far it came. The instance must not move.
/// </remarks>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="TProcessors">The platform seam.</typeparam>
/// <typeparam name="TPhysical">The seam to RAM.</typeparam>
/// <typeparam name="TTranslation">The translation seam.</typeparam>
public unsafe partial struct AddressSpace<TMemory, TProcessors, TPhysical, TTranslation>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
    where TPhysical : struct, IDirectMap
    where TTranslation : struct, ITranslation
{
    /// <summary>First address: below is the identity map.</summary>
    public const ulong Base = PageSize.Slot;

    /// <summary>First address after: the end of the lower half less a page, so that no address is next to the hole.</summary>
    public const ulong Top = (1UL << 47) - PageSize.Small;

    /// <summary>Where brk starts.</summary>
    public const ulong BreakBase = Base;

    /// <summary>How far brk may go.</summary>
    public const ulong BreakLimit = Base + (16 * PageSize.Huge);

    /// <summary>What of a stack is charged in advance.</summary>
    public const ulong StackCharge = 64 * 1024;

    // Splitting at the start, at the end and where a piece ends takes three; a new mapping with a guard page two more.
    private const int NodesPerRequest = 5;

    // What a request does to each region costs some 300 instructions (a tree's insertion or removal): 64 of them cost as much as its pages.
    private const int RegionsPerCall = 64;

    // The tables of so much accessible memory are made in one call.
    private const ulong TablesPerCall = PageTally.CallBudget / PageTally.TableCost * PageSize.Large;

    private SpinLock<TMemory, TProcessors> _lock;
    private SpinLock<TMemory, TProcessors> _breakLock;
    private RegionTree _tree;
    private RegionPool<TMemory, TProcessors, TPhysical> _pool;
    private PageTable<TMemory, TProcessors, TPhysical>* _table;
    private FrameAllocator<TMemory, TProcessors, TPhysical>* _frames;
    private CommitLimit<TMemory>* _commit;
    private TlbShootdown<TMemory, TProcessors, TTranslation>* _shootdown;
    private ulong _zeroFrame;
    private ulong _break;
    private long _resident;

    /// <summary>Frames mapped or kept.</summary>
    public long ResidentFrames => TMemory.LoadAcquire(ref _resident);

    /// <summary>How many regions there are.</summary>
    public readonly int RegionCount => _tree.Count;

    /// <summary>Starts with nothing mapped. The commit limit is initialised, so that what this takes is charged.</summary>
    public bool Initialize(
        PageTable<TMemory, TProcessors, TPhysical>* table, FrameAllocator<TMemory, TProcessors, TPhysical>* frames,
        CommitLimit<TMemory>* commit, TlbShootdown<TMemory, TProcessors, TTranslation>* shootdown)
    {
        _table = table;
        _frames = frames;
        _commit = commit;
        _shootdown = shootdown;
        _break = BreakBase;
        _resident = 0;
        _tree.Initialize(Base, Top);
        _pool.Initialize(frames, commit);
        if (!commit->TryCharge(1) || !_pool.Ensure(NodesPerRequest))
            return false;
        _zeroFrame = frames->AllocateZeroed();
        Region* area = NewRegion(BreakBase, BreakLimit, MemoryProtection.None, RegionKind.Break);
        _tree.Insert(area);
        return _zeroFrame != 0;
    }

    /// <summary>mmap of private anonymous memory.</summary>
    /// <param name="hint">Where: taken if free, or as <paramref name="flags"/> say.</param>
    /// <param name="length">Bytes, rounded up to pages.</param>
    /// <param name="protection">What may be done with it.</param>
    /// <param name="flags">How.</param>
    /// <param name="address">Where it is.</param>
    /// <param name="done">
    /// How many bytes are mapped. A <see cref="MapFlags.Fixed"/> mapping that is not done: call again for the rest, fixed. Each piece is
    /// replaced at once; there is never a hole that another thread could fill. Any other: all of it is taken and charged, but the rest may not be
    /// accessed yet; <see cref="Protect"/> what is left.
    /// </param>
    public MemoryStatus Map(ulong hint, ulong length, MemoryProtection protection, MapFlags flags, out ulong address, out ulong done)
    {
        address = 0;
        done = 0;
        bool isFixed = (flags & (MapFlags.Fixed | MapFlags.NoReplace)) != 0;
        if (length == 0 || length > Top - Base || (isFixed && (flags & MapFlags.Guard) != 0))
            return MemoryStatus.Invalid;
        if (IsWritableAndExecutable(protection))
            return MemoryStatus.WritableAndExecutable;
        length = PageSize.Up(length, PageSize.Small);
        if (isFixed && !IsRange(hint, length))
            return MemoryStatus.Invalid;
        RegionKind kind = (flags & MapFlags.Stack) != 0 ? RegionKind.Stack : RegionKind.None;

        _lock.Acquire();
        MemoryStatus status = _pool.Ensure(NodesPerRequest) ? MemoryStatus.Done : MemoryStatus.OutOfMemory;
        if (status == MemoryStatus.Done && !isFixed)
        {
            hint = IsRange(hint, length) && IsFree(hint, length) ? hint : _tree.FindGap(length);
            if (hint == 0)
                status = MemoryStatus.OutOfMemory;
        }
        else if (status == MemoryStatus.Done && (flags & MapFlags.NoReplace) != 0 && !IsFree(hint, length))
        {
            status = MemoryStatus.Exists;
        }

        if (status == MemoryStatus.Done)
        {
            ulong start = hint;
            if ((flags & MapFlags.Guard) != 0 && length > PageSize.Small)
            {
                _tree.Insert(NewRegion(start, start + PageSize.Small, MemoryProtection.None, kind | RegionKind.Guard));
                start += PageSize.Small;
            }

            ulong reached;
            bool isLong = protection != MemoryProtection.None && kind == RegionKind.None && length > TablesPerCall;
            status = isLong && (flags & MapFlags.Fixed) == 0
                ? PlaceLocked(start, hint + length, protection, out reached)
                : ReplaceLocked(start, hint + length, protection, kind, out reached);
            if (status == MemoryStatus.Done)
                done = reached - hint;
            else if (start != hint)
                RemoveRegions(hint, start);
        }

        _lock.Release();
        address = hint;
        return status;
    }

    /// <summary>munmap: pages and tables are freed, the range can be used again.</summary>
    /// <param name="address">First byte, a multiple of the page.</param>
    /// <param name="length">Bytes, rounded up to pages.</param>
    /// <param name="done">How many bytes are unmapped; if less than asked for, call again for the rest.</param>
    public MemoryStatus Unmap(ulong address, ulong length, out ulong done)
    {
        done = 0;
        length = RoundLength(length);
        if (!IsRange(address, length))
            return MemoryStatus.Invalid;

        _lock.Acquire();
        MemoryStatus status = MemoryStatus.OutOfMemory;
        if (_pool.Ensure(NodesPerRequest))
        {
            PageTally tally = PageTally.ForOneCall();
            ulong reached = MarkPages(address, Reach(address, address + length), ref tally);
            long charged = RemoveRegions(address, reached);
            FinishRelease(address, reached, charged, ref tally, tables: true);
            done = reached - address;
            status = MemoryStatus.Done;
        }

        _lock.Release();
        return status;
    }

    /// <summary>
    /// mprotect. Memory that becomes writable is charged, all of it before anything changes (of a range in more than <see cref="RegionsPerCall"/>
    /// regions, so many at a time); memory that stops being writable stays charged, because its contents survive.
    /// </summary>
    /// <param name="address">First byte, a multiple of the page.</param>
    /// <param name="length">Bytes, rounded up to pages.</param>
    /// <param name="protection">What may be done from now on.</param>
    /// <param name="done">How many bytes have the new protection; if less than asked for, call again for the rest.</param>
    public MemoryStatus Protect(ulong address, ulong length, MemoryProtection protection, out ulong done)
    {
        done = 0;
        length = RoundLength(length);
        if (IsWritableAndExecutable(protection))
            return MemoryStatus.WritableAndExecutable;
        if (!IsRange(address, length))
            return MemoryStatus.Invalid;

        _lock.Acquire();
        MemoryStatus status = MemoryStatus.OutOfMemory;
        if (_pool.Ensure(NodesPerRequest))
        {
            status = ProtectLocked(address, Reach(address, address + length), protection, out ulong reached);
            done = reached - address;
        }

        _lock.Release();
        return status;
    }

    /// <summary>
    /// madvise(MADV_DONTNEED): the frames go back, the next access finds zeros. Writable memory stays charged; other memory is uncharged.
    /// </summary>
    /// <param name="address">First byte, a multiple of the page.</param>
    /// <param name="length">Bytes, rounded up to pages.</param>
    /// <param name="done">How many bytes are dealt with; if less than asked for, call again for the rest.</param>
    public MemoryStatus DontNeed(ulong address, ulong length, out ulong done)
    {
        done = 0;
        length = RoundLength(length);
        if (!IsRange(address, length))
            return MemoryStatus.Invalid;

        _lock.Acquire();
        MemoryStatus status = MemoryStatus.OutOfMemory;
        if (_pool.Ensure(NodesPerRequest))
        {
            PageTally tally = PageTally.ForOneCall();
            ulong reached = MarkPages(address, Reach(address, address + length), ref tally);
            long dropped = DropCharge(address, reached);
            FinishRelease(address, reached, dropped, ref tally, tables: false);
            done = reached - address;
            status = MemoryStatus.Done;
        }

        _lock.Release();
        return status;
    }

    /// <summary>
    /// brk. Growing is charged, all of it before anything changes; shrinking frees, from the end. The break moves with each bounded piece, so that it
    /// always tells where the area ends.
    /// </summary>
    /// <param name="requested">The new end of the area; anything outside it only asks.</param>
    /// <param name="isDone">False: call again with the same request.</param>
    /// <returns>The end of the area now; short of the request, if done, when there is no memory for more.</returns>
    public ulong Break(ulong requested, out bool isDone)
    {
        isDone = true;
        _breakLock.Acquire();
        if (requested >= BreakBase && requested <= BreakLimit)
        {
            ulong from = PageSize.Up(_break, PageSize.Small);
            ulong to = PageSize.Up(requested, PageSize.Small);
            ulong reached = to;
            MemoryStatus status = to > from ? Extend(from, to, out reached) : to < from ? Retract(to, from, out reached) : MemoryStatus.Done;
            if (status == MemoryStatus.Done)
            {
                isDone = reached == to;
                _break = isDone ? requested : reached;
            }
        }

        ulong result = _break;
        _breakLock.Release();
        return result;
    }

    /// <summary>The lowest region that ends after an address, for /proc/self/maps: ask on with <see cref="Region.End"/>.</summary>
    /// <returns>False when there is none.</returns>
    public bool Query(ulong address, out ulong start, out ulong end, out MemoryProtection protection, out RegionKind kind)
    {
        _lock.Acquire();
        Region* region = _tree.FirstEndingAfter(address);
        start = region == null ? 0 : region->Start;
        end = region == null ? 0 : region->End;
        protection = region == null ? MemoryProtection.None : region->Protection;
        kind = region == null ? RegionKind.None : region->Kind;
        _lock.Release();
        return end != 0;
    }

    /// <summary>mincore: whether the page of an address is in memory.</summary>
    /// <param name="address">Any address in the page.</param>
    /// <param name="isMapped">Whether a region is there at all.</param>
    public bool IsResident(ulong address, out bool isMapped)
    {
        _lock.Acquire();
        isMapped = _tree.Containing(address) != null;
        ulong* entry = isMapped ? _table->Find(address, out _) : null;
        bool resident = entry != null && (*entry & (ulong)(PageFlags.Present | PageFlags.Kept)) != 0;
        _lock.Release();
        return resident;
    }

    /// <summary>Checks the invariants of the regions; for tests.</summary>
    public bool IsSound()
    {
        _lock.Acquire();
        bool sound = _tree.IsSound();
        _lock.Release();
        return sound;
    }

    private static bool IsWritableAndExecutable(MemoryProtection protection) =>
        (protection & (MemoryProtection.Write | MemoryProtection.Execute)) == (MemoryProtection.Write | MemoryProtection.Execute);

    private static bool IsRange(ulong address, ulong length) =>
        PageSize.IsAligned(address, PageSize.Small) && length > 0 && address >= Base && address < Top && length <= Top - address;

    private static ulong RoundLength(ulong length) => length > Top ? Top : PageSize.Up(length, PageSize.Small);

    private bool IsFree(ulong start, ulong length)
    {
        Region* region = _tree.FirstEndingAfter(start);
        return region == null || region->Start >= start + length;
    }

    private bool IsCovered(ulong start, ulong end)
    {
        for (Region* region = _tree.FirstEndingAfter(start); region != null && region->Start <= start; region = region->Next)
        {
            start = region->End;
            if (start >= end)
                return true;
        }

        return false;
    }

    private MemoryStatus Extend(ulong start, ulong end, out ulong reached)
    {
        MemoryStatus status = Protect(start, end - start, MemoryProtection.Read | MemoryProtection.Write, out ulong done);
        reached = start + done;
        return status;
    }

    // From the end, so that what is left is in one piece. What a piece does not come to, the next call finds with less to do.
    private MemoryStatus Retract(ulong start, ulong end, out ulong reached)
    {
        ulong from = end - start > PageSize.Large ? end - PageSize.Large : start;
        reached = end;
        _lock.Acquire();
        MemoryStatus status = MemoryStatus.OutOfMemory;
        ulong replaced = from;
        if (_pool.Ensure(NodesPerRequest))
            status = ReplaceLocked(from, end, MemoryProtection.None, RegionKind.Break, out replaced);
        _lock.Release();
        if (replaced == end)
            reached = from;
        return status;
    }
}
