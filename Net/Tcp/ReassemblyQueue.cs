// RFC 9293 3.10.7.4, "segments with higher beginning sequence numbers SHOULD be held"; RFC 2018 4: reporting them.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>Segments that arrived before the ones they follow, in the order of their sequence numbers; the frames move in and out.</summary>
public sealed class ReassemblyQueue(int capacity, ReassemblyBudget budget)
{
    private Entry[] _entries = [];
    private SackBlocks _reported;

    /// <summary>Segments held.</summary>
    public int Count { get; private set; }

    /// <summary>Whether a segment that came before has all of these octets.</summary>
    public bool Holds(SequenceNumber sequence, int length)
    {
        int at = Count;
        while (at > 0 && _entries[at - 1].Sequence > sequence)
            at--;
        return at > 0 && _entries[at - 1].End >= sequence + length;
    }

    /// <summary>Takes a frame over, unless its octets are held already or no place is left.</summary>
    public bool TryAdd(SequenceNumber sequence, [MovesWhen(true)] FrameBuffer frame, int offset, int length)
    {
        int at = Count;
        while (at > 0 && _entries[at - 1].Sequence > sequence)
            at--;
        if (at > 0 && _entries[at - 1].End >= sequence + length)
            return false;
        if (Count == capacity || !budget.TryTake(frame.PieceCount))
            return false;

        if (Count == _entries.Length)
            Array.Resize(ref _entries, Math.Min(capacity, Math.Max(16, Count * 2)));
        Array.Copy(_entries, at, _entries, at + 1, Count - at);
        _entries[at] = new(sequence, frame, offset, length);
        Count++;
        return true;
    }

    /// <summary>Moves the first segment out if it begins at or before a sequence number.</summary>
    public bool TryTake(SequenceNumber next, out FrameBuffer frame, out int offset, out int length)
    {
        while (Count > 0 && _entries[0].Sequence <= next)
        {
            Entry first = _entries[0];
            Count--;
            Array.Copy(_entries, 1, _entries, 0, Count);
            _entries[Count] = default;
            budget.Return(first.Frame.PieceCount);
            int overlap = next - first.Sequence;
            if (overlap < first.Length)
            {
                frame = first.Frame;
                offset = first.Offset + overlap;
                length = first.Length - overlap;
                return true;
            }

            first.Frame.Dispose();
        }

        frame = default;
        offset = 0;
        length = 0;
        return false;
    }

    /// <summary>
    /// The blocks to report: the one with the segment that came last, then those reported before, so that each is said several times
    /// (RFC 2018 4). Room is for so many.
    /// </summary>
    public SackBlocks Report(SequenceNumber latest, int room)
    {
        SackBlocks blocks = default;
        if (Count == 0)
        {
            _reported = default;
            return blocks;
        }

        AddBlockOf(latest, ref blocks, room);
        for (int index = 0; index < _reported.Count; index++)
            AddBlockOf(_reported[index].Start, ref blocks, room);
        // Blocks that were never the latest while there was room; the lowest help most.
        for (int index = 0; index < Count && blocks.Count < room; index++)
            AddBlockOf(_entries[index].Sequence, ref blocks, room);
        _reported = blocks;
        return blocks;
    }

    // The run of entries without a hole that a number is in, unless it is among the blocks.
    private void AddBlockOf(SequenceNumber sequence, ref SackBlocks blocks, int room)
    {
        if (blocks.Count >= room)
            return;
        for (int index = 0; index < blocks.Count; index++)
        {
            if (blocks[index].Start <= sequence && sequence < blocks[index].End)
                return;
        }

        for (int at = 0; at < Count;)
        {
            SequenceNumber start = _entries[at].Sequence;
            SequenceNumber end = _entries[at].End;
            for (at++; at < Count && _entries[at].Sequence <= end; at++)
            {
                if (_entries[at].End > end)
                    end = _entries[at].End;
            }

            if (sequence < start)
                return;
            if (sequence < end)
            {
                blocks.TryAdd(new(start, end));
                return;
            }
        }
    }

    /// <summary>Lets all frames go.</summary>
    public void Clear()
    {
        for (int index = 0; index < Count; index++)
        {
            budget.Return(_entries[index].Frame.PieceCount);
            _entries[index].Frame.Dispose();
        }

        Array.Clear(_entries);
        Count = 0;
    }

    private readonly record struct Entry(SequenceNumber Sequence, FrameBuffer Frame, int Offset, int Length)
    {
        public SequenceNumber End => Sequence + Length;
    }
}
