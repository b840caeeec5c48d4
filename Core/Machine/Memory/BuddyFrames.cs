namespace Troupe.Core.Machine.Memory;

/// <summary>
/// A binary buddy system (Knuth, TAOCP vol. 1, 2.5) over the usable physical memory: blocks of 4 KiB to 4 MiB, in two zones,
/// below and from 4 GiB up. No lock of its own: <see cref="FrameAllocator{TMemory, TProcessors, TPhysical}"/> holds one around it.
/// </summary>
/// <remarks>
/// One byte of state a frame says what it is; links of free blocks live in the free blocks. Nothing is written for memory
/// that was never used: a zone keeps the ranges that it has not touched yet and takes the next chunk of 4 MiB when its lists run dry,
/// so that starting costs the same with 32 MB and with 64 GB.
/// </remarks>
internal unsafe struct BuddyFrames<TPhysical>
    where TPhysical : struct, IDirectMap
{
    internal const int MaximumOrder = 10;
    internal const int Orders = MaximumOrder + 1;
    internal const int MaximumRanges = 64;
    internal const ulong ChunkFrames = 1UL << MaximumOrder;
    internal const ulong ChunkBytes = ChunkFrames * PageSize.Small;
    internal const ulong HighStart = 1UL << 32;

    // A frame's state. A free block's first frame is Head | order, its others Interior.
    internal const byte Absent = 0;
    internal const byte Allocated = 1;
    internal const byte Cached = 2;
    internal const byte Interior = 3;
    internal const byte Head = 0x10;

    private fixed ulong _heads[2 * Orders];
    private fixed ulong _untouched[2 * MaximumRanges];
    private int _ranges;
    private int _nextLow;
    private int _nextHigh;
    private int _firstHigh;
    private byte* _states;
    private byte* _chunkReady;
    private ulong _frameLimit;

    internal long FreeFrames;

    /// <summary>The ranges are sorted, page-aligned, disjoint and none crosses 4 GiB; the state area is one byte a frame, rounded up to chunks.</summary>
    internal void Initialize(MemoryRange* ranges, int count, byte* states, byte* chunkReady, ulong frameLimit)
    {
        _states = states;
        _chunkReady = chunkReady;
        _frameLimit = frameLimit;
        for (ulong chunk = 0; chunk < frameLimit / ChunkFrames; chunk++)
            chunkReady[chunk] = 0;
        for (int i = 0; i < 2 * Orders; i++)
            _heads[i] = 0;

        _ranges = count;
        _nextLow = 0;
        _firstHigh = count;
        FreeFrames = 0;
        for (int i = 0; i < count; i++)
        {
            _untouched[2 * i] = ranges[i].Start;
            _untouched[(2 * i) + 1] = ranges[i].End;
            FreeFrames += (long)(ranges[i].Length >> PageSize.Shift);
            if (ranges[i].Start >= HighStart && _firstHigh == count)
                _firstHigh = i;
        }

        _nextHigh = _firstHigh;
    }

    /// <summary>A frame's state byte; <see cref="Absent"/> where there is none.</summary>
    internal readonly byte StateOf(ulong physical)
    {
        ulong frame = physical >> PageSize.Shift;
        return frame < _frameLimit && _chunkReady[frame >> MaximumOrder] != 0 ? _states[frame] : Absent;
    }

    /// <summary>Marks a frame that is the caller's: allocated to cached and back needs no lock.</summary>
    internal readonly void SetState(ulong physical, byte state) => _states[physical >> PageSize.Shift] = state;

    /// <summary>Takes a block; 0 when the zone has none.</summary>
    internal ulong Allocate(int order, bool high)
    {
        int zone = high ? Orders : 0;
        do
        {
            for (int found = order; found <= MaximumOrder; found++)
            {
                ulong block = _heads[zone + found];
                if (block == 0)
                    continue;

                Unlink(zone, found, block);
                _states[block >> PageSize.Shift] = Interior;
                while (found > order)
                {
                    found--;
                    Push(zone, found, block + (PageSize.Small << found));
                }

                Fill(block >> PageSize.Shift, 1UL << order, Allocated);
                FreeFrames -= 1L << order;
                return block;
            }
        }
        while (TouchNext(high));

        return 0;
    }

    /// <summary>Gives frames back that are marked allocated or cached, merging them with their free buddies.</summary>
    internal void Free(ulong start, ulong frames)
    {
        Fill(start >> PageSize.Shift, frames, Interior);
        FreeFrames += (long)frames;
        Release(start >> PageSize.Shift, frames);
    }

    private static void SetLinks(ulong block, ulong next, ulong previous)
    {
        ulong* links = (ulong*)TPhysical.At(block);
        links[0] = next;
        links[1] = previous;
    }

    private readonly void Fill(ulong frame, ulong frames, byte state)
    {
        byte* end = _states + frame + frames;
        for (byte* at = _states + frame; at < end; at++)
            *at = state;
    }

    /// <summary>Puts frames marked interior on the free lists as the largest aligned blocks.</summary>
    private void Release(ulong frame, ulong frames)
    {
        while (frames > 0)
        {
            int order = 0;
            while (order < MaximumOrder && (frame & (1UL << order)) == 0 && (2UL << order) <= frames)
                order++;
            ReleaseBlock(frame, order);
            frame += 1UL << order;
            frames -= 1UL << order;
        }
    }

    private void ReleaseBlock(ulong frame, int order)
    {
        int zone = (frame << PageSize.Shift) >= HighStart ? Orders : 0;
        while (order < MaximumOrder)
        {
            // A buddy lies in the same chunk, so its state byte is there.
            ulong buddy = frame ^ (1UL << order);
            if (_states[buddy] != (byte)(Head | order))
                break;
            Unlink(zone, order, buddy << PageSize.Shift);
            _states[buddy] = Interior;
            frame &= ~(1UL << order);
            order++;
        }

        Push(zone, order, frame << PageSize.Shift);
    }

    private void Push(int zone, int order, ulong block)
    {
        ulong next = _heads[zone + order];
        SetLinks(block, next, 0);
        if (next != 0)
            ((ulong*)TPhysical.At(next))[1] = block;
        _heads[zone + order] = block;
        _states[block >> PageSize.Shift] = (byte)(Head | order);
    }

    private void Unlink(int zone, int order, ulong block)
    {
        ulong* links = (ulong*)TPhysical.At(block);
        ulong next = links[0];
        ulong previous = links[1];
        if (previous == 0)
            _heads[zone + order] = next;
        else
            ((ulong*)TPhysical.At(previous))[0] = next;
        if (next != 0)
            ((ulong*)TPhysical.At(next))[1] = previous;
    }

    /// <summary>Takes the next chunk of memory that was never used; false when there is none.</summary>
    private bool TouchNext(bool high)
    {
        int end = high ? _ranges : _firstHigh;
        int next = high ? _nextHigh : _nextLow;
        while (next < end && _untouched[2 * next] >= _untouched[(2 * next) + 1])
            next++;
        if (high)
            _nextHigh = next;
        else
            _nextLow = next;
        if (next == end)
            return false;

        ulong start = _untouched[2 * next];
        ulong stop = PageSize.Down(start, ChunkBytes) + ChunkBytes;
        if (stop > _untouched[(2 * next) + 1])
            stop = _untouched[(2 * next) + 1];
        _untouched[2 * next] = stop;

        ulong frame = start >> PageSize.Shift;
        ulong chunk = frame >> MaximumOrder;
        if (_chunkReady[chunk] == 0)
        {
            Fill(chunk << MaximumOrder, ChunkFrames, Absent);
            _chunkReady[chunk] = 1;
        }

        Fill(frame, (stop - start) >> PageSize.Shift, Interior);
        Release(frame, (stop - start) >> PageSize.Shift);
        return true;
    }
}
