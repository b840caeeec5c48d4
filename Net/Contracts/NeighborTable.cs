// RFC 1122 2.3.2.2, RFC 4861 7.2.2 and RFC 6583: a bounded table of neighbours, and the packets that wait for the answer of one.
using System.Diagnostics.CodeAnalysis;
using Troupe.Drivers.Contracts;

namespace Troupe.Net.Contracts;

/// <summary>
/// The neighbours of a link, at most as many as it has places (<see cref="NeighborPlaces{TKey}"/>), and what waits until one of them has
/// answered: the latest batches for each, and no more packets in all than may be kept from the device.
/// </summary>
/// <remarks>Belongs to one layer's actor, which alone uses it and its entries, in its turns.</remarks>
/// <typeparam name="TKey">The address that is resolved.</typeparam>
/// <typeparam name="TEntry">What is known of a neighbour.</typeparam>
/// <param name="capacity">Neighbours, open questions among them.</param>
/// <param name="waitingBatches">Batches that wait for one neighbour.</param>
/// <param name="waitingPackets">Packets that wait, for all of them.</param>
/// <param name="counters">Where packets that are dropped are counted.</param>
public sealed class NeighborTable<TKey, TEntry>(int capacity, int waitingBatches, int waitingPackets, LayerCounters counters)
    where TKey : notnull
    where TEntry : NeighborEntry<TKey>
{
    private readonly Dictionary<TKey, TEntry> _entries = [];
    private readonly NeighborPlaces<TKey> _places = new(capacity);
    private int _waiting;

    /// <summary>Entries of any kind.</summary>
    public int Count => _entries.Count;

    /// <summary>Open questions.</summary>
    public int Questions => _places.Questions;

    /// <summary>All of them, in no order. They may be removed meanwhile, not added.</summary>
    public Dictionary<TKey, TEntry>.ValueCollection Entries => _entries.Values;

    /// <summary>What is known of a neighbour.</summary>
    public bool TryGet(TKey neighbor, [MaybeNullWhen(false)] out TEntry entry) => _entries.TryGetValue(neighbor, out entry);

    /// <summary>Adds a neighbour that is asked for; another one goes if there is no place.</summary>
    public void AddQuestion(TEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (_places.MustGoForQuestion(out TKey? victim))
            Remove(_entries[victim!], DropCause.TableFull);
        entry.Place = _places.AddQuestion(entry.Neighbor);
        _entries.Add(entry.Neighbor, entry);
    }

    /// <summary>Adds a neighbour that said its link address unasked; another one goes if there is no place.</summary>
    public void AddStranger(TEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (_places.MustGoForStranger(out TKey? victim))
            Remove(_entries[victim!], DropCause.TableFull);
        entry.Place = _places.AddStranger(entry.Neighbor);
        _entries.Add(entry.Neighbor, entry);
    }

    /// <summary>Something is sent there.</summary>
    public void Use(TEntry entry) => _places.Use(PlaceOf(entry));

    /// <summary>Whether something was sent there.</summary>
    public bool IsUsed(TEntry entry) => _places.IsUsed(PlaceOf(entry));

    /// <summary>Keeps packets until a neighbour that is asked for has answered. Where too many wait, the oldest are dropped: of this neighbour, then of all.</summary>
    /// <param name="entry">An open question.</param>
    /// <param name="packets">Owned from now on.</param>
    public void Wait(TEntry entry, FrameBatch packets)
    {
        LinkedListNode<TKey> place = PlaceOf(entry);
        if (entry.Waiting.Count >= waitingBatches)
            DropOldest(entry, DropCause.Overflow);
        _waiting += packets.Count;
        entry.Waiting.Enqueue(packets);
        _places.Wait(place, waits: true);
        // What waits holds frames of the device's, which has only so many; those that have waited longest give way, the question stays open.
        while (_waiting > waitingPackets && _places.TryGetWaitedFor(out TKey? longest))
        {
            TEntry other = _entries[longest!];
            DropWaiting(other, DropCause.Overflow);
            _places.Wait(PlaceOf(other), waits: false);
        }
    }

    /// <summary>Takes the oldest packets that wait for a neighbour; they are the caller's.</summary>
    public bool TryTakeWaiting(TEntry entry, out FrameBatch packets)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!entry.Waiting.TryDequeue(out packets))
            return false;
        _waiting -= packets.Count;
        return true;
    }

    /// <summary>Drops what waits for answers; the questions stay open.</summary>
    public void DropWaiting()
    {
        foreach (TEntry entry in _entries.Values)
        {
            if (entry.Waiting.Count == 0)
                continue;
            DropWaiting(entry, DropCause.Unresolved);
            _places.Wait(PlaceOf(entry), waits: false);
        }
    }

    /// <summary>Forgets a neighbour; the packets that wait for it are dropped.</summary>
    public void Remove(TEntry entry) => Remove(entry, DropCause.Unresolved);

    /// <summary>Forgets everything; waiting packets are dropped.</summary>
    public void Clear()
    {
        foreach (TEntry entry in _entries.Values)
            Remove(entry);
    }

    private void Remove(TEntry entry, DropCause cause)
    {
        _places.Remove(PlaceOf(entry));
        entry.Place = null;
        _entries.Remove(entry.Neighbor);
        DropWaiting(entry, cause);
    }

    private void DropWaiting(TEntry entry, DropCause cause)
    {
        while (entry.Waiting.Count > 0)
            DropOldest(entry, cause);
    }

    private void DropOldest(TEntry entry, DropCause cause)
    {
        FrameBatch oldest = entry.Waiting.Dequeue();
        _waiting -= oldest.Count;
        counters.Drop(cause, oldest.Count);
        oldest.Dispose();
    }

    private static LinkedListNode<TKey> PlaceOf(TEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry.Place ?? throw new ArgumentException("The neighbour is not in the table.", nameof(entry));
    }
}
