// RFC 6583 7: who stays in a bounded table of neighbours when strangers flood it. Everything takes the same time, however full the table is.
namespace Troupe.Net.Contracts;

/// <summary>
/// The places of a table of neighbours, in rows: open questions, with and without packets that wait for the answer; strangers that said their link address
/// but were never sent anything; and neighbours that were. Who only asks cannot push out whom this host talks to, and open questions have half of
/// the places at most, so that a flood of packets from neighbours that are not there cannot either.
/// </summary>
internal sealed class NeighborPlaces<TKey>(int capacity) where TKey : notnull
{
    private readonly LinkedList<TKey> _waitedFor = new();
    private readonly LinkedList<TKey> _asked = new();
    private readonly LinkedList<TKey> _strangers = new();
    private readonly LinkedList<TKey> _used = new();

    /// <summary>Places taken.</summary>
    public int Count => Questions + _strangers.Count + _used.Count;

    /// <summary>Open questions.</summary>
    public int Questions => _waitedFor.Count + _asked.Count;

    /// <summary>The open question for whose answer packets have waited longest.</summary>
    public bool TryGetWaitedFor(out TKey? neighbor) => TryTake(_waitedFor.First, out neighbor);

    /// <summary>Whether somebody must go before a question is added, and who: the oldest question, or the stranger or neighbour that was not heard of longest.</summary>
    public bool MustGoForQuestion(out TKey? victim) => TryTake(
        Questions >= Math.Max(1, capacity / 2) ? _asked.First ?? _waitedFor.First : Count >= capacity ? _strangers.First ?? _used.First : null, out victim);

    /// <summary>Whether somebody must go before a stranger is added, and who.</summary>
    public bool MustGoForStranger(out TKey? victim) => TryTake(
        Count >= capacity ? _strangers.First ?? _asked.First ?? _waitedFor.First ?? _used.First : null, out victim);

    /// <summary>A place for a neighbour that is asked for, with packets that wait for the answer.</summary>
    public LinkedListNode<TKey> AddQuestion(TKey neighbor) => _waitedFor.AddLast(neighbor);

    /// <summary>A place for a neighbour that said its address unasked.</summary>
    public LinkedListNode<TKey> AddStranger(TKey neighbor) => _strangers.AddLast(neighbor);

    /// <summary>Packets wait for the answer to an open question, or none do any more.</summary>
    public void Wait(LinkedListNode<TKey> place, bool waits) => Move(place, waits ? _waitedFor : _asked);

    /// <summary>Something is sent there.</summary>
    public void Use(LinkedListNode<TKey> place)
    {
        if (place != _used.Last)
            Move(place, _used);
    }

    /// <summary>Whether something was sent there.</summary>
    public bool IsUsed(LinkedListNode<TKey> place)
    {
        ArgumentNullException.ThrowIfNull(place);
        return place.List == _used;
    }

    /// <summary>The place is free.</summary>
    public void Remove(LinkedListNode<TKey> place)
    {
        ArgumentNullException.ThrowIfNull(place);
        place.List!.Remove(place);
    }

    private void Move(LinkedListNode<TKey> place, LinkedList<TKey> row)
    {
        Remove(place);
        row.AddLast(place);
    }

    private static bool TryTake(LinkedListNode<TKey>? place, out TKey? neighbor)
    {
        neighbor = place is null ? default : place.Value;
        return place is not null;
    }
}
