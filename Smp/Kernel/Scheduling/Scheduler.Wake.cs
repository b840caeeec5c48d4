using System.Numerics;
using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel.Scheduling;

/// <content>Making threads ready and waking the processors for them.</content>
public unsafe partial struct Scheduler<TMemory, TProcessors>
{
    /// <summary>
    /// Makes a thread ready that the caller owns: a new one, or a blocked one taken out of its bucket or timer queue.
    /// The caller must not touch it afterwards. Takes run-queue locks; may be called with bucket and timer locks free only.
    /// </summary>
    public void MakeReady(KernelThread* thread)
    {
        int here = TProcessors.Current;
        _processors[here].Counters.Wakeups++;
        int id = thread->Id;
        thread->SliceUsed = 0;
        while (true)
        {
            ulong affinity = ThreadAffinity.Effective<TProcessors>(ThreadAffinity.Read<TMemory>(thread));
            int target = ChooseProcessor(thread->Processor, affinity, out bool claimed);
            var processor = _processors + target;
            processor->Queue.Acquire();
            bool queued = TryEnqueue(processor, target, thread, TProcessors.Now, front: false);
            if (!queued)
                TMemory.StoreRelease(ref thread->State, (int)ThreadState.Blocked);
            bool preempts = queued && processor->Queue.Preempts(thread->QueuedBand);
            processor->Queue.Release();

            TMemory.FullFence();
            Notify(here, target, claimed, preempts);
            if (!queued)
                continue;
            if (!claimed)
                WakeIdle(affinity & ~(1UL << target));
            if (_madeReady != null)
                _madeReady(id, target);
            return;
        }
    }

    /// <summary>Links a thread into a queue whose lock is held.</summary>
    /// <returns>False: the affinity has changed meanwhile; the thread is not linked and its state is for the caller to mend.</returns>
    private static bool TryEnqueue(SchedulerProcessor<TMemory, TProcessors>* processor, int index, KernelThread* thread, long now, bool front)
    {
        // Full fence between the state and the reads: whoever changes band or affinity writes them first and reads the state
        // afterwards, so that one of the two sees the other.
        TMemory.StoreRelease(ref thread->Processor, index);
        TMemory.Exchange(ref thread->State, (int)ThreadState.Ready);
        if (!ThreadAffinity.Allows<TMemory, TProcessors>(thread, index))
            return false;
        int band = TMemory.LoadAcquire(ref thread->Band);
        if (front)
            processor->Queue.EnqueueFront(thread, band, now);
        else
            processor->Queue.Enqueue(thread, band, now);
        return true;
    }

    /// <summary>The processor the thread ran on if that is idle; else an idle one; else the one it ran on; else the shortest queue.</summary>
    /// <param name="last">Where the thread ran last.</param>
    /// <param name="affinity">Processors online that the thread may run on.</param>
    /// <param name="claimed">The processor was idle and is ours to wake.</param>
    private int ChooseProcessor(int last, ulong affinity, out bool claimed)
    {
        claimed = true;
        bool lastAllowed = (affinity & (1UL << last)) != 0;
        if (lastAllowed && TryClaim(last))
            return last;
        ulong idle = ReadIdle() & affinity;
        while (idle != 0)
        {
            int candidate = BitOperations.TrailingZeroCount(idle);
            if (TryClaim(candidate))
                return candidate;
            idle &= idle - 1;
        }

        claimed = false;
        if (lastAllowed)
            return last;
        int shortest = BitOperations.TrailingZeroCount(affinity);
        for (ulong rest = affinity & (affinity - 1); rest != 0; rest &= rest - 1)
        {
            int candidate = BitOperations.TrailingZeroCount(rest);
            if (_processors[candidate].Queue.Length < _processors[shortest].Queue.Length)
                shortest = candidate;
        }

        return shortest;
    }

    /// <summary>Tells a processor that its queue has changed. A full fence lies between the change and this call.</summary>
    private readonly void Notify(int here, int target, bool claimed, bool preempts)
    {
        if (target == here)
        {
            _processors[target].Attention = 1;
            return;
        }

        ref int mode = ref _processors[target].Mode;
        bool interrupt = claimed;
        if (!claimed)
        {
            int seen = TMemory.LoadAcquire(ref mode);
            interrupt = seen switch
            {
                ProcessorMode.Idle => TMemory.CompareExchange(ref mode, ProcessorMode.Waking, ProcessorMode.Idle) == ProcessorMode.Idle,
                ProcessorMode.Alone => preempts
                    || TMemory.CompareExchange(ref mode, ProcessorMode.Sharing, ProcessorMode.Alone) == ProcessorMode.Alone,
                ProcessorMode.Sharing => preempts,
                _ => false,
            };
        }

        if (interrupt)
            Interrupt(here, target);
    }

    /// <summary>Wakes one idle processor of a set, so that it steals. A full fence lies between the enqueuing and this call.</summary>
    private void WakeIdle(ulong candidates)
    {
        if (candidates == 0)
            return;
        ulong idle = ReadIdle() & candidates;
        while (idle != 0)
        {
            int candidate = BitOperations.TrailingZeroCount(idle);
            if (TryClaim(candidate))
            {
                int here = TProcessors.Current;
                if (candidate == here)
                    _processors[here].Attention = 1;
                else
                    Interrupt(here, candidate);
                return;
            }

            idle &= idle - 1;
        }
    }

    private readonly bool TryClaim(int processor)
    {
        ref int mode = ref _processors[processor].Mode;
        return TMemory.LoadAcquire(ref mode) == ProcessorMode.Idle
            && TMemory.CompareExchange(ref mode, ProcessorMode.Waking, ProcessorMode.Idle) == ProcessorMode.Idle;
    }

    private readonly void Interrupt(int here, int target)
    {
        _processors[here].Counters.InterruptsSent++;
        TProcessors.Interrupt(target, ProcessorInterrupt.Reschedule);
    }

    private ulong ReadIdle() => (ulong)TMemory.LoadAcquire(ref _idle);
}
