using System.Runtime.InteropServices;
using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel.Waiting;

/// <summary>The waiters of all futexes that hash alike, in order of arrival: one cache line.</summary>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="TProcessors">The platform seam.</typeparam>
[StructLayout(LayoutKind.Sequential, Size = Size)]
public unsafe struct FutexBucket<TMemory, TProcessors>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
{
    /// <summary>Bytes.</summary>
    public const int Size = 64;

    /// <summary>Guards the list and the wait fields of the threads in it.</summary>
    public SpinLock<TMemory, TProcessors> Lock;

    /// <summary>How many wait.</summary>
    public int Count;

    /// <summary>Who has waited longest.</summary>
    public KernelThread* Head;

    /// <summary>Who came last.</summary>
    public KernelThread* Tail;

    /// <summary>Adds a waiter and says what it waits for. Needs the lock.</summary>
    public void Append(KernelThread* thread, ulong address)
    {
        thread->Next = null;
        thread->Previous = Tail;
        if (Tail == null)
            Head = thread;
        else
            Tail->Next = thread;
        Tail = thread;
        Count++;
        TMemory.StoreRelease(ref *(long*)&thread->FutexAddress, (long)address);
    }

    /// <summary>Takes a waiter out; its FutexAddress is for the caller to change. Needs the lock.</summary>
    public void Unlink(KernelThread* thread)
    {
        if (thread->Previous == null)
            Head = thread->Next;
        else
            thread->Previous->Next = thread->Next;
        if (thread->Next == null)
            Tail = thread->Previous;
        else
            thread->Next->Previous = thread->Previous;
        thread->Next = null;
        thread->Previous = null;
        Count--;
    }
}
