using System.Numerics;
using System.Runtime.CompilerServices;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// A worker's own queue, first in first out: a ring that its owner fills, and from which the owner and thieves take. The
/// owner's push is two plain stores; a take is one compare-and-swap, of the owner one for as many as it claims at once. A full ring is replaced by
/// one of twice the size.
/// </summary>
/// <remarks>
/// <para>
/// The head only grows, so a thief that slept cannot succeed with an old head. A thief that still holds the smaller ring
/// reads the right item from it: the owner writes to the larger one only. A slot keeps its last item until it is
/// overwritten (clearing it after the take would race with the owner's next push).
/// </para>
/// <para>
/// What the owner has claimed lies before the head and is out of the thieves' reach; it stays in the ring, which the owner does not overwrite there,
/// until the owner takes it. An owner that may get stuck between two takes must have a successor that takes the rest
/// (<see cref="TryTakeClaimed"/>): a detached thread's is the monitor, and by the lease the thread takes nothing after that.
/// </para>
/// </remarks>
public sealed class RunQueue<TItem, TMemory>
    where TItem : struct, IRunQueueItem<TItem>
    where TMemory : struct, IMemory
{
    /// <summary>Enough for the actors one turn usually wakes.</summary>
    public const int DefaultLength = 256;

    private TItem[] _items;
    private long _head;
    private long _tail;
    private long _next;
    private long _claimed;

    /// <summary>Creates an empty queue; the length is a power of two.</summary>
    public RunQueue(int length = DefaultLength)
    {
        if (!BitOperations.IsPow2(length))
            throw new ArgumentException("The length must be a power of two.", nameof(length));
        _items = new TItem[length];
    }

    /// <summary>Items that anybody may take: exact for the owner when no thief is at work, a hint for others.</summary>
    public int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (int)Math.Max(0, TMemory.LoadAcquire(ref _tail) - TMemory.LoadAcquire(ref _head));
    }

    /// <summary>How many were ever taken or claimed: a queue whose count stands still while it is not empty has a stuck owner.</summary>
    public long Taken => TMemory.LoadAcquire(ref _head);

    /// <summary>Appends; the owner only. No full fence: who must wake a sleeper by the strength of it has to add one.</summary>
    public void Push(TItem item)
    {
        long tail = _tail;
        TItem[] items = _items;
        long first = FirstInUse;
        if (tail - first >= items.Length)
            items = Grow(items, first, tail);
        TItem.Store<TMemory>(ref items[(int)tail & (items.Length - 1)], item);
        TMemory.StoreRelease(ref _tail, tail + 1);
    }

    /// <summary>Takes the oldest that nobody has claimed. Any thread; false: there is none.</summary>
    public bool TryTake(out TItem item)
    {
        while (true)
        {
            long head = TMemory.LoadAcquire(ref _head);
            if (head >= TMemory.LoadAcquire(ref _tail))
            {
                item = default;
                return false;
            }

            // Read before the claim: the owner overwrites this slot only after the head has moved, and then the claim
            // fails. The ring is read after the tail, so it is one that holds the head.
            TItem[] items = TMemory.LoadAcquire(ref _items!)!;
            item = TItem.Load<TMemory>(ref items[(int)head & (items.Length - 1)]);
            if (TMemory.CompareExchange(ref _head, head + 1, head) == head)
                return true;
        }
    }

    /// <summary>Takes the oldest that nobody has claimed and claims more behind it, up to <paramref name="most"/> in all. The owner, when it has taken what
    /// it had claimed; false: there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryClaim(int most, out TItem item)
    {
        while (true)
        {
            long head = TMemory.LoadAcquire(ref _head);
            long inside = _tail - head;
            if (inside <= 0)
            {
                item = default;
                return false;
            }

            long claimed = head + Math.Min(inside, most);
            if (TMemory.CompareExchange(ref _head, claimed, head) != head)
                continue;
            // Nobody else writes to the ring, and these slots are not for anybody else to take.
            TItem[] items = _items;
            item = TItem.Load<TMemory>(ref items[(int)head & (items.Length - 1)]);
            TMemory.StoreRelease(ref _next, head + 1);
            TMemory.StoreRelease(ref _claimed, claimed);
            return true;
        }
    }

    /// <summary>Takes the oldest of those that the owner has claimed. The owner, or who has put itself in its place; false: there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTakeClaimed(out TItem item)
    {
        long next = TMemory.LoadAcquire(ref _next);
        if (next >= TMemory.LoadAcquire(ref _claimed))
        {
            item = default;
            return false;
        }

        TItem[] items = TMemory.LoadAcquire(ref _items!)!;
        item = TItem.Load<TMemory>(ref items[(int)next & (items.Length - 1)]);
        TMemory.StoreRelease(ref _next, next + 1);
        return true;
    }

    /// <summary>The position from which on the ring may not be overwritten.</summary>
    private long FirstInUse
    {
        get
        {
            long next = TMemory.LoadAcquire(ref _next);
            return next < TMemory.LoadAcquire(ref _claimed) ? next : TMemory.LoadAcquire(ref _head);
        }
    }

    private TItem[] Grow(TItem[] items, long first, long tail)
    {
        TItem[] larger = new TItem[items.Length * 2];
        for (long position = first; position < tail; position++)
            larger[(int)position & (larger.Length - 1)] = items[(int)position & (items.Length - 1)];
        TMemory.StoreRelease(ref _items!, larger);
        return larger;
    }
}
