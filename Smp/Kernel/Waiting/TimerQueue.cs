using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel.Waiting;

/// <summary>
/// The deadlines of one processor's sleepers: an intrusive leftist heap (Crane, 1972; Knuth, vol. 3, 5.2.3) whose links
/// are in <see cref="KernelThread"/>. The processor arms its own; any processor may cancel.
/// </summary>
/// <remarks>
/// Interrupts are off and the lock is held, so the worst case counts: no way down to the right is longer than the logarithm of the number of threads, and
/// every operation goes down, or up as long as ranks change, such ways only. (A pairing heap is quicker on average, but its first removal after
/// many insertions visits all.)
/// </remarks>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="TProcessors">The platform seam.</typeparam>
public unsafe struct TimerQueue<TMemory, TProcessors>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
{
    private SpinLock<TMemory, TProcessors> _lock;
    private int _count;
    private KernelThread* _root;
    private long _nextDeadline;

    /// <summary>Makes the queue empty; memory must be zero before.</summary>
    public void Initialize() => TMemory.StoreRelease(ref _nextDeadline, long.MaxValue);

    /// <summary>The earliest deadline, or <see cref="long.MaxValue"/>; readable without the lock.</summary>
    public long NextDeadline => TMemory.LoadAcquire(ref _nextDeadline);

    /// <summary>How many threads are armed; exact under the lock.</summary>
    public readonly int Count => _count;

    /// <summary>Takes the lock.</summary>
    public void Acquire() => _lock.Acquire();

    /// <summary>Gives the lock back.</summary>
    public void Release() => _lock.Release();

    /// <summary>Adds a thread that is in no timer queue. Needs the lock.</summary>
    public void Insert(KernelThread* thread, int processor, long deadline)
    {
        thread->Deadline = deadline;
        thread->TimerLeft = null;
        thread->TimerRight = null;
        thread->TimerRank = 1;
        _root = Meld(_root, thread);
        _count++;
        Publish();
        TMemory.StoreRelease(ref thread->TimerProcessor, processor);
    }

    /// <summary>Takes out a thread that is in this queue. Needs the lock.</summary>
    public void Remove(KernelThread* thread)
    {
        KernelThread* parent = thread->TimerParent;
        KernelThread* children = Meld(thread->TimerLeft, thread->TimerRight);
        if (children != null)
            children->TimerParent = parent;
        if (parent == null)
            _root = children;
        else if (parent->TimerLeft == thread)
            parent->TimerLeft = children;
        else
            parent->TimerRight = children;

        while (parent != null && Settle(parent))
            parent = parent->TimerParent;
        _count--;
        Publish();
        TMemory.StoreRelease(ref thread->TimerProcessor, -1);
    }

    /// <summary>The thread whose deadline is earliest, if that is not after <paramref name="now"/>. Needs the lock.</summary>
    public readonly KernelThread* PeekExpired(long now) => _root != null && _root->Deadline <= now ? _root : null;

    /// <summary>Joins two heaps, either of which may be empty: merges the ways down to the right, then restores the order of ranks from below. On a tie <paramref name="first"/> stays above.</summary>
    private static KernelThread* Meld(KernelThread* first, KernelThread* second)
    {
        KernelThread* root = null;
        KernelThread* above = null;
        while (first != null || second != null)
        {
            if (first == null || (second != null && second->Deadline < first->Deadline))
            {
                KernelThread* swap = first;
                first = second;
                second = swap;
            }

            first->TimerParent = above;
            if (above == null)
                root = first;
            else
                above->TimerRight = first;
            if (second == null)
                break;
            above = first;
            first = first->TimerRight;
        }

        for (; above != null; above = above->TimerParent)
            Settle(above);
        return root;
    }

    /// <summary>The child of lower rank belongs to the right. Says whether the thread's rank changed by that, which concerns the one above.</summary>
    private static bool Settle(KernelThread* thread)
    {
        if (Rank(thread->TimerLeft) < Rank(thread->TimerRight))
        {
            KernelThread* swap = thread->TimerLeft;
            thread->TimerLeft = thread->TimerRight;
            thread->TimerRight = swap;
        }

        int rank = Rank(thread->TimerRight) + 1;
        bool changed = rank != thread->TimerRank;
        thread->TimerRank = rank;
        return changed;
    }

    private static int Rank(KernelThread* thread) => thread == null ? 0 : thread->TimerRank;

    private void Publish() => TMemory.StoreRelease(ref _nextDeadline, _root == null ? long.MaxValue : _root->Deadline);
}
