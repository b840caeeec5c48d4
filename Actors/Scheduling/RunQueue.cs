using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// A worker's own queue, first in first out: a ring that its owner fills, and from which the owner and thieves take. The
/// owner's push is two plain stores; every take is one compare-and-swap. A full ring is replaced by one of twice the size.
/// </summary>
/// <remarks>
/// The head only grows, so a thief that slept cannot succeed with an old head. A thief that still holds the smaller ring
/// reads the right item from it: the owner writes to the larger one only. A slot keeps its last item until it is
/// overwritten (clearing it after the take would race with the owner's next push).
/// </remarks>
public sealed class RunQueue<TItem, TMemory>
    where TItem : class
    where TMemory : struct, IMemory
{
    /// <summary>Enough for the actors one turn usually wakes.</summary>
    public const int DefaultLength = 256;

    private TItem?[] _items;
    private long _head;
    private long _tail;

    /// <summary>Creates an empty queue; the length is a power of two.</summary>
    public RunQueue(int length = DefaultLength)
    {
        if (!System.Numerics.BitOperations.IsPow2(length))
            throw new ArgumentException("The length must be a power of two.", nameof(length));
        _items = new TItem?[length];
    }

    /// <summary>Items inside: exact for the owner when no thief is at work, a hint for others.</summary>
    public int Count => (int)Math.Max(0, TMemory.LoadAcquire(ref _tail) - TMemory.LoadAcquire(ref _head));

    /// <summary>How many were ever taken: a queue whose count stands still while it is not empty has a stuck owner.</summary>
    public long Taken => TMemory.LoadAcquire(ref _head);

    /// <summary>Appends; the owner only. No full fence: who must wake a sleeper by the strength of it has to add one.</summary>
    public void Push(TItem item)
    {
        long tail = _tail;
        TItem?[] items = _items;
        long head = TMemory.LoadAcquire(ref _head);
        if (tail - head >= items.Length)
            items = Grow(items, head, tail);
        TMemory.StoreRelease(ref items[(int)tail & (items.Length - 1)], item);
        TMemory.StoreRelease(ref _tail, tail + 1);
    }

    /// <summary>Takes the oldest. Any thread; null: empty.</summary>
    public TItem? TryTake()
    {
        while (true)
        {
            long head = TMemory.LoadAcquire(ref _head);
            if (head >= TMemory.LoadAcquire(ref _tail))
                return null;
            // Read before the claim: the owner overwrites this slot only after the head has moved, and then the claim
            // fails. The ring is read after the tail, so it is one that holds the head.
            TItem?[] items = TMemory.LoadAcquire(ref _items!)!;
            TItem? item = TMemory.LoadAcquire(ref items[(int)head & (items.Length - 1)]);
            if (TMemory.CompareExchange(ref _head, head + 1, head) == head)
                return item;
        }
    }

    private TItem?[] Grow(TItem?[] items, long head, long tail)
    {
        TItem?[] larger = new TItem?[items.Length * 2];
        for (long position = head; position < tail; position++)
            larger[(int)position & (larger.Length - 1)] = items[(int)position & (items.Length - 1)];
        TMemory.StoreRelease(ref _items!, larger);
        return larger;
    }
}
