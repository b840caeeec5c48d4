using System.Numerics;
using System.Runtime.CompilerServices;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// The mailbox that drops its oldest message for a new one: a ring of fixed size whose head the producers may move as well,
/// so that its memory stays bounded while the consumer does nothing.
/// </summary>
public sealed class SlidingMailbox<TMessage, TMemory> : Mailbox<TMessage>
    where TMemory : struct, IMemory
{
    private readonly MailboxOptions _options;
    private readonly MailboxSegment<TMessage> _ring;
    private long _head;
    private long _evicted;
    private long _refused;

    /// <summary>Creates an empty mailbox.</summary>
    public SlidingMailbox(MailboxOptions options)
        : this(options, asChannel: true)
    {
    }

    internal SlidingMailbox(MailboxOptions options, bool asChannel)
        : base(asChannel)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Capacity, 1 << 20);
        _options = options;
        int length = (int)BitOperations.RoundUpToPowerOf2((uint)options.Capacity);
        _ring = new MailboxSegment<TMessage>(Math.Max(MailboxSegment<TMessage>.MinimumLength, length), 0);
    }

    /// <inheritdoc/>
    public override MailboxOptions Options => _options;

    /// <inheritdoc/>
    public override long Dropped => Evicted + TMemory.LoadAcquire(ref _refused);

    /// <summary>
    /// Takes the message, evicting the oldest if the ring is full. <see cref="EnqueueResult.Full"/> only in one rare case:
    /// the oldest is still being written by a producer that was interrupted; waiting for it would not be lock-free.
    /// </summary>
    public override EnqueueResult TryEnqueue(in TMessage message)
    {
        while (true)
        {
            long tail = TMemory.LoadAcquire(ref _ring.Tail);
            if ((tail & MailboxSegment<TMessage>.Closed) != 0)
                return EnqueueResult.Closed;

            long head = TMemory.LoadAcquire(ref _head);
            if (tail - head >= _options.Capacity)
            {
                if (TryTake(out TMessage oldest))
                {
                    TMemory.Add(ref _evicted, 1);
                    MessageDisposal.Dispose(in oldest);
                }
                else if (TMemory.LoadAcquire(ref _head) == head && TMemory.LoadAcquire(ref _ring.Tail) == tail)
                {
                    return EnqueueResult.Full;
                }

                continue;
            }

            ref MailboxSegment<TMessage>.Slot slot = ref _ring.SlotOf(tail);
            if (TMemory.LoadAcquire(ref slot.Sequence) != tail)
            {
                // Taken from the head, but whoever took it has not given the slot back yet.
                if (TMemory.LoadAcquire(ref _ring.Tail) == tail)
                    return EnqueueResult.Full;
                continue;
            }

            if (TMemory.CompareExchange(ref _ring.Tail, tail + 1, tail) != tail)
                continue;
            slot.Message = message;
            if (TraceSwitch.IsOn)
                _ring.Stamp(tail);
            TMemory.StoreRelease(ref slot.Sequence, tail + 1);
            return EnqueueResult.Accepted;
        }
    }

    /// <inheritdoc/>
    public override ValueTask<EnqueueResult> EnqueueAsync(TMessage message, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<EnqueueResult>(cancellationToken)
            : new ValueTask<EnqueueResult>(TryEnqueue(in message));

    /// <inheritdoc/>
    public override bool TryDequeue(out TMessage message) => TryTake(out message);

    private bool TryTake(out TMessage message)
    {
        while (true)
        {
            long head = TMemory.LoadAcquire(ref _head);
            ref MailboxSegment<TMessage>.Slot slot = ref _ring.SlotOf(head);
            long sequence = TMemory.LoadAcquire(ref slot.Sequence);
            if (sequence == head + 1)
            {
                if (TMemory.CompareExchange(ref _head, head + 1, head) != head)
                    continue;
                message = slot.Message!;
                if (TraceSwitch.IsOn)
                    _ring.TakeStamp(head);
                if (RuntimeHelpers.IsReferenceOrContainsReferences<TMessage>())
                    slot.Message = default;
                TMemory.StoreRelease(ref slot.Sequence, head + _ring.Slots.Length);
                return true;
            }

            if (sequence <= head)
            {
                message = default!;
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public override bool AdmitWaiting() => false;

    /// <inheritdoc/>
    public override void Close()
    {
        while (true)
        {
            long tail = TMemory.LoadAcquire(ref _ring.Tail);
            if ((tail & MailboxSegment<TMessage>.Closed) != 0
                || TMemory.CompareExchange(ref _ring.Tail, tail | MailboxSegment<TMessage>.Closed, tail) == tail)
                return;
        }
    }

    /// <inheritdoc/>
    public override bool HasWork => Count > 0;

    /// <inheritdoc/>
    public override int Count =>
        (int)Math.Clamp(TailPosition - TMemory.LoadAcquire(ref _head), 0, int.MaxValue);

    /// <inheritdoc/>
    public override bool IsClosed => (TMemory.LoadAcquire(ref _ring.Tail) & MailboxSegment<TMessage>.Closed) != 0;

    /// <inheritdoc/>
    public override bool IsCompleted => IsClosed && Count == 0;

    /// <inheritdoc/>
    public override long HeadPosition => TMemory.LoadAcquire(ref _head);

    /// <inheritdoc/>
    public override long TailPosition => TMemory.LoadAcquire(ref _ring.Tail) & MailboxSegment<TMessage>.PositionMask;

    internal override long Evicted => TMemory.LoadAcquire(ref _evicted);

    internal override void CountDropped() => TMemory.Add(ref _refused, 1);
}
