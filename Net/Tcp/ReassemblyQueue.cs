// RFC 9293 3.10.7.4, "segments with higher beginning sequence numbers SHOULD be held"; RFC 2018 4: reporting them.
using System.Buffers;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>
/// Octets that arrived before the ones they follow, copied out of the device's buffers. Each block of memory stands for a fixed stretch of the sequence space, so that a window takes as much memory as it is
/// large, however small the segments are and however many holes there are between them.
/// </summary>
/// <param name="maximumRanges">The most runs of octets with holes between them.</param>
/// <param name="blocks">What all connections share.</param>
public sealed class ReassemblyQueue(int maximumRanges, ReassemblyBudget blocks)
{
    /// <summary>Octets of a block; a power of two, so that blocks meet where sequence numbers wrap.</summary>
    public const int BlockSize = StreamMemoryPool.BlockSize;

    private const int FirstPlaces = 16;

    // In the order of their numbers; neither overlap nor touch.
    private SackBlock[] _ranges = [];
    private SackBlocks _reported;

    // Block n is at place n modulo their count, which grows when two would meet. Nothing held is before _from.
    private Place[] _places = [];
    private SequenceNumber _from;

    /// <summary>Runs of octets held.</summary>
    public int Count { get; private set; }

    /// <summary>Octets held.</summary>
    public int Octets
    {
        get
        {
            int octets = 0;
            foreach (SackBlock range in _ranges.AsSpan(0, Count))
                octets += range.Octets;
            return octets;
        }
    }

    /// <summary>Whether all of these octets are held.</summary>
    public bool Holds(SequenceNumber sequence, int length)
    {
        foreach (SackBlock range in _ranges.AsSpan(0, Count))
        {
            if (range.Start <= sequence && sequence + length <= range.End)
                return true;
        }

        return false;
    }

    /// <summary>Keeps octets, the first of them at least.</summary>
    /// <returns>False: no place is left for any.</returns>
    public bool TryAdd(SequenceNumber sequence, ReadOnlySpan<byte> octets)
    {
        int at = 0;
        while (at < Count && _ranges[at].End < sequence)
            at++;
        if (NeedsRange(at, sequence + octets.Length) && Count == maximumRanges)
            return false;

        if (Count == 0 || sequence < _from)
            _from = sequence;
        int kept = Copy(sequence, octets);
        // With less kept than came it may touch its neighbour no more.
        if (kept == 0 || (NeedsRange(at, sequence + kept) && Count == maximumRanges))
            return false;
        Insert(at, new(sequence, sequence + kept));
        return true;
    }

    /// <summary>Octets held from a number on; as many as are in one piece, none if the first is missing. Valid until the next change.</summary>
    public ReadOnlySpan<byte> Read(SequenceNumber next)
    {
        int at = 0;
        while (at < Count && _ranges[at].End <= next)
            at++;
        if (at == Count || _ranges[at].Start > next)
            return default;
        int within = Within(next);
        return BlockOf(next).Span.Slice(within, Math.Min(BlockSize - within, _ranges[at].End - next));
    }

    /// <summary>Forgets what is before a number.</summary>
    public void Release(SequenceNumber next)
    {
        if (Count == 0 || next <= _from)
            return;
        int gone = 0;
        while (gone < Count && _ranges[gone].End <= next)
            gone++;
        Count -= gone;
        Array.Copy(_ranges, gone, _ranges, 0, Count);
        if (Count > 0 && _ranges[0].Start < next)
            _ranges[0] = new(next, _ranges[0].End);

        for (; Number(_from) != Number(next); _from += BlockSize)
            Free(Number(_from));
        _from = next;
        if (Count == 0)
            Free(Number(next));
    }

