// Treiber, R. K., "Systems Programming: Coping with Parallelism", IBM RJ 5118 (1986): the tagged free list.
using Troupe.Core.Memory;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// A lock-free stack of the numbers 0 to n - 1, each at most once in it: the free list of a pool. Preallocated; nothing is
/// allocated by push or pop.
/// </summary>
/// <remarks>
/// The head is one word: the tag in the upper half counts every change, so a head that went away and came back is told
/// from one that never moved (the ABA problem). A popper may read the link of an index that another just popped; the
/// value is stale, the tag has moved on, and its compare-exchange fails.
/// </remarks>
internal sealed class IndexStack<TMemory> where TMemory : struct, IMemory
{
    private const long IndexMask = 0xFFFF_FFFF;
    private const int TagShift = 32;

    private readonly int[] _next;
    private long _head;

    /// <summary>Creates the stack holding all of 0 to <paramref name="count"/> - 1, 0 on top.</summary>
    public IndexStack(int count)
    {
        _next = new int[count];
        for (var index = 0; index < count; index++)
        {
            // Links and the head hold index + 1; 0 ends the list.
            _next[index] = index + 1 < count ? index + 2 : 0;
        }

        _head = count > 0 ? 1 : 0;
    }

    public void Push(int index)
    {
        var head = TMemory.LoadAcquire(ref _head);
        while (true)
        {
            TMemory.StoreRelease(ref _next[index], (int)(head & IndexMask));
            var witnessed = TMemory.CompareExchange(ref _head, NextTag(head) | (uint)(index + 1), head);
            if (witnessed == head)
            {
                return;
            }

            head = witnessed;
        }
    }

    public bool TryPop(out int index)
    {
        var head = TMemory.LoadAcquire(ref _head);
        while ((head & IndexMask) != 0)
        {
            index = (int)(head & IndexMask) - 1;
            var next = TMemory.LoadAcquire(ref _next[index]);
            var witnessed = TMemory.CompareExchange(ref _head, NextTag(head) | (uint)next, head);
            if (witnessed == head)
            {
                return true;
            }

            head = witnessed;
        }

        index = -1;
        return false;
    }

    private static long NextTag(long head) => ((head >> TagShift) + 1) << TagShift;
}
