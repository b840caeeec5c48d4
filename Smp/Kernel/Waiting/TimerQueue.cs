using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel.Waiting;

/// <summary>
/// The deadlines of one processor's sleepers: an intrusive pairing heap (Fredman, Sedgewick, Sleator, Tarjan, 1986) whose links
/// are in <see cref="KernelThread"/>. The processor arms its own; any processor may cancel.
/// </summary>
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
        thread->TimerChild = null;
        thread->TimerSibling = null;
        thread->TimerPrevious = null;
        _root = _root == null ? thread : Meld(_root, thread);
        _count++;
        Publish();
        TMemory.StoreRelease(ref thread->TimerProcessor, processor);
    }

    /// <summary>Takes out a thread that is in this queue. Needs the lock.</summary>
    public void Remove(KernelThread* thread)
    {
        KernelThread* children = MeldPairs(thread->TimerChild);
        if (thread == _root)
        {
            _root = children;
        }
        else
        {
            // TimerPrevious is the parent for a first child, else the sibling before.
            if (thread->TimerPrevious->TimerChild == thread)
                thread->TimerPrevious->TimerChild = thread->TimerSibling;
            else
                thread->TimerPrevious->TimerSibling = thread->TimerSibling;
            if (thread->TimerSibling != null)
                thread->TimerSibling->TimerPrevious = thread->TimerPrevious;
            if (children != null)
                _root = Meld(_root, children);
        }

        thread->TimerChild = null;
        thread->TimerSibling = null;
        thread->TimerPrevious = null;
        _count--;
        Publish();
        TMemory.StoreRelease(ref thread->TimerProcessor, -1);
    }

    /// <summary>The thread whose deadline is earliest, if that is not after <paramref name="now"/>. Needs the lock.</summary>
    public readonly KernelThread* PeekExpired(long now) => _root != null && _root->Deadline <= now ? _root : null;

    /// <summary>Joins two heaps whose roots have no siblings; on a tie <paramref name="first"/> stays above.</summary>
    private static KernelThread* Meld(KernelThread* first, KernelThread* second)
    {
        if (second->Deadline < first->Deadline)
        {
            KernelThread* swap = first;
            first = second;
            second = swap;
        }

        second->TimerPrevious = first;
        second->TimerSibling = first->TimerChild;
        if (first->TimerChild != null)
            first->TimerChild->TimerPrevious = second;
        first->TimerChild = second;
        first->TimerSibling = null;
        first->TimerPrevious = null;
        return first;
    }

    /// <summary>The two passes: joins neighbours from the left, then the pairs from the right.</summary>
    private static KernelThread* MeldPairs(KernelThread* list)
    {
        KernelThread* pairs = null;
        while (list != null)
        {
            KernelThread* first = list;
            KernelThread* second = first->TimerSibling;
            list = second == null ? null : second->TimerSibling;
            first->TimerSibling = null;
            first->TimerPrevious = null;
            if (second != null)
            {
                second->TimerSibling = null;
                second->TimerPrevious = null;
                first = Meld(first, second);
            }

            first->TimerSibling = pairs;
            pairs = first;
        }

        KernelThread* root = null;
        while (pairs != null)
        {
            KernelThread* next = pairs->TimerSibling;
            pairs->TimerSibling = null;
            root = root == null ? pairs : Meld(root, pairs);
            pairs = next;
        }

        return root;
    }

    private void Publish() => TMemory.StoreRelease(ref _nextDeadline, _root == null ? long.MaxValue : _root->Deadline);
}