    /// <summary>
    /// The blocks to report: the one with the octets that came last, then those reported before, so that each is said several times
    /// (RFC 2018 4). Room is for so many.
    /// </summary>
    public SackBlocks Report(SequenceNumber latest, int room)
    {
        SackBlocks reported = default;
        if (Count > 0)
        {
            AddRangeOf(latest, ref reported, room);
            for (int index = 0; index < _reported.Count; index++)
                AddRangeOf(_reported[index].Start, ref reported, room);
            // Those that were never the latest while there was room; the lowest help most.
            for (int index = 0; index < Count && reported.Count < room; index++)
                AddRangeOf(_ranges[index].Start, ref reported, room);
        }

        _reported = reported;
        return reported;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        for (int index = 0; index < _places.Length; index++)
            Free(_places[index].Number);
        Count = 0;
    }

    // The range that a number is in, unless it is among the blocks.
    private void AddRangeOf(SequenceNumber sequence, ref SackBlocks reported, int room)
    {
        if (reported.Count >= room)
            return;
        foreach (SackBlock range in _ranges.AsSpan(0, Count))
        {
            if (sequence < range.Start)
                return;
            if (sequence >= range.End)
                continue;
            for (int index = 0; index < reported.Count; index++)
            {
                if (reported[index] == range)
                    return;
            }

            reported.TryAdd(range);
            return;
        }
    }

    private bool NeedsRange(int at, SequenceNumber end) => at == Count || _ranges[at].Start > end;

    // Joins it with those it overlaps or touches, of which the one at this index is the first.
    private void Insert(int at, SackBlock range)
    {
        int end = at;
        while (end < Count && _ranges[end].Start <= range.End)
            end++;
        if (end == at)
        {
            if (Count == _ranges.Length)
                Array.Resize(ref _ranges, Math.Min(maximumRanges, Math.Max(FirstPlaces, Count * 2)));
            Array.Copy(_ranges, at, _ranges, at + 1, Count - at);
            _ranges[at] = range;
            Count++;
            return;
        }

        SequenceNumber first = _ranges[at].Start < range.Start ? _ranges[at].Start : range.Start;
        SequenceNumber last = _ranges[end - 1].End > range.End ? _ranges[end - 1].End : range.End;
        _ranges[at] = new(first, last);
        Array.Copy(_ranges, end, _ranges, at + 1, Count - end);
        Count -= end - at - 1;
    }

    // Answers how many were copied before memory ran out.
    private int Copy(SequenceNumber sequence, ReadOnlySpan<byte> octets)
    {
        int copied = 0;
        while (copied < octets.Length)
        {
            SequenceNumber position = sequence + copied;
            int within = Within(position);
            int length = Math.Min(BlockSize - within, octets.Length - copied);
            if (!TryOccupy(Number(position)))
                break;
            octets.Slice(copied, length).CopyTo(BlockOf(position).Span[within..]);
            copied += length;
        }

        return copied;
    }

    private Memory<byte> BlockOf(SequenceNumber sequence) => _places[PlaceOf(Number(sequence))].Block!.Memory;

    private bool TryOccupy(uint number)
    {
        if (_places.Length == 0)
            _places = new Place[FirstPlaces];
        while (_places[PlaceOf(number)] is { Block: not null } place)
        {
            if (place.Number == number)
                return true;
            Grow();
        }

        if (!blocks.TryTake())
            return false;
        _places[PlaceOf(number)] = new(number, StreamMemoryPool.Instance.Rent());
        return true;
    }

    private void Grow()
    {
        Place[] old = _places;
        _places = new Place[old.Length * 2];
        foreach (Place place in old)
        {
            if (place.Block is not null)
                _places[PlaceOf(place.Number)] = place;
        }
    }

    private void Free(uint number)
    {
        if (_places[PlaceOf(number)] is not { Block: { } block } place || place.Number != number)
            return;
        block.Dispose();
        blocks.Return(1);
        _places[PlaceOf(number)] = default;
    }

    private int PlaceOf(uint number) => (int)number & (_places.Length - 1);

    private static uint Number(SequenceNumber sequence) => sequence.Value / BlockSize;

    private static int Within(SequenceNumber sequence) => (int)(sequence.Value % BlockSize);

    private readonly record struct Place(uint Number, IMemoryOwner<byte>? Block);
}
