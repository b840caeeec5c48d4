namespace Troupe.Smp.Kernel.Scheduling;

/// <summary>One band of a run queue: the threads that wait in it, oldest first, and the weighted time the band has had.</summary>
public unsafe struct BandQueue
{
    /// <summary>The thread that runs next.</summary>
    public KernelThread* Head;

    /// <summary>The thread that came last.</summary>
    public KernelThread* Tail;

    /// <summary>Nanoseconds run, times the band's multiplier (docs/scheduling.md): the band with the least is served.</summary>
    public long VirtualTime;

    /// <summary>Puts a thread at the end.</summary>
    public void Append(KernelThread* thread)
    {
        thread->Next = null;
        thread->Previous = Tail;
        if (Tail == null)
        {
            Head = thread;
        }
        else
        {
            Tail->Next = thread;
        }

        Tail = thread;
    }

    /// <summary>Puts a thread at the front.</summary>
    public void Prepend(KernelThread* thread)
    {
        thread->Previous = null;
        thread->Next = Head;
        if (Head == null)
        {
            Tail = thread;
        }
        else
        {
            Head->Previous = thread;
        }

        Head = thread;
    }

    /// <summary>Takes out a thread that is in this list.</summary>
    public void Unlink(KernelThread* thread)
    {
        if (thread->Previous == null)
        {
            Head = thread->Next;
        }
        else
        {
            thread->Previous->Next = thread->Next;
        }

        if (thread->Next == null)
        {
            Tail = thread->Previous;
        }
        else
        {
            thread->Next->Previous = thread->Previous;
        }

        thread->Next = null;
        thread->Previous = null;
    }
}
