using Troupe.Core.Machine;
using Troupe.Core.Memory;
using Troupe.Smp.Kernel.Scheduling;

namespace Troupe.Smp.Kernel.Waiting;

/// <summary>
/// futex(2): hashed buckets, each with its lock (wait, wake, requeue), and the other ways out of a wait: deadline and signal.
/// Lives in memory that does not move. Lock order: bucket, then timer queue; threads are made ready with neither held.
/// </summary>
/// <remarks>
/// Who takes a thread out of its bucket (under the bucket's lock), or, for a plain sleep, out of its timer queue (under that lock), has
/// claimed it: exactly one of wake, deadline and signal does. A thread is in a timer queue only while its wait lasts: the claim of a futex
/// waiter cancels the timer before it clears <see cref="KernelThread.FutexAddress"/>, so "armed, and no futex address" means a plain sleep.
/// </remarks>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="TProcessors">The platform seam.</typeparam>
/// <typeparam name="TUser">Reads the user's word.</typeparam>
public unsafe partial struct FutexTable<TMemory, TProcessors, TUser>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
    where TUser : struct, IUserWord
{
    /// <summary>FUTEX_BITSET_MATCH_ANY.</summary>
    public const uint AnyBit = uint.MaxValue;

    /// <summary>Number of buckets: a power of two.</summary>
    public const int Buckets = 1 << BucketBits;

    private const int BucketBits = 8;

    /// <summary>
    /// The most threads woken, moved or timed out by one call, and in one hold of a bucket's lock: each costs some 500 instructions with interrupts off.
    /// </summary>
    private const int Batch = 64;

    private FutexBucket<TMemory, TProcessors>* _buckets;
    private Scheduler<TMemory, TProcessors>* _scheduler;

    /// <summary>Bytes of memory for <see cref="Initialize"/>.</summary>
    public static int MemoryRequired => Buckets * FutexBucket<TMemory, TProcessors>.Size;

    /// <summary>Sets up an empty table.</summary>
    /// <param name="memory"><see cref="MemoryRequired"/> zero bytes, aligned to 64.</param>
    /// <param name="scheduler">Makes threads ready, and has the timer queues.</param>
    public void Initialize(void* memory, Scheduler<TMemory, TProcessors>* scheduler)
    {
        _buckets = (FutexBucket<TMemory, TProcessors>*)memory;
        _scheduler = scheduler;
    }

    /// <summary>
    /// FUTEX_WAIT_BITSET: puts the processor's current thread to sleep if the word holds what is expected. On <see cref="WaitStatus.Done"/>
    /// it is no longer the caller's: it may be running elsewhere already, and PickNext follows. Otherwise it goes on.
    /// </summary>
    /// <param name="processor">The calling processor.</param>
    /// <param name="address">The word's address.</param>
    /// <param name="expected">What it must hold.</param>
    /// <param name="bitset">Which wakers it listens to; not 0.</param>
    /// <param name="deadline">When to give up, nanoseconds since boot, or <see cref="long.MaxValue"/>.</param>
    /// <param name="now">The time.</param>
    public WaitStatus Wait(int processor, ulong address, uint expected, uint bitset, long deadline, long now)
    {
        KernelThread* thread = _scheduler->Current(processor);
        var bucket = Bucket(address);
        bucket->Lock.Acquire();
        WaitStatus refusal = !TUser.TryRead(address, out uint value) ? WaitStatus.Faulted
            : value != expected ? WaitStatus.ValueChanged
            : deadline <= now ? WaitStatus.TimedOut
            : WaitStatus.Done;
        if (refusal != WaitStatus.Done)
        {
            bucket->Lock.Release();
            return refusal;
        }

        BeginWait(processor, thread, now);
        thread->FutexBitset = bitset;
        bucket->Append(thread, address);
        if (!Sleeps(thread))
        {
            bucket->Unlink(thread);
            StoreFutexAddress(thread, 0);
            bucket->Lock.Release();
            _scheduler->Attach(processor, thread);
            return WaitStatus.Interrupted;
        }

        if (deadline != long.MaxValue)
        {
            ref var timers = ref _scheduler->Processor(processor)->Timers;
            timers.Acquire();
            timers.Insert(thread, processor, deadline);
            timers.Release();
        }

        bucket->Lock.Release();
        return WaitStatus.Done;
    }

    /// <summary>FUTEX_WAKE_BITSET: wakes up to <paramref name="count"/> of the waiters whose bitset has a bit in common, longest waiting first.</summary>
    /// <returns>How many were woken.</returns>
    public int Wake(ulong address, int count, uint bitset)
    {
        int woken = 0;
        int budget = -1;
        bool isDone = false;
        while (!isDone)
            woken += WakeSome(address, count - woken, bitset, ref budget, out isDone);
        return woken;
    }

    /// <summary>A piece of <see cref="Wake"/>, bounded but for the waiters of other futexes that it passes over.</summary>
    /// <param name="address">The word's address.</param>
    /// <param name="count">How many to wake at most.</param>
    /// <param name="bitset">Whom to wake.</param>
    /// <param name="budget">-1 before the first piece; then how many may still be woken: threads that come back to wait meanwhile are not part of the call.</param>
    /// <param name="isDone">False: call again for the rest.</param>
    /// <returns>How many were woken.</returns>
    public int WakeSome(ulong address, int count, uint bitset, ref int budget, out bool isDone)
    {
        var bucket = Bucket(address);
        var claimed = default(ThreadList);
        int woken = 0;
        bucket->Lock.Acquire();
        budget = budget < 0 ? bucket->Count : budget;
        KernelThread* thread = bucket->Head;
        while (thread != null && woken < count && woken < Batch && woken < budget)
        {
            KernelThread* next = thread->Next;
            if (thread->FutexAddress == address && (thread->FutexBitset & bitset) != 0)
            {
                Claim(bucket, thread, WaitResult.Woken);
                claimed.Append(thread);
                woken++;
            }

            thread = next;
        }

        bucket->Lock.Release();
        MakeReady(ref claimed);
        budget -= woken;
        isDone = woken < Batch || woken == count || budget == 0;
        return woken;
    }

    /// <summary>
    /// FUTEX_REQUEUE and FUTEX_CMP_REQUEUE: wakes some of a futex's waiters and makes others wait on another futex; a bounded piece of that,
    /// but for the waiters of other futexes that it passes over.
    /// </summary>
    /// <param name="address">The futex now waited on.</param>
    /// <param name="target">The futex to wait on then.</param>
    /// <param name="wakeCount">How many to wake at most.</param>
    /// <param name="requeueCount">How many to move at most.</param>
    /// <param name="compare">Whether the first word must hold <paramref name="expected"/> when the call begins.</param>
    /// <param name="expected">What it must hold.</param>
    /// <param name="progress">Default before the first piece; then how many were woken and moved.</param>
    /// <param name="isDone">False: call again for the rest.</param>
    public WaitStatus Requeue(
        ulong address, ulong target, int wakeCount, int requeueCount, bool compare, uint expected, ref RequeueProgress progress, out bool isDone)
    {
        var from = Bucket(address);
        var to = Bucket(target);
        var claimed = default(ThreadList);
        int batch = 0;
        WaitStatus status = WaitStatus.Done;

        // Two locks of one rank: lower address first.
        var first = from < to ? from : to;
        var second = from < to ? to : from;
        first->Lock.Acquire();
        if (second != first)
            second->Lock.Acquire();

        if (!progress.HasBegun)
        {
            uint value = expected;
            if (compare && !TUser.TryRead(address, out value))
                status = WaitStatus.Faulted;
            else if (compare && value != expected)
                status = WaitStatus.ValueChanged;
            else
                progress.Begin(from->Count);
        }

        KernelThread* thread = status == WaitStatus.Done ? from->Head : null;
        while (thread != null && batch < Batch && progress.Left > 0 && (progress.Woken < wakeCount || progress.Moved < requeueCount))
        {
            KernelThread* next = thread->Next;
            if (thread->FutexAddress == address)
            {
                progress.Left--;
                if (progress.Woken < wakeCount)
                {
                    Claim(from, thread, WaitResult.Woken);
                    claimed.Append(thread);
                    progress.Woken++;
                    batch++;
                }
                else
                {
                    progress.Moved++;
                    if (target != address)
                    {
                        from->Unlink(thread);
                        to->Append(thread, target);
                        batch++;
                    }
                }
            }

            thread = next;
        }

        if (second != first)
            second->Lock.Release();
        first->Lock.Release();
        MakeReady(ref claimed);
        isDone = batch < Batch || progress.Left == 0 || (progress.Woken >= wakeCount && progress.Moved >= requeueCount);
        return status;
    }

    /// <summary>How many threads wait in an address's bucket: for tests and the panic path.</summary>
    public readonly int WaitersNear(ulong address) => Bucket(address)->Count;

    /// <summary>Fibonacci hashing (Knuth, vol. 3, 6.4); words are 4-byte aligned.</summary>
    private readonly FutexBucket<TMemory, TProcessors>* Bucket(ulong address) =>
        _buckets + (int)(((address >> 2) * 0x9E3779B97F4A7C15UL) >> (64 - BucketBits));

    /// <summary>Takes a waiter out of its bucket, whose lock is held, and stops its clock: the thread is the caller's to make ready.</summary>
    private readonly void Claim(FutexBucket<TMemory, TProcessors>* bucket, KernelThread* thread, long result)
    {
        bucket->Unlink(thread);
        CancelTimer(thread);
        StoreFutexAddress(thread, 0);
        thread->Registers.Rax = (ulong)result;
    }

    private readonly void MakeReady(ref ThreadList claimed)
    {
        for (KernelThread* thread = claimed.Take(); thread != null; thread = claimed.Take())
            _scheduler->MakeReady(thread);
    }

    private static void StoreFutexAddress(KernelThread* thread, ulong address) =>
        TMemory.StoreRelease(ref *(long*)&thread->FutexAddress, (long)address);

    private static ulong LoadFutexAddress(KernelThread* thread) =>
        (ulong)TMemory.LoadAcquire(ref *(long*)&thread->FutexAddress);
}
