namespace Troupe.Smp.Kernel.Scheduling;

/// <content>Moving threads between processors, bands and affinities.</content>
public unsafe partial struct Scheduler<TMemory, TProcessors>
{
    /// <summary>setpriority: puts a thread into another band, whatever it is doing and wherever; any processor may call.</summary>
    public void SetBand(KernelThread* thread, Band band)
    {
        TMemory.Exchange(ref thread->Band, (int)band);
        while (true)
        {
            int state = TMemory.LoadAcquire(ref thread->State);
            int at = TMemory.LoadAcquire(ref thread->Processor);
            if (state == (int)ThreadState.Running)
            {
                RequestAttention(at);
                return;
            }

            if (state != (int)ThreadState.Ready)
                return; // the next enqueuing reads the new band

            var processor = _processors + at;
            processor->Queue.Acquire();
            if (processor->Queue.Contains(thread))
            {
                int wanted = TMemory.LoadAcquire(ref thread->Band);
                bool preempts = false;
                if (thread->QueuedBand != wanted)
                {
                    processor->Queue.Remove(thread);
                    processor->Queue.Enqueue(thread, wanted, TProcessors.Now);
                    preempts = processor->Queue.Preempts(wanted);
                }

                processor->Queue.Release();
                if (preempts)
                    RequestAttention(at);
                return;
            }

            processor->Queue.Release();
        }
    }

    /// <summary>sched_setaffinity: says where a thread may run, and moves it if it is elsewhere; any processor may call.</summary>
    public void SetAffinity(KernelThread* thread, ulong affinity)
    {
        TMemory.Exchange(ref *(long*)&thread->Affinity, (long)affinity);
        while (true)
        {
            int state = TMemory.LoadAcquire(ref thread->State);
            int at = TMemory.LoadAcquire(ref thread->Processor);
            if (state == (int)ThreadState.Running)
            {
                if (!ThreadAffinity.Allows<TMemory, TProcessors>(thread, at))
                    RequestAttention(at);
                return;
            }

            if (state != (int)ThreadState.Ready)
                return; // the next enqueuing reads the new mask

            var processor = _processors + at;
            processor->Queue.Acquire();
            if (processor->Queue.Contains(thread))
            {
                bool move = !ThreadAffinity.Allows<TMemory, TProcessors>(thread, at);
                if (move)
                {
                    processor->Queue.Remove(thread);
                    TMemory.StoreRelease(ref thread->State, (int)ThreadState.Blocked);
                }

                processor->Queue.Release();
                if (move)
                    MakeReady(thread);
                return;
            }

            // It left this queue between the look and the lock.
            processor->Queue.Release();
        }
    }

    /// <summary>Makes a processor call PickNext soon.</summary>
    public readonly void RequestAttention(int processor)
    {
        int here = TProcessors.Current;
        if (processor == here)
            _processors[here].Attention = 1;
        else
            Interrupt(here, processor);
    }

    private readonly bool AnyoneWaits()
    {
        int count = TProcessors.Count;
        for (int processor = 0; processor < count; processor++)
        {
            if (_processors[processor].Queue.Length != 0)
                return true;
        }

        return false;
    }

    /// <summary>
    /// Takes a thread from the longest queue that has one for this processor, and runs it. If <paramref name="yielding"/> is given,
    /// that thread is the current one and goes on this processor's queue.
    /// </summary>
    private KernelThread* TrySteal(SchedulerProcessor<TMemory, TProcessors>* self, int thief, long now, KernelThread* yielding)
    {
        int count = TProcessors.Count;
        int longest = -1;
        int length = 0;
        for (int step = 1; step < count; step++)
        {
            int victim = (thief + step) % count;
            int waiting = _processors[victim].Queue.Length;
            if (waiting > length)
            {
                length = waiting;
                longest = victim;
            }
        }

        if (longest < 0)
            return null;
        KernelThread* stolen = StealFrom(longest, thief, now);
        for (int step = 1; stolen == null && step < count; step++)
        {
            int victim = (thief + step) % count;
            if (victim != longest && _processors[victim].Queue.Length != 0)
                stolen = StealFrom(victim, thief, now);
        }

        if (stolen == null)
            return null;

        self->Counters.Steals++;
        self->Counters.ContextSwitches++;
        self->Current = stolen;
        self->Queue.Acquire();
        bool queued = true;
        ulong affinity = 0;
        if (yielding != null)
        {
            yielding->SliceUsed = 0;
            affinity = ThreadAffinity.Effective<TProcessors>(ThreadAffinity.Read<TMemory>(yielding));
            queued = TryEnqueue(self, thief, yielding, now, front: false);
            if (!queued)
                TMemory.StoreRelease(ref yielding->State, (int)ThreadState.Blocked);
        }

        self->Queue.Serve(TMemory.LoadAcquire(ref stolen->Band), now);
        self->Queue.Release();
        if (!queued)
            MakeReady(yielding);
        else
            WakeIdle(affinity & ~(1UL << thief));
        return stolen;
    }

    private readonly KernelThread* StealFrom(int victim, int thief, long now)
    {
        var processor = _processors + victim;
        processor->Queue.Acquire();
        KernelThread* thread = processor->Queue.Steal(thief);
        if (thread != null)
        {
            TMemory.StoreRelease(ref thread->Processor, thief);
            TMemory.StoreRelease(ref thread->State, (int)ThreadState.Running);
            thread->RunningSince = now;
        }

        processor->Queue.Release();
        return thread;
    }

    /// <summary>
    /// Hands the longest waiter to the processor with the least to do, if that has less to do than this one. With a difference of one
    /// the surplus changes sides: three busy threads on two processors take turns, and nobody keeps the bad seat.
    /// </summary>
    private void Balance(SchedulerProcessor<TMemory, TProcessors>* self, int processor, long now)
    {
        int count = TProcessors.Count;
        int target = -1;
        int least = self->Queue.Length;
        for (int step = 1; step < count; step++)
        {
            // The running thread counts on both sides. An idle processor would have stolen what it may run.
            int candidate = (processor + step) % count;
            int mode = TMemory.LoadAcquire(ref _processors[candidate].Mode);
            if (mode != ProcessorMode.Alone && mode != ProcessorMode.Sharing)
                continue;
            int waiting = _processors[candidate].Queue.Length;
            if (waiting < least)
            {
                least = waiting;
                target = candidate;
            }
        }

        if (target < 0)
            return;

        var receiver = _processors + target;
        bool preempts = false;
        bool moved = false;
        self->Queue.Acquire();

        // The second lock of the same rank is only tried, so that no circle can close.
        if (receiver->Queue.TryAcquire())
        {
            KernelThread* thread = self->Queue.Steal(target);
            if (thread != null)
            {
                // Ready all along, under both locks: nobody sees it between the queues.
                TMemory.StoreRelease(ref thread->Processor, target);
                receiver->Queue.Enqueue(thread, thread->QueuedBand, now);
                preempts = receiver->Queue.Preempts(thread->QueuedBand);
                moved = true;
            }

            receiver->Queue.Release();
        }

        self->Queue.Release();
        if (!moved)
            return;
        self->Counters.Migrations++;
        TMemory.FullFence();
        Notify(processor, target, claimed: false, preempts);
    }
}
