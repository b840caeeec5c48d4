using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// A worker's own queue, first in first out: a ring that its owner fills, and from which the owner and thieves take. The
/// owner's push is two plain stores; every take is one compare-and-swap.
/// </summary>
/// <remarks>
/// The head only grows, so a thief that slept cannot succeed with an old head. A slot keeps its last item until it is
/// overwritten (clearing it after the take would race with the owner's next push).
/// </remarks>
public sealed class RunQueue<TItem, TMemory>
    where TItem : class
    where TMemory : struct, IMemory
{
    /// <summary>Enough for the actors one turn wakes; more go to the queue shared by all.</summary>
    public const int DefaultLength = 256;

    private readonly TItem?[] _items;
    private readonly int _indexMask;
    private long _head;
    private long _tail;

    /// <summary>Creates an empty queue; the length is a power of two.</summary>
    public RunQueue(int length = DefaultLength)
    {
        if (!System.Numerics.BitOperations.IsPow2(length))
            throw new ArgumentException("The length must be a power of two.", nameof(length));
        _items = new TItem?[length];
        _indexMask = length - 1;
    }

    /// <summary>Items inside: exact for the owner when no thief is at work, a hint for others.</summary>
    public int Count => (int)Math.Max(0, TMemory.LoadAcquire(ref _tail) - TMemory.LoadAcquire(ref _head));

    /// <summary>How many were ever taken: a queue whose count stands still while it is not empty has a stuck owner.</summary>
    public long Taken => TMemory.LoadAcquire(ref _head);

    /// <summary>Appends; the owner only. False: full.</summary>
    public bool TryPush(TItem item)
    {
        long tail = _tail;
        if (tail - TMemory.LoadAcquire(ref _head) >= _items.Length)
            return false;
        TMemory.StoreRelease(ref _items[(int)tail & _indexMask], item);
        TMemory.StoreRelease(ref _tail, tail + 1);
        return true;
    }

    /// <summary>Takes the oldest. Any thread; null: empty.</summary>
    public TItem? TryTake()
    {
        while (true)
        {
            long head = TMemory.LoadAcquire(ref _head);
            if (head >= TMemory.LoadAcquire(ref _tail))
                return null;
            // Read before the claim: the owner overwrites this slot only after the head has moved, and then the claim fails.
            TItem? item = TMemory.LoadAcquire(ref _items[(int)head & _indexMask]);
            if (TMemory.CompareExchange(ref _head, head + 1, head) == head)
                return item;
        }
    }
}
