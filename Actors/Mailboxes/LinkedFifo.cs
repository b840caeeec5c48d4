namespace Troupe.Actors;

/// <summary>A first-in-first-out list of linked nodes for one thread at a time.</summary>
internal struct LinkedFifo<TNode> where TNode : class, ILinked<TNode>
{
    private TNode? _oldest;
    private TNode? _newest;

    internal readonly bool IsEmpty => _oldest is null;

    internal readonly TNode? Peek() => _oldest;

    internal void Enqueue(TNode node)
    {
        node.Link = null;
        if (_newest is null)
            _oldest = node;
        else
            _newest.Link = node;
        _newest = node;
    }

    /// <summary>Appends a chain as <see cref="LinkedInbox{TNode,TMemory}.TakeAll"/> returns it.</summary>
    internal void EnqueueChain(TNode? chain)
    {
        while (chain is not null)
        {
            TNode? next = chain.Link;
            Enqueue(chain);
            chain = next;
        }
    }

    internal TNode? Dequeue()
    {
        TNode? node = _oldest;
        if (node is null)
            return null;
        _oldest = node.Link;
        if (_oldest is null)
            _newest = null;
        node.Link = null;
        return node;
    }
}
