using System.Numerics;
using System.Runtime.CompilerServices;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// The usual mailbox: a lock-free queue for many producers and one consumer, made of ring segments. It starts with none,
/// and grows by replacing a full ring with a larger one until one ring holds the capacity; from then on nothing is allocated.
/// </summary>
/// <remarks>
/// A producer claims a position by moving the segment's tail, which is its full fence, writes its message, and publishes it through the slot's
/// sequence number. A consumer that wants to sleep announces it, by a full fence as well, and looks at the tail: what it finds claimed may
/// not be published yet, but then it must come again, for that producer may have seen it awake. A full segment is frozen (no claim can succeed any more) and the next one continues at the same position.
/// Segments are never used again once frozen and positions never repeat, so a producer that slept through any amount of
/// traffic finds its compare-and-swap refused.
/// </remarks>
public sealed class Mailbox<TMessage, TMemory> : Mailbox<TMessage>
    where TMemory : struct, IMemory
{
    /// <summary>Slots of the first ring: most mailboxes never hold more.</summary>
    private const int FirstLength = 4;

    private const int GrowthFactor = 4;

    /// <summary>The largest ring of an unbounded mailbox; longer queues are chains of these.</summary>
    private const int MaximumLength = 1 << 16;

    /// <summary>Of the room in the mailbox, what a sender that has waited should find when it goes on.</summary>
    private const long ResumedShare = 256;

    private MailboxSegment<TMessage>? _headSegment;
    private MailboxSegment<TMessage>? _tailSegment;

    /// <summary>The <see cref="MailboxOptions"/>, or once there was overflow the <see cref="MailboxOverflow{TMessage, TMemory}"/>: there may be a million mailboxes.</summary>
    private object? _options;

    private long _head;

    /// <summary>Creates an empty mailbox.</summary>
    public Mailbox(MailboxOptions options)
        : this(options, asChannel: true)
    {
    }

    internal Mailbox(MailboxOptions options, bool asChannel)
        : base(asChannel)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
    }

    /// <inheritdoc/>
    public override MailboxOptions Options =>
        TMemory.LoadAcquire(ref _options) is var state && state is MailboxOptions options ? options : ((MailboxOverflow<TMessage, TMemory>)state!).Options;

    /// <inheritdoc/>
    public override long Dropped => OverflowIfAny?.Dropped ?? 0;

    /// <inheritdoc/>
    public override EnqueueResult TryEnqueue(in TMessage message)
    {
        // Nobody overtakes a sender that waits; that also keeps the order of one sender's unawaited sends.
        object state = TMemory.LoadAcquire(ref _options)!;
        if (state is MailboxOptions options)
            return Claim(in message, CapacityOf(options));
        var overflow = (MailboxOverflow<TMessage, TMemory>)state;
        if (overflow.Waiters.Count > 0)
            return IsClosed ? EnqueueResult.Closed : EnqueueResult.Full;
        return Claim(in message, CapacityOf(overflow.Options));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private EnqueueResult Claim(in TMessage message, long capacity) => TryClaim(in message, capacity) ?? ClaimInTheEnd(in message, capacity);

    /// <summary>The usual case, which calls nothing and so keeps everything in registers. Null: try again, after <see cref="MakeRoom"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private EnqueueResult? TryClaim(in TMessage message, long capacity)
    {
        MailboxSegment<TMessage>? segment = TMemory.LoadAcquire(ref _tailSegment);
        if (segment is null)
            return null;
        long tail = TMemory.LoadAcquire(ref segment.Tail);
        if (tail > MailboxSegment<TMessage>.PositionMask)
            return (tail & MailboxSegment<TMessage>.Closed) != 0 ? EnqueueResult.Closed : null;

        // The head is read after the tail, so "full" was true at the moment of this load.
        if (tail - TMemory.LoadAcquire(ref _head) >= capacity)
            return EnqueueResult.Full;

        ref MailboxSegment<TMessage>.Slot slot = ref segment.SlotOf(tail);
        if (TMemory.LoadAcquire(ref slot.Sequence) != tail || TMemory.CompareExchange(ref segment.Tail, tail + 1, tail) != tail)
            return null;
        slot.Message = message;
        if (TraceSwitch.IsOn)
            return PublishStamped(segment, tail);
        // The full fence before the question whether the consumer sleeps was the claim, by which HasWork goes.
        TMemory.StoreRelease(ref slot.Sequence, tail + 1);
        return EnqueueResult.Accepted;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private EnqueueResult ClaimInTheEnd(in TMessage message, long capacity)
    {
        while (true)
        {
            MakeRoom();
            if (TryClaim(in message, capacity) is { } result)
                return result;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static EnqueueResult PublishStamped(MailboxSegment<TMessage> segment, long position)
    {
        segment.Stamp(position);
        TMemory.StoreRelease(ref segment.SlotOf(position).Sequence, position + 1);
        return EnqueueResult.Accepted;
    }

    /// <summary>Takes what stands in the way of a claim, if anything does: there is no ring, or it is full though the mailbox is not.</summary>
    private void MakeRoom()
    {
        MailboxSegment<TMessage> segment = TMemory.LoadAcquire(ref _tailSegment) ?? CreateFirstSegment();
        long tail = TMemory.LoadAcquire(ref segment.Tail);
        if (tail > MailboxSegment<TMessage>.PositionMask)
        {
            if ((tail & MailboxSegment<TMessage>.Closed) == 0)
                MoveTail(segment, tail);
        }
        else if (TMemory.LoadAcquire(ref segment.SlotOf(tail).Sequence) < tail && TMemory.LoadAcquire(ref segment.Tail) == tail)
        {
            // The slot still holds the lap before.
            TMemory.CompareExchange(ref segment.Tail, tail | MailboxSegment<TMessage>.Frozen, tail);
        }
    }

    /// <inheritdoc/>
    public override ValueTask<EnqueueResult> EnqueueAsync(TMessage message, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<EnqueueResult>(cancellationToken);
        EnqueueResult result = TryEnqueue(in message);
        if (result != EnqueueResult.Full || Options.OverflowPolicy != OverflowPolicy.Wait)
            return new ValueTask<EnqueueResult>(result);

        return Overflow.Waiters.TryAdd(message, Options.MaximumWaiting, cancellationToken, out ValueTask<EnqueueResult> pending)
            ? pending
            : new ValueTask<EnqueueResult>(EnqueueResult.Full);
    }

    /// <inheritdoc/>
    public override bool AdmitWaiting() => OverflowIfAny is { } overflow && AdmitWaiting(overflow.Waiters, CapacityOf(overflow.Options));

    private bool AdmitWaiting(SendWaiters<TMessage, TMemory> waiters, long capacity)
    {
        bool waits = waiters.Count > 0;
        if (!waits && !waiters.HasAdmitted)
            return false;
        // While somebody waits nobody enqueues, so it comes to that level.
        if (waits && Count > LowWaterOf(capacity) && !IsClosed)
            return false;

        bool admitted = false;
        // Room first: a sender that is not let in keeps the right to cancel.
        while ((Count < capacity || IsClosed) && waiters.TryPeek(out SendWaiter<TMessage, TMemory>? waiter))
        {
            if (!waiter.TryTake(out TMessage message))
            {
                waiters.Remove();
                continue;
            }

            // Full again: the taken message stays first in line, beyond cancellation, and this is tried again next turn.
            if (TraceSwitch.IsOn)
                Tracing.Admit(waiter.Origin);
            EnqueueResult result = Claim(in message, capacity);
            if (result == EnqueueResult.Full)
                break;
            if (result == EnqueueResult.Accepted)
            {
                admitted = true;
                waiters.Admit();
                continue;
            }

            waiters.Remove();
            waiter.Complete(result);
        }

        // At least one: who has been let in must not depend on how low others let the mailbox sink. All once it is empty: no turn may follow then.
        int count = Count;
        waiters.Resume(count == 0 || IsClosed ? long.MaxValue : Math.Max(1, (capacity - count) / ResumedShare));
        return admitted;
    }

    /// <inheritdoc/>
    public override bool TryDequeue(out TMessage message)
    {
        if (TMemory.LoadAcquire(ref _headSegment) is { } segment && TryTake(segment, out message))
            return true;
        return TryDequeueFurtherOn(out message);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryTake(MailboxSegment<TMessage> segment, out TMessage message)
    {
        long head = _head;
        ref MailboxSegment<TMessage>.Slot slot = ref segment.SlotOf(head);
        if (TMemory.LoadAcquire(ref slot.Sequence) != head + 1)
        {
            message = default!;
            return false;
        }

        if (TraceSwitch.IsOn)
            segment.TakeStamp(head);
        message = slot.Message!;
        if (RuntimeHelpers.IsReferenceOrContainsReferences<TMessage>())
            slot.Message = default;
        // The slot before the head: who sees room by the head must find the slot free.
        TMemory.StoreRelease(ref slot.Sequence, head + segment.Slots.Length);
        TMemory.StoreRelease(ref _head, head + 1);
        return true;
    }

    /// <summary>Nothing was in the ring: goes on to the next one if producers have.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryDequeueFurtherOn(out TMessage message)
    {
        while (TMemory.LoadAcquire(ref _headSegment) is { } segment)
        {
            long tail = TMemory.LoadAcquire(ref segment.Tail);
            if ((tail & MailboxSegment<TMessage>.Frozen) == 0 || (tail & MailboxSegment<TMessage>.PositionMask) != _head)
                break;
            MailboxSegment<TMessage>? next = TMemory.LoadAcquire(ref segment.Next);
            if (next is null)
                break;
            TMemory.StoreRelease(ref _headSegment, next);
            if (TryTake(next, out message))
                return true;
        }

        message = default!;
        return false;
    }

    /// <inheritdoc/>
    public override void Close()
    {
        while (true)
        {
            MailboxSegment<TMessage> segment = TMemory.LoadAcquire(ref _tailSegment) ?? CreateFirstSegment();
            long tail = TMemory.LoadAcquire(ref segment.Tail);
            if ((tail & MailboxSegment<TMessage>.Closed) != 0)
                return;
            if ((tail & MailboxSegment<TMessage>.Frozen) != 0)
                MoveTail(segment, tail);
            else if (TMemory.CompareExchange(ref segment.Tail, tail | MailboxSegment<TMessage>.Closed, tail) == tail)
                return;
        }
    }

    /// <inheritdoc/>
    public override bool HasWork
    {
        get
        {
            return TailPosition != TMemory.LoadAcquire(ref _head)
                || (OverflowIfAny is { } overflow && overflow.Waiters.HasReady && (Count <= LowWaterOf(CapacityOf(overflow.Options)) || IsClosed));
        }
    }

    /// <inheritdoc/>
    public override int Count => (int)Math.Clamp(TailPosition - TMemory.LoadAcquire(ref _head), 0, int.MaxValue);

    /// <inheritdoc/>
    public override bool IsClosed
    {
        get
        {
            MailboxSegment<TMessage>? segment = TMemory.LoadAcquire(ref _tailSegment);
            return segment is not null && (TMemory.LoadAcquire(ref segment.Tail) & MailboxSegment<TMessage>.Closed) != 0;
        }
    }

    /// <inheritdoc/>
    public override bool IsCompleted => IsClosed && TailPosition == TMemory.LoadAcquire(ref _head)
        && (OverflowIfAny?.Waiters.Count ?? 0) == 0;

    internal override void CountDropped() => Overflow.CountDropped();

    /// <summary>
    /// Waiting senders are let in when the mailbox is down to this, all at once: they then have room for more than the one
    /// message each, where letting one in per message taken would suspend and resume a sender for every message.
    /// </summary>
    private static long LowWaterOf(long capacity) => capacity / 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long CapacityOf(MailboxOptions options) => options.Capacity == MailboxOptions.UnboundedCapacity ? long.MaxValue : options.Capacity;

    private MailboxOverflow<TMessage, TMemory>? OverflowIfAny
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TMemory.LoadAcquire(ref _options) is var state && state is MailboxOptions ? null : (MailboxOverflow<TMessage, TMemory>)state!;
    }

    private MailboxOverflow<TMessage, TMemory> Overflow
    {
        get
        {
            object state = TMemory.LoadAcquire(ref _options)!;
            if (state is MailboxOptions options)
            {
                var created = new MailboxOverflow<TMessage, TMemory>(options);
                state = TMemory.CompareExchange(ref _options, created, options)!;
                if (ReferenceEquals(state, options))
                    return created;
            }

            return (MailboxOverflow<TMessage, TMemory>)state;
        }
    }

    /// <inheritdoc/>
    public override long HeadPosition => TMemory.LoadAcquire(ref _head);

    /// <inheritdoc/>
    public override long TailPosition
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            MailboxSegment<TMessage>? segment = TMemory.LoadAcquire(ref _tailSegment);
            return segment is null ? 0 : TMemory.LoadAcquire(ref segment.Tail) & MailboxSegment<TMessage>.PositionMask;
        }
    }

    private MailboxSegment<TMessage> CreateFirstSegment()
    {
        var created = new MailboxSegment<TMessage>(Math.Min(FirstLength, LargestLength), 0);
        MailboxSegment<TMessage> first = TMemory.CompareExchange(ref _headSegment, created, null) ?? created;
        // If the consumer has moved on from `first`, the tail is set already and this changes nothing.
        return TMemory.CompareExchange(ref _tailSegment, first, null) ?? first;
    }

    private void MoveTail(MailboxSegment<TMessage> segment, long frozenTail)
    {
        MailboxSegment<TMessage>? next = TMemory.LoadAcquire(ref segment.Next);
        if (next is null)
        {
            int length = Math.Min(segment.Slots.Length * GrowthFactor, LargestLength);
            var created = new MailboxSegment<TMessage>(length, frozenTail & MailboxSegment<TMessage>.PositionMask);
            next = TMemory.CompareExchange(ref segment.Next, created, null) ?? created;
        }

        TMemory.CompareExchange(ref _tailSegment, next, segment);
    }

    /// <summary>A ring of this length is never replaced in a bounded mailbox: capacity is refused before the ring is full.</summary>
    private int LargestLength =>
        Options.Capacity >= MaximumLength ? MaximumLength
        : Math.Max(MailboxSegment<TMessage>.MinimumLength, (int)BitOperations.RoundUpToPowerOf2((uint)Options.Capacity));
}
