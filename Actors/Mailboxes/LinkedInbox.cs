using System.Runtime.CompilerServices;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// Many producers push, one taker takes everything at once, oldest first. Lock-free, unbounded, without allocation: what
/// must never be refused (stop, timers, continuations, wake-ups from other threads) goes this way.
/// </summary>
/// <remarks>A compare-and-swap stack that is only ever emptied whole, so a node that comes back (ABA) does no harm.</remarks>
public struct LinkedInbox<TNode, TMemory>
    where TNode : class, ILinked<TNode>
    where TMemory : struct, IMemory
{
    private TNode? _newest;

    /// <summary>Whether anything is inside; a plain acquire load.</summary>
    public bool HasItems
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TMemory.LoadAcquire(ref _newest) is not null;
    }

    /// <summary>Adds a node; full fence. Any thread. True if the inbox was empty before.</summary>
    public bool Push(TNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        while (true)
        {
            TNode? newest = TMemory.LoadAcquire(ref _newest);
            // Plain: the compare-and-swap publishes it.
            node.Link = newest;
            if (ReferenceEquals(TMemory.CompareExchange(ref _newest, node, newest), newest))
                return newest is null;
        }
    }

    /// <summary>Takes all nodes as a chain through <see cref="ILinked{TNode}.Link"/>, oldest first, or null.</summary>
    public TNode? TakeAll()
    {
        if (!HasItems)
            return null;
        TNode? node = TMemory.Exchange(ref _newest, null);
        TNode? oldestFirst = null;
        while (node is not null)
        {
            TNode? older = node.Link;
            node.Link = oldestFirst;
            oldestFirst = node;
            node = older;
        }

        return oldestFirst;
    }
}
