namespace Troupe.Actors;

/// <summary>
/// One ring of slots. Positions count up for the life of the mailbox, across segments, so a slot's sequence number says
/// exactly which position it waits for and no value is ever met twice.
/// </summary>
/// <remarks>
/// Invariant, for the slot of position <c>p</c>: <c>Sequence == p</c> free for the producer of <c>p</c>;
/// <c>Sequence == p + 1</c> holds the message of <c>p</c>; <c>Sequence == p + Slots.Length</c> consumed, free for the next lap.
/// </remarks>
internal sealed class MailboxSegment<TMessage>
{
    /// <summary>Set in <see cref="Tail"/>: nothing more goes into this segment, look at <see cref="Next"/>.</summary>
    internal const long Frozen = 1L << 61;

    /// <summary>Set in <see cref="Tail"/>: nothing more goes into this mailbox.</summary>
    internal const long Closed = 1L << 62;

    /// <summary>The part of <see cref="Tail"/> that is the position.</summary>
    internal const long PositionMask = Frozen - 1;

    /// <summary>With one slot, "holds the message" and "free for the next lap" would be the same number.</summary>
    internal const int MinimumLength = 2;

    internal readonly Slot[] Slots;
    internal readonly int IndexMask;
    internal MailboxSegment<TMessage>? Next;
    internal long Tail;
    private TraceSegment? _stamps;

    internal MailboxSegment(int length, long firstPosition)
    {
        Slots = new Slot[length];
        IndexMask = length - 1;
        Tail = firstPosition;
        for (int index = 0; index < length; index++)
            Slots[index].Sequence = firstPosition + ((index - firstPosition) & IndexMask);
    }

    internal ref Slot SlotOf(long position) => ref Slots[(int)position & IndexMask];

    /// <summary>The producer of the position, before it publishes the message.</summary>
    internal void Stamp(long position) => TraceSegment.Write(ref _stamps, Slots.Length, position);

    /// <summary>Who takes the message of the position, before giving the slot back.</summary>
    internal void TakeStamp(long position) => TraceSegment.Take(ref _stamps, position);

    internal struct Slot
    {
        internal long Sequence;
        internal TMessage? Message;
    }
}
