namespace Troupe.Smp.Kernel.Waiting;

/// <summary>Threads that a waker has claimed under a lock and will make ready without it, in order, linked through their queue links.</summary>
internal unsafe struct ThreadList
{
    private KernelThread* _head;
    private KernelThread* _tail;

    /// <summary>Adds at the end a thread that is in no queue.</summary>
    public void Append(KernelThread* thread)
    {
        thread->Next = null;
        if (_tail == null)
            _head = thread;
        else
            _tail->Next = thread;
        _tail = thread;
    }

    /// <summary>Takes the first, or null.</summary>
    public KernelThread* Take()
    {
        KernelThread* thread = _head;
        if (thread != null)
        {
            _head = thread->Next;
            _tail = _head == null ? null : _tail;
            thread->Next = null;
        }

        return thread;
    }
}
