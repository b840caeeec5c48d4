using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>The senders that wait for room in one mailbox, in order of arrival. Exists once somebody had to wait.</summary>
internal sealed class SendWaiters<TMessage, TMemory> where TMemory : struct, IMemory
{
    private LinkedInbox<SendWaiter<TMessage, TMemory>, TMemory> _arrived;
    private LinkedFifo<SendWaiter<TMessage, TMemory>> _inOrder;
    private int _count;
    private int _untold;

    /// <summary>Senders announced and not yet served. While it is not zero nobody else may enqueue.</summary>
    internal int Count => TMemory.LoadAcquire(ref _count);

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

    /// <summary>Lets go of the peeked one. The consumer only, after its message is in the mailbox.</summary>
    internal void Remove()
    {
        _inOrder.Dequeue();
        TMemory.Add(ref _count, -1);
    }
}
