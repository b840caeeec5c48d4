namespace Troupe.Smp.Kernel.Waiting;

/// <content>Plain sleeps, and how waits end without a wake: by deadline and by signal.</content>
public unsafe partial struct FutexTable<TMemory, TProcessors, TUser>
{
    /// <summary>
    /// clock_nanosleep, pause: puts the processor's current thread to sleep until a deadline (<see cref="long.MaxValue"/>: until a signal).
    /// On <see cref="WaitStatus.Done"/> it is no longer the caller's, and PickNext follows.
    /// </summary>
    public WaitStatus Sleep(int processor, long deadline, long now)
    {
        if (deadline <= now)
            return WaitStatus.TimedOut;
        KernelThread* thread = _scheduler->Current(processor);
        ref var timers = ref _scheduler->Processor(processor)->Timers;
        timers.Acquire();
        BeginWait(processor, thread, now);

        // In the queue before it is seen to be Blocked: a signal's sender that sees Blocked finds the thread here.
        timers.Insert(thread, processor, deadline);
        bool sleeps = Sleeps(thread);
        if (!sleeps)
            timers.Remove(thread);
        timers.Release();
        if (sleeps)
            return WaitStatus.Done;
        _scheduler->Attach(processor, thread);
        return WaitStatus.Interrupted;
    }

    /// <summary>
    /// Ends the wait of a thread for a signal that has just been set pending (with a full fence). Any processor may call.
    /// </summary>
    /// <returns>
    /// False: the thread was not waiting, or somebody else has just ended its wait. It looks at its signals before it next waits;
    /// if it is running, the sender interrupts its processor.
    /// </returns>
    public bool CancelWait(KernelThread* thread, long result)
    {
        while (TMemory.LoadAcquire(ref thread->State) == (int)ThreadState.Blocked)
        {
            ulong address = LoadFutexAddress(thread);
            if (address != 0)
            {
                var bucket = Bucket(address);
                bucket->Lock.Acquire();
                bool here = LoadFutexAddress(thread) == address;
                if (here)
                    Claim(bucket, thread, result);
                bucket->Lock.Release();
                if (here)
                {
                    _scheduler->MakeReady(thread);
                    return true;
                }

                continue;
            }

            int at = TMemory.LoadAcquire(ref thread->TimerProcessor);
            if (at < 0)
                return false;
            ref var timers = ref _scheduler->Processor(at)->Timers;
            timers.Acquire();
            bool sleeps = TMemory.LoadAcquire(ref thread->TimerProcessor) == at && LoadFutexAddress(thread) == 0;
            if (sleeps)
            {
                timers.Remove(thread);
                thread->Registers.Rax = (ulong)result;
            }

            timers.Release();
            if (sleeps)
            {
                _scheduler->MakeReady(thread);
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Ends the waits whose deadline has come, of threads that went to sleep on this processor. Called by the timer interrupt, before
    /// Scheduler.OnTimer. Bounded: what is left is due at once, and the timer armed for it fires again.
    /// </summary>
    /// <returns>How many threads were made ready.</returns>
    public int Expire(int processor, long now)
    {
        ref var timers = ref _scheduler->Processor(processor)->Timers;
        int woken = 0;
        for (int expired = 0; expired < Batch && timers.NextDeadline <= now; expired++)
        {
            timers.Acquire();
            KernelThread* thread = timers.PeekExpired(now);
            if (thread == null)
            {
                timers.Release();
                break;
            }

            // While the thread is armed its wait lasts, so these belong together.
            int sequence = thread->WaitSequence;
            bool sleeps = LoadFutexAddress(thread) == 0;
            timers.Remove(thread);
            if (sleeps)
                thread->Registers.Rax = unchecked((ulong)WaitResult.Woken);
            timers.Release();

            if (sleeps)
            {
                _scheduler->MakeReady(thread);
                woken++;
            }
            else if (TimeOut(thread, sequence))
            {
                woken++;
            }
        }

        return woken;
    }

    /// <summary>
    /// The end of a futex wait that was taken off the clock with no lock held since: a waker may have been faster, and the thread may be in
    /// another wait by now, or its block in another thread's hands. The sequence number tells.
    /// </summary>
    private readonly bool TimeOut(KernelThread* thread, int sequence)
    {
        while (true)
        {
            ulong address = LoadFutexAddress(thread);
            if (address == 0)
                return false;
            var bucket = Bucket(address);
            bucket->Lock.Acquire();
            bool here = LoadFutexAddress(thread) == address;
            bool ours = here && TMemory.LoadAcquire(ref thread->WaitSequence) == sequence;
            if (ours)
                Claim(bucket, thread, WaitResult.TimedOut);
            bucket->Lock.Release();
            if (ours)
                _scheduler->MakeReady(thread);
            if (here)
                return ours;
        }
    }

    private readonly void BeginWait(int processor, KernelThread* thread, long now)
    {
        TMemory.StoreRelease(ref thread->WaitSequence, thread->WaitSequence + 1);
        _scheduler->Detach(processor, now);
    }

    /// <summary>
    /// Blocks a thread that stands in its bucket or timer queue, whose lock is held, unless a signal is waiting for it.
    /// The sender sets the signal and then reads the state, both with a full fence between: one of the two sees the other.
    /// </summary>
    private static bool Sleeps(KernelThread* thread)
    {
        TMemory.Exchange(ref thread->State, (int)ThreadState.Blocked);
        long pending = TMemory.LoadAcquire(ref thread->PendingSignals);
        if ((pending & ~(long)thread->SignalMask) == 0)
            return true;
        TMemory.StoreRelease(ref thread->State, (int)ThreadState.Running);
        return false;
    }

    private readonly void CancelTimer(KernelThread* thread)
    {
        while (true)
        {
            int at = TMemory.LoadAcquire(ref thread->TimerProcessor);
            if (at < 0)
                return;
            ref var timers = ref _scheduler->Processor(at)->Timers;
            timers.Acquire();
            bool here = TMemory.LoadAcquire(ref thread->TimerProcessor) == at;
            if (here)
                timers.Remove(thread);
            timers.Release();
            if (here)
                return;
        }
    }
}
