namespace Troupe.Actors;

/// <summary>
/// The children of one actor in the order they were spawned. Closing it and taking the list is one step: a child is either in
/// the list, and told to stop, or refused; and the last one to leave a closed register says so, so that the parent goes on.
/// </summary>
public sealed class ChildRegister<TNode> where TNode : class, ISibling<TNode>
{
    private readonly object _gate = new();
    private TNode? _first;
    private bool _closed;

    /// <summary>Adds a child at the end. False: the parent is stopping or restarting. Any thread.</summary>
    public bool TryAdd(TNode child)
    {
        ArgumentNullException.ThrowIfNull(child);
        lock (_gate)
        {
            if (_closed)
                return false;
            if (_first is null)
            {
                child.PreviousSibling = child;
                _first = child;
                return true;
            }

            TNode last = _first.PreviousSibling!;
            last.NextSibling = child;
            child.PreviousSibling = last;
            _first.PreviousSibling = child;
            return true;
        }
    }

    /// <summary>Removes a child that has ended. True: the register is closed and this was the last. Any thread.</summary>
    public bool Remove(TNode child)
    {
        ArgumentNullException.ThrowIfNull(child);
        lock (_gate)
        {
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
            return _closed && _first is null;
        }
    }

    /// <summary>Takes no more children and returns those inside, who all have to leave. None: there is nobody to wait for.</summary>
    public TNode[] Close()
    {
        lock (_gate)
        {
            _closed = true;
            return ToArray();
        }
    }

    /// <summary>Takes children again.</summary>
    public void Reopen()
    {
        lock (_gate)
            _closed = false;
    }

    /// <summary>The children of this moment, in the order they were spawned.</summary>
    public TNode[] Snapshot()
    {
        lock (_gate)
            return ToArray();
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
