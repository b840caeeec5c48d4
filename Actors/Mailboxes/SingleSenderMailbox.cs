// Lamport: "Proving the Correctness of Multiprocess Programs", IEEE TSE 3(2), 1977, with each side's copy of the other's position (Giacomoni et al.: FastForward, PPoPP 2008).
using System.Numerics;
using System.Runtime.CompilerServices;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// The mailbox for one sender: a ring of fixed size, allocated with the first message, with one interlocked operation per message instead of two.
/// </summary>
/// <remarks>
/// Who may touch what: the tail moves by the sender's compare-and-swap, which publishes the slot before it, and by whoever closes, who sets a bit that makes every later one
/// fail. The head is the consumer's. While senders wait (the one sender, in calls it did not await) the ring is closed to the sender, and the consumer
/// moves the tail for it: the count of waiters, changed by interlocked operations, hands it over and back.
/// A second sender is noticed when its compare-and-swap fails without that bit, not always.
/// </remarks>
public sealed class SingleSenderMailbox<TMessage, TMemory> : Mailbox<TMessage>
    where TMemory : struct, IMemory
{
    private const long Closed = 1L << 62;
    private const long PositionMask = Closed - 1;

    private readonly MailboxOptions _options;
    private TMessage?[]? _slots;
    private TraceSegment? _stamps;
    private MailboxOverflow<TMessage, TMemory>? _overflow;
    private long _tail;
    private long _headSeen;
    private long _head;
    private long _tailSeen;

    /// <summary>Creates an empty mailbox.</summary>
    public SingleSenderMailbox(MailboxOptions options)
        : this(options, asChannel: true)
    {
    }

    internal SingleSenderMailbox(MailboxOptions options, bool asChannel)
        : base(asChannel)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.OverflowPolicy == OverflowPolicy.DropOldest)
            throw new ArgumentException("A mailbox for one sender cannot drop its oldest message: take one for many.", nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Capacity, 1 << 20);
        _options = options;
    }

    /// <inheritdoc/>
    public override MailboxOptions Options => _options;

    /// <inheritdoc/>
    public override long Dropped => TMemory.LoadAcquire(ref _overflow)?.Dropped ?? 0;

    /// <inheritdoc/>
    public override bool HasWork
    {
        get
        {
            SendWaiters<TMessage, TMemory>? waiters = TMemory.LoadAcquire(ref _overflow)?.Waiters;
            return Count > 0 || (waiters is not null && waiters.HasReady && (Count <= LowWater || IsClosed));
        }
    }

    /// <inheritdoc/>
    public override int Count => (int)Math.Max(0, TailPosition - HeadPosition);

    /// <inheritdoc/>
    public override bool IsClosed => (TMemory.LoadAcquire(ref _tail) & Closed) != 0;

    /// <inheritdoc/>
    public override bool IsCompleted => IsClosed && Count == 0 && (TMemory.LoadAcquire(ref _overflow)?.Waiters.Count ?? 0) == 0;

    /// <inheritdoc/>
    public override long HeadPosition => TMemory.LoadAcquire(ref _head);

    /// <inheritdoc/>
    public override long TailPosition => TMemory.LoadAcquire(ref _tail) & PositionMask;

    private long LowWater => _options.Capacity / 4;

    private MailboxOverflow<TMessage, TMemory> Overflow
    {
        get
        {
            if (TMemory.LoadAcquire(ref _overflow) is { } overflow)
                return overflow;
            var created = new MailboxOverflow<TMessage, TMemory>(_options);
            return TMemory.CompareExchange(ref _overflow, created, null) ?? created;
        }
    }

    /// <summary>Offers a message. The one sender only.</summary>
    /// <exception cref="InvalidOperationException">There is a second sender. Which of their messages are lost is not known.</exception>
    public override EnqueueResult TryEnqueue(in TMessage message)
    {
        if (TMemory.LoadAcquire(ref _overflow) is { } overflow && overflow.Waiters.Count > 0)
            return IsClosed ? EnqueueResult.Closed : EnqueueResult.Full;
        return Append(in message);
    }

    /// <inheritdoc/>
    public override ValueTask<EnqueueResult> EnqueueAsync(TMessage message, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<EnqueueResult>(cancellationToken);
        EnqueueResult result = TryEnqueue(in message);
        if (result != EnqueueResult.Full || _options.OverflowPolicy != OverflowPolicy.Wait)
            return new ValueTask<EnqueueResult>(result);
        return Overflow.Waiters.TryAdd(message, _options.MaximumWaiting, cancellationToken, out ValueTask<EnqueueResult> pending)
            ? pending
            : new ValueTask<EnqueueResult>(EnqueueResult.Full);
    }

    /// <inheritdoc/>
    public override bool TryDequeue(out TMessage message)
    {
        long head = _head;
        if (head == _tailSeen && head == (_tailSeen = TMemory.LoadAcquire(ref _tail) & PositionMask))
        {
            message = default!;
            return false;
        }

        ref TMessage? slot = ref SlotOf(head);
        message = slot!;
        if (TraceSwitch.IsOn)
            TraceSegment.Take(ref _stamps, head);
        if (RuntimeHelpers.IsReferenceOrContainsReferences<TMessage>())
            slot = default;
        TMemory.StoreRelease(ref _head, head + 1);
        return true;
    }

    /// <inheritdoc/>
    public override bool AdmitWaiting()
    {
        SendWaiters<TMessage, TMemory>? waiters = TMemory.LoadAcquire(ref _overflow)?.Waiters;
        if (waiters is null || waiters.Count == 0 || (Count > LowWater && !IsClosed))
            return false;
        bool admitted = false;
        while ((Count < _options.Capacity || IsClosed) && waiters.TryPeek(out SendWaiter<TMessage, TMemory>? waiter))
        {
            if (!waiter.TryTake(out TMessage message))
            {
                waiters.Remove();
                continue;
            }

            if (TraceSwitch.IsOn)
                Tracing.Admit(waiter.Origin);
            EnqueueResult result = Append(in message);
            admitted |= result == EnqueueResult.Accepted;
            waiters.Remove();
            waiter.Complete(result);
        }

        return admitted;
    }

    /// <inheritdoc/>
    public override void Close()
    {
        long tail = TMemory.LoadAcquire(ref _tail);
        while ((tail & Closed) == 0)
        {
            long witnessed = TMemory.CompareExchange(ref _tail, tail | Closed, tail);
            if (witnessed == tail)
                return;
            tail = witnessed;
        }
    }

    internal override void CountDropped() => Overflow.CountDropped();

    private EnqueueResult Append(in TMessage message)
    {
        long tail = TMemory.LoadAcquire(ref _tail);
        if ((tail & Closed) != 0)
            return EnqueueResult.Closed;
        if (tail - _headSeen >= _options.Capacity && tail - (_headSeen = TMemory.LoadAcquire(ref _head)) >= _options.Capacity)
            return EnqueueResult.Full;

        _slots ??= new TMessage?[BitOperations.RoundUpToPowerOf2((uint)_options.Capacity)];
        SlotOf(tail) = message;
        if (TraceSwitch.IsOn)
            TraceSegment.Write(ref _stamps, _slots.Length, tail);
        // Publishes the slot, and is the full fence before the caller asks whether the consumer sleeps.
        long witnessed = TMemory.CompareExchange(ref _tail, tail + 1, tail);
        if (witnessed == tail)
            return EnqueueResult.Accepted;
        if ((witnessed & Closed) == 0)
            throw new InvalidOperationException("A mailbox for a single sender has a second one. Spawn the receiver with a mailbox for many (MailboxOptions.IsSingleSender = false).");
        // Nobody will take it.
        SlotOf(tail) = default;
        return EnqueueResult.Closed;
    }

    private ref TMessage? SlotOf(long position) => ref _slots![(int)position & (_slots.Length - 1)];
}
