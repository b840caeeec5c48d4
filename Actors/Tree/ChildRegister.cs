using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// The children of one actor in the order they were spawned. Closing it and taking the list is one step: a child is either in
/// the list, and told to stop, or refused; and the last one to leave a closed register says so, so that the parent goes on.
/// </summary>
/// <remarks>
/// A child comes in by one compare-and-swap, onto a stack of newcomers; everything else happens under a lock, and first moves the newcomers to the list. Who adds
/// pushes (full fence) and then looks whether the register is closed; who closes says so (full fence) and then takes the newcomers. So one of the two sees the other. If the
/// one who adds does, the lock decides: its child has been taken to the list, or it takes it back. Into a closed register's list no more
/// newcomers are moved.
/// </remarks>
public sealed class ChildRegister<TNode, TMemory>
    where TNode : class, ISibling<TNode>
    where TMemory : struct, IMemory
{
    private readonly object _gate = new();
    private TNode? _first;
    private TNode? _newcomers;
    private int _closed;

    /// <summary>Adds a child at the end. False: the parent is stopping or restarting. Any thread.</summary>
    public bool TryAdd(TNode child)
    {
        ArgumentNullException.ThrowIfNull(child);
        child.PushOnto(ref _newcomers);
        return TMemory.LoadAcquire(ref _closed) == 0 || !TryTakeBack(child);
    }

    /// <summary>Removes a child that has ended. True: the register is closed and this was the last. Any thread.</summary>
    public bool Remove(TNode child)
    {
        ArgumentNullException.ThrowIfNull(child);
        lock (_gate)
        {
            TakeNewcomers();
            TNode previous = child.PreviousSibling!;
            TNode? next = child.NextSibling;
            if (ReferenceEquals(_first, child))
                _first = next;
            else
                previous.NextSibling = next;
            if (next is not null)
                next.PreviousSibling = previous;
            else if (_first is not null)
                _first.PreviousSibling = previous;
            child.PreviousSibling = child.NextSibling = null;
            return IsClosed && _first is null;
        }
    }

    /// <summary>Takes no more children and returns those inside, who all have to leave. None: there is nobody to wait for.</summary>
    public TNode[] Close()
    {
        lock (_gate)
        {
            if (TMemory.Exchange(ref _closed, 1) == 0)
                MoveNewcomers();
            return ToArray();
        }
    }

    /// <summary>Takes children again.</summary>
    public void Reopen()
    {
        lock (_gate)
            TMemory.StoreRelease(ref _closed, 0);
    }

    /// <summary>The children of this moment, in the order they were spawned.</summary>
    public TNode[] Snapshot()
    {
        lock (_gate)
        {
            TakeNewcomers();
            return ToArray();
        }
    }

    private bool IsClosed => TMemory.LoadAcquire(ref _closed) != 0;

    /// <summary>False: the child is in the list, by whoever has closed the register.</summary>
    private bool TryTakeBack(TNode child)
    {
        lock (_gate)
        {
            // Every child in the list has a previous one, the first the last.
            if (child.PreviousSibling is not null)
                return false;
            for (TNode? newcomer = TMemory.Exchange(ref _newcomers, null); newcomer is not null;)
            {
                TNode? next = newcomer.NextSibling;
                newcomer.NextSibling = null;
                if (!ReferenceEquals(newcomer, child))
                    newcomer.PushOnto(ref _newcomers);
                newcomer = next;
            }

            return true;
        }
    }

    private void TakeNewcomers()
    {
        if (!IsClosed)
            MoveNewcomers();
    }

    private void MoveNewcomers()
    {
        if (TMemory.LoadAcquire(ref _newcomers) is null)
            return;
        TNode? oldestFirst = null;
        for (TNode? newcomer = TMemory.Exchange(ref _newcomers, null); newcomer is not null;)
        {
            TNode? older = newcomer.NextSibling;
            newcomer.NextSibling = oldestFirst;
            oldestFirst = newcomer;
            newcomer = older;
        }

        while (oldestFirst is { } child)
        {
            oldestFirst = child.NextSibling;
            child.NextSibling = null;
            Append(child);
        }
    }

    private void Append(TNode child)
    {
        if (_first is null)
        {
            child.PreviousSibling = child;
            _first = child;
            return;
        }

        TNode last = _first.PreviousSibling!;
        last.NextSibling = child;
        child.PreviousSibling = last;
        _first.PreviousSibling = child;
    }

    private TNode[] ToArray()
    {
        if (_first is null)
            return [];
        var children = new List<TNode>();
        for (TNode? child = _first; child is not null; child = child.NextSibling)
            children.Add(child);
        return [.. children];
    }
}
