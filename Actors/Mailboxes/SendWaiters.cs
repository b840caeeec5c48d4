using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>The senders that wait for room in one mailbox, in order of arrival. Exists once somebody had to wait.</summary>
/// <remarks>
/// The messages of all who wait are let in at once, as far as there is room; the senders then go on a few at a time. If all went on, the first would fill the
/// mailbox again and each of the others be suspended anew for every one of its messages.
/// </remarks>
internal sealed class SendWaiters<TMessage, TMemory> where TMemory : struct, IMemory
{
    private LinkedInbox<SendWaiter<TMessage, TMemory>, TMemory> _arrived;
    private LinkedFifo<SendWaiter<TMessage, TMemory>> _inOrder;
    private LinkedFifo<SendWaiter<TMessage, TMemory>> _admitted;
    private int _count;
    private int _untold;

    /// <summary>Senders announced and not yet served. While it is not zero nobody else may enqueue.</summary>
    internal int Count => TMemory.LoadAcquire(ref _count);

    /// <summary>Whether there are senders that do not know yet that their messages are in. The consumer only.</summary>
    internal bool HasAdmitted => !_admitted.IsEmpty;

    /// <summary>Whether the consumer would find one.</summary>
    internal bool HasReady => _arrived.HasItems || !_inOrder.IsEmpty;

    /// <summary>
    /// Announces one more, unless there are <paramref name="maximum"/> already. It counts until it is out of the line (a canceled one stays in it until the
    /// consumer comes by), and until its sender has been told: that waits for a thread of the pool or the sender's turn, and a sender that
    /// awaits nothing would pile those up.
    /// </summary>
    internal bool TryAdd(TMessage message, int maximum, CancellationToken cancellationToken, out ValueTask<EnqueueResult> pending)
    {
        if (TMemory.Add(ref _untold, 1) > maximum || Count >= maximum)
        {
            TMemory.Add(ref _untold, -1);
            pending = default;
            return false;
        }

        var waiter = new SendWaiter<TMessage, TMemory>(message, this);
        TMemory.Add(ref _count, 1);
        _arrived.Push(waiter);
        pending = waiter.Start(cancellationToken);
        return true;
    }

    /// <summary>A sender has been told what became of its message.</summary>
    internal void OnTold() => TMemory.Add(ref _untold, -1);

    /// <summary>The one that waits longest. The consumer only.</summary>
    internal bool TryPeek([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out SendWaiter<TMessage, TMemory>? waiter)
    {
        _inOrder.EnqueueChain(_arrived.TakeAll());
        waiter = _inOrder.Peek();
        return waiter is not null;
    }

    /// <summary>Lets go of the peeked one. The consumer only.</summary>
    internal void Remove()
    {
        _inOrder.Dequeue();
        TMemory.Add(ref _count, -1);
    }

    /// <summary>The peeked one's message is in the mailbox; <see cref="Resume"/> tells it. The consumer only.</summary>
    internal void Admit()
    {
        // Out of the count only now: until then nobody may enqueue.
        SendWaiter<TMessage, TMemory> waiter = _inOrder.Dequeue()!;
        _admitted.Enqueue(waiter);
        TMemory.Add(ref _count, -1);
    }

    /// <summary>Lets so many go on whose messages are in. The consumer only.</summary>
    internal void Resume(long senders)
    {
        while (senders-- > 0 && _admitted.Dequeue() is { } waiter)
            waiter.Complete(EnqueueResult.Accepted);
    }
}
