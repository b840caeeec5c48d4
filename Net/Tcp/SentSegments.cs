// RFC 6675 3 and 4: the scoreboard; RFC 8985 5.1: what RACK keeps of each segment.
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>What is known of a segment that is not yet acknowledged.</summary>
[Flags]
internal enum SentSegmentMarks : byte
{
    None = 0,

    /// <summary>The peer reported it by a SACK block.</summary>
    Sacked = 1,

    /// <summary>Taken for lost, and not sent again since.</summary>
    Lost = 2,

    /// <summary>Sent more than once.</summary>
    Retransmitted = 4,

    /// <summary>Its last octet is our FIN.</summary>
    Fin = 8,
}

/// <summary>A segment that was sent: its place in the sequence space (a FIN counts), and when it was sent last.</summary>
internal struct SentSegment
{
    public SequenceNumber Start;
    public int Length;
    public TimeSpan SentAt;
    public SentSegmentMarks Marks;

    public readonly SequenceNumber End => Start + Length;

    public readonly bool HasFin => (Marks & SentSegmentMarks.Fin) != 0;

    public readonly bool IsSacked => (Marks & SentSegmentMarks.Sacked) != 0;

    public readonly bool IsLost => (Marks & SentSegmentMarks.Lost) != 0;

    public readonly bool IsRetransmitted => (Marks & SentSegmentMarks.Retransmitted) != 0;
}

/// <summary>
/// The segments sent and not yet acknowledged, in the order of their sequence numbers, in a ring that grows up to a capacity.
/// The sums are kept with each change: they are asked for with every segment.
/// </summary>
internal sealed class SentSegments(int capacity)
{
    private const int InitialCapacity = 4;

    private SentSegment[] _ring = [];
    private int _head;
    private int _firstLost;

    /// <summary>Segments.</summary>
    public int Count { get; private set; }

    /// <summary>Whether no more fit; the sender waits for an acknowledgement then.</summary>
    public bool IsFull => Count >= capacity;

    /// <summary>Segments the peer reported.</summary>
    public int SackedCount { get; private set; }

    /// <summary>Octets the peer reported.</summary>
    public int SackedOctets { get; private set; }

    /// <summary>Octets taken for lost and not sent again since.</summary>
    public int LostOctets { get; private set; }

    /// <summary>Segments that were sent more than once.</summary>
    public int RetransmittedCount { get; private set; }

    /// <summary>A segment; the reference holds until the next change.</summary>
    public ref SentSegment this[int index] => ref _ring[(_head + index) & (_ring.Length - 1)];

    /// <summary>A segment was sent for the first time, behind all others.</summary>
    public void Append(SequenceNumber start, int length, bool fin, TimeSpan now)
    {
        Grow();
        Count++;
        this[Count - 1] = new() { Start = start, Length = length, SentAt = now, Marks = fin ? SentSegmentMarks.Fin : SentSegmentMarks.None };
    }

    /// <summary>Takes the first segment out: all of it is acknowledged.</summary>
    public SentSegment RemoveFirst()
    {
        SentSegment first = this[0];
        Forget(first, first.Length);
        if (first.IsSacked)
            SackedCount--;
        if (first.IsRetransmitted)
            RetransmittedCount--;
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
        _firstLost = Math.Max(0, _firstLost - 1);
        return first;
    }

    /// <summary>A part of the first segment is acknowledged.</summary>
    public void TrimFirst(SequenceNumber acknowledged)
    {
        ref SentSegment first = ref this[0];
        int octets = acknowledged - first.Start;
        Forget(first, octets);
        first.Start = acknowledged;
        first.Length -= octets;
    }

    /// <summary>The first segment that does not begin before a number; <see cref="Count"/> for none.</summary>
    public int IndexOf(SequenceNumber sequence)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (this[middle].Start < sequence)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    /// <summary>The peer holds a segment; false if that was known.</summary>
    public bool MarkSacked(int index)
    {
        ref SentSegment segment = ref this[index];
        if (segment.IsSacked)
            return false;
        if (segment.IsLost)
            LostOctets -= segment.Length;
        segment.Marks = (segment.Marks | SentSegmentMarks.Sacked) & ~SentSegmentMarks.Lost;
        SackedOctets += segment.Length;
        SackedCount++;
        return true;
    }

    /// <summary>Takes a segment for lost; false if it is so already, or the peer holds it.</summary>
    public bool MarkLost(int index)
    {
        ref SentSegment segment = ref this[index];
        if ((segment.Marks & (SentSegmentMarks.Sacked | SentSegmentMarks.Lost)) != 0)
            return false;
        segment.Marks |= SentSegmentMarks.Lost;
        LostOctets += segment.Length;
        _firstLost = Math.Min(_firstLost, index);
        return true;
    }

    /// <summary>
    /// After a timeout: takes everything for lost that the peer does not hold. RFC 2018 8: where the peer claims to hold the first segment, and yet
    /// does not acknowledge it, it went back on what it reported, and none of it counts any more.
    /// </summary>
    public void MarkAllLost()
    {
        bool reneged = Count > 0 && this[0].IsSacked;
        for (int index = 0; index < Count; index++)
        {
            ref SentSegment segment = ref this[index];
            if (reneged && segment.IsSacked)
            {
                segment.Marks &= ~SentSegmentMarks.Sacked;
                SackedOctets -= segment.Length;
                SackedCount--;
            }

            MarkLost(index);
        }
    }

    /// <summary>Nothing was lost after all.</summary>
    public void ClearLost()
    {
        for (int index = 0; index < Count; index++)
            this[index].Marks &= ~SentSegmentMarks.Lost;
        LostOctets = 0;
        _firstLost = Count;
    }

    /// <summary>The first segment taken for lost; -1 for none.</summary>
    public int FindLost()
    {
        if (LostOctets == 0)
            return -1;
        while (_firstLost < Count && !this[_firstLost].IsLost)
            _firstLost++;
        return _firstLost < Count ? _firstLost : -1;
    }

    /// <summary>A segment was sent again.</summary>
    public void Retransmitted(int index, TimeSpan now)
    {
        ref SentSegment segment = ref this[index];
        if (segment.IsLost)
            LostOctets -= segment.Length;
        if (!segment.IsRetransmitted)
            RetransmittedCount++;
        segment.Marks = (segment.Marks | SentSegmentMarks.Retransmitted) & ~SentSegmentMarks.Lost;
        segment.SentAt = now;
    }

    /// <summary>Makes two segments of one, since it no longer fits the path.</summary>
    public void Split(int index, int length)
    {
        Grow();
        Count++;
        for (int at = Count - 1; at > index + 1; at--)
            this[at] = this[at - 1];
        ref SentSegment first = ref this[index];
        SentSegment second = first;
        second.Start = first.Start + length;
        second.Length = first.Length - length;
        first.Length = length;
        first.Marks &= ~SentSegmentMarks.Fin;
        this[index + 1] = second;
        if (second.IsSacked)
            SackedCount++;
        if (second.IsRetransmitted)
            RetransmittedCount++;
    }

    private void Forget(in SentSegment segment, int octets)
    {
        if (segment.IsSacked)
            SackedOctets -= octets;
        if (segment.IsLost)
            LostOctets -= octets;
    }

    private void Grow()
    {
        if (Count < _ring.Length)
            return;
        SentSegment[] larger = new SentSegment[Math.Max(InitialCapacity, _ring.Length * 2)];
        for (int index = 0; index < Count; index++)
            larger[index] = this[index];
        _ring = larger;
        _head = 0;
    }
}
