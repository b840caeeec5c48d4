using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>The senders that wait for room in one mailbox, in order of arrival. Exists once somebody had to wait.</summary>
internal sealed class SendWaiters<TMessage, TMemory> where TMemory : struct, IMemory
{
    private LinkedInbox<SendWaiter<TMessage, TMemory>, TMemory> _arrived;
    private LinkedFifo<SendWaiter<TMessage, TMemory>> _inOrder;
    private int _count;

    /// <summary>Senders announced and not yet served. While it is not zero nobody else may enqueue.</summary>
    internal int Count => TMemory.LoadAcquire(ref _count);

    /// <summary>Whether the consumer would find one.</summary>
    internal bool HasReady => _arrived.HasItems || !_inOrder.IsEmpty;

    internal ValueTask<EnqueueResult> Add(TMessage message, CancellationToken cancellationToken)
    {
        var waiter = new SendWaiter<TMessage, TMemory>(message);
        TMemory.Add(ref _count, 1);
        _arrived.Push(waiter);
        return waiter.Start(cancellationToken);
    }

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
