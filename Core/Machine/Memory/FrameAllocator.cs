using Troupe.Core.Memory;

namespace Troupe.Core.Machine.Memory;

/// <summary>
/// Hands out physical memory: single frames through a cache of each processor, blocks and contiguous runs (DMA) up to 4 MiB
/// from a buddy system below it.
/// </summary>
/// <remarks>
/// Locks: a processor's cache has a lock of its own, taken before the lock of the buddy system. Only the slow path of an
/// allocation that would fail takes all caches, in ascending order, so that memory parked in other caches is found:
/// an allocation fails only when there is no frame anywhere.
/// The instance must not move: caches are pointed at, and other structures hold its address.
/// </remarks>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="TProcessors">The platform seam.</typeparam>
/// <typeparam name="TPhysical">The physical-memory seam.</typeparam>
public unsafe struct FrameAllocator<TMemory, TProcessors, TPhysical>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
    where TPhysical : struct, IDirectMap
{
    /// <summary>Frames of the largest block: 4 MiB.</summary>
    public const int MaximumBlockFrames = (int)BuddyFrames<TPhysical>.ChunkFrames;

    /// <summary>Memory below is never handed out: the identity map leaves it unmapped, so that null references fault.</summary>
    public const ulong LowestFrame = 64 * 1024;

    /// <summary>Memory from here up is ignored: the identity map covers the first PML4 slot.</summary>
    public const ulong HighestAddress = PageSize.Slot;

    private const int MaximumRanges = BuddyFrames<TPhysical>.MaximumRanges;

    private SpinLock<TMemory, TProcessors> _lock;
    private BuddyFrames<TPhysical> _buddy;
    private FrameCache<TMemory, TProcessors>* _caches;
    private long _total;
    private long _peak;
    private int _highAdmitted;
    private delegate*<FrameError, ulong, void> _onError;

    // The ranges while they are sorted, at boot: too big for a stack frame that nothing clears.
    private fixed ulong _ranges[2 * MaximumRanges];

    /// <summary>Frames under management, free or not; what the allocator keeps for itself is not counted.</summary>
    public readonly long TotalFrames => _total;

    /// <summary>Frames that an allocation could get now. Exact when nobody allocates meanwhile.</summary>
    public long FreeFrames
    {
        get
        {
            long free = TMemory.LoadAcquire(ref _buddy.FreeFrames);
            for (int i = 0; i < IProcessors.Maximum; i++)
                free += TMemory.LoadAcquire(ref _caches[i].Count);
            return free;
        }
    }

    /// <summary>Frames handed out. Exact when nobody allocates meanwhile.</summary>
    public long UsedFrames => _total - FreeFrames;

    /// <summary>Most frames ever outside the buddy system at once; those in processors' caches count as used.</summary>
    public long PeakFrames => TMemory.LoadAcquire(ref _peak);

    /// <summary>
    /// Takes over the usable memory. Called once, by the boot processor. The allocator's own state (about one byte a frame) is
    /// placed in the lowest usable range that holds it.
    /// </summary>
    /// <param name="usable">The machine's RAM, in any order; ranges may overlap and need not be page-aligned.</param>
    /// <param name="usableCount">How many; of what is left after sorting and leaving out, the lowest 64 pieces are used.</param>
    /// <param name="reserved">What must not be handed out though it is RAM: the image, boot data, the trampoline.</param>
    /// <param name="reservedCount">How many.</param>
    /// <param name="onError">Called when memory was freed wrongly; the kernel panics.</param>
    /// <returns>False when there is no room for the allocator's state.</returns>
    public bool Initialize(
        MemoryRange* usable, int usableCount, MemoryRange* reserved, int reservedCount, delegate*<FrameError, ulong, void> onError)
    {
        _onError = onError;
        _highAdmitted = 0;
        _peak = 0;
        fixed (ulong* buffer = _ranges)
        {
            MemoryRange* ranges = (MemoryRange*)buffer;
            int count = UsableRanges.Collect(usable, usableCount, reserved, reservedCount, LowestFrame, HighestAddress, BuddyFrames<TPhysical>.HighStart, ranges, MaximumRanges);
            if (count == 0)
                return false;

            ulong frameLimit = PageSize.Up(ranges[count - 1].End, BuddyFrames<TPhysical>.ChunkBytes) >> PageSize.Shift;
            ulong cacheBytes = (ulong)sizeof(FrameCache<TMemory, TProcessors>) * IProcessors.Maximum;
            ulong chunks = frameLimit / BuddyFrames<TPhysical>.ChunkFrames;
            ulong stateBytes = PageSize.Up(cacheBytes + frameLimit + chunks, PageSize.Small);

            int home = 0;
            while (home < count && ranges[home].Length < stateBytes)
                home++;
            if (home == count)
                return false;

            ulong state = ranges[home].Start;
            ranges[home].Start += stateBytes;
            _caches = (FrameCache<TMemory, TProcessors>*)TPhysical.At(state);
            for (int i = 0; i < IProcessors.Maximum; i++)
                _caches[i].Initialize();
            byte* states = TPhysical.At(state) + cacheBytes;
            _buddy.Initialize(ranges, count, states, states + frameLimit, frameLimit);
        }

        _total = _buddy.FreeFrames;
        return true;
    }

    /// <summary>
    /// From now on memory from 4 GiB up is used, and preferred, so that what devices may need below stays free.
    /// Called once the identity map covers it.
    /// </summary>
    public void AdmitHighMemory() => TMemory.StoreRelease(ref _highAdmitted, 1);

    /// <summary>Takes one frame, contents undefined.</summary>
    /// <returns>Its physical address, or 0: memory is exhausted.</returns>
    public ulong Allocate()
    {
        FrameCache<TMemory, TProcessors>* cache = _caches + TProcessors.Current;
        cache->Lock.Acquire();
        if (cache->Count == 0)
            Refill(cache);
        ulong frame = 0;
        if (cache->Count > 0)
        {
            frame = cache->Pop();
            TakeFromCache(frame);
        }

        cache->Lock.Release();
        return frame != 0 ? frame : AllocateAfterReclaim(0, false);
    }

    /// <summary>Takes one frame filled with zeros.</summary>
    /// <returns>Its physical address, or 0: memory is exhausted.</returns>
    public ulong AllocateZeroed()
    {
        ulong frame = Allocate();
        if (frame != 0)
            TPhysical.ClearFrame(frame);
        return frame;
    }

    /// <summary>Takes frames that follow each other, contents undefined.</summary>
    /// <param name="frames">How many, up to <see cref="MaximumBlockFrames"/>.</param>
    /// <param name="alignment">A power of two up to 4 MiB.</param>
    /// <param name="below4GiB">Whether a device must reach them with 32 bits.</param>
    /// <returns>The physical address of the first, or 0.</returns>
    public ulong AllocateContiguous(ulong frames, ulong alignment, bool below4GiB)
    {
        if (frames == 0 || frames > MaximumBlockFrames || alignment > BuddyFrames<TPhysical>.ChunkBytes)
            return 0;

        int order = 0;
        while ((1UL << order) < frames || (PageSize.Small << order) < alignment)
            order++;

        _lock.Acquire();
        ulong block = AllocateLocked(order, below4GiB);
        if (block != 0)
            TrimLocked(block, order, frames);
        _lock.Release();
        if (block != 0)
            return block;

        block = AllocateAfterReclaim(order, below4GiB);
        if (block != 0)
        {
            _lock.Acquire();
            TrimLocked(block, order, frames);
            _lock.Release();
        }

        return block;
    }

    /// <summary>Gives back one frame.</summary>
    public void Free(ulong frame)
    {
        if (!CheckAllocated(frame, 1))
            return;

        _buddy.SetState(frame, BuddyFrames<TPhysical>.Cached);
        FrameCache<TMemory, TProcessors>* cache = _caches + TProcessors.Current;
        cache->Lock.Acquire();
        if (cache->Count == FrameCache<TMemory, TProcessors>.Capacity)
            Drain(cache, FrameCache<TMemory, TProcessors>.Batch);
        cache->Push(frame);
        cache->Lock.Release();
    }

    /// <summary>Gives back frames that follow each other: a whole contiguous allocation or any part of one.</summary>
    public void FreeContiguous(ulong start, ulong frames)
    {
        _lock.Acquire();
        bool allocated = CheckAllocated(start, frames);
        if (allocated)
            _buddy.Free(start, frames);
        _lock.Release();
    }

    /// <summary>Moves the calling processor's cached frames back, e.g. before it goes offline.</summary>
    public void DrainCache()
    {
        FrameCache<TMemory, TProcessors>* cache = _caches + TProcessors.Current;
        cache->Lock.Acquire();
        Drain(cache, cache->Count);
        cache->Lock.Release();
    }

    private void Refill(FrameCache<TMemory, TProcessors>* cache)
    {
        _lock.Acquire();
        while (cache->Count < FrameCache<TMemory, TProcessors>.Batch)
        {
            ulong frame = AllocateLocked(0, false);
            if (frame == 0)
                break;
            _buddy.SetState(frame, BuddyFrames<TPhysical>.Cached);
            cache->Push(frame);
        }

        _lock.Release();
    }

    private void Drain(FrameCache<TMemory, TProcessors>* cache, int count)
    {
        _lock.Acquire();
        DrainLocked(cache, count);
        _lock.Release();
    }

    private void DrainLocked(FrameCache<TMemory, TProcessors>* cache, int count)
    {
        for (; count > 0; count--)
        {
            ulong frame = cache->Pop();
            if (_buddy.StateOf(frame) == BuddyFrames<TPhysical>.Cached)
                _buddy.Free(frame, 1);
            else
                _onError(FrameError.CacheCorrupt, frame);
        }
    }

    private void TakeFromCache(ulong frame)
    {
        if (_buddy.StateOf(frame) != BuddyFrames<TPhysical>.Cached)
            _onError(FrameError.CacheCorrupt, frame);
        _buddy.SetState(frame, BuddyFrames<TPhysical>.Allocated);
    }

    private ulong AllocateLocked(int order, bool below4GiB)
    {
        ulong block = 0;
        if (!below4GiB && TMemory.LoadAcquire(ref _highAdmitted) != 0)
            block = _buddy.Allocate(order, high: true);
        if (block == 0)
            block = _buddy.Allocate(order, high: false);
        long used = _total - _buddy.FreeFrames;
        if (used > _peak)
            _peak = used;
        return block;
    }

    /// <summary>Stops every cache, empties all of them and tries again: exact, because no frame can be in transit.</summary>
    private ulong AllocateAfterReclaim(int order, bool below4GiB)
    {
        for (int i = 0; i < IProcessors.Maximum; i++)
            _caches[i].Lock.Acquire();
        _lock.Acquire();
        for (int i = 0; i < IProcessors.Maximum; i++)
            DrainLocked(_caches + i, _caches[i].Count);
        ulong block = AllocateLocked(order, below4GiB);
        _lock.Release();
        for (int i = IProcessors.Maximum - 1; i >= 0; i--)
            _caches[i].Lock.Release();
        return block;
    }

    private void TrimLocked(ulong block, int order, ulong frames)
    {
        ulong spare = (1UL << order) - frames;
        if (spare > 0)
            _buddy.Free(block + (frames << PageSize.Shift), spare);
    }

    private readonly bool CheckAllocated(ulong start, ulong frames)
    {
        for (ulong i = 0; i < frames; i++)
        {
            ulong frame = start + (i << PageSize.Shift);
            byte state = _buddy.StateOf(frame);
            if (state == BuddyFrames<TPhysical>.Allocated && PageSize.IsAligned(start, PageSize.Small))
                continue;
            bool free = state is BuddyFrames<TPhysical>.Cached or BuddyFrames<TPhysical>.Interior or >= BuddyFrames<TPhysical>.Head;
            _onError(free && PageSize.IsAligned(start, PageSize.Small) ? FrameError.DoubleFree : FrameError.NotAllocated, frame);
            return false;
        }

        return true;
    }
}
