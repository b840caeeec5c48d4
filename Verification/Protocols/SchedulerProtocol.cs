using Troupe.Core.Machine;
using Troupe.Core.Memory;
using Troupe.Smp.Kernel;
using Troupe.Smp.Kernel.Scheduling;
using ThreadState = Troupe.Smp.Kernel.ThreadState;

namespace Troupe.Verification.Protocols;

/// <summary>A kernel scheduler with a few processors and threads, ready for a protocol.</summary>
internal abstract unsafe class SchedulerProtocol<TMemory, TWorld> : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private int _threads;

    protected SchedulerProtocol(int processors)
    {
        Scheduler = (Scheduler<TMemory, TWorld>*)Allocate(sizeof(Scheduler<TMemory, TWorld>));
        var table = (ThreadTable<TMemory, TWorld>*)Allocate(sizeof(ThreadTable<TMemory, TWorld>));
        Scheduler->Initialize(Allocate(Scheduler<TMemory, TWorld>.MemoryRequired(processors)), processors, table);
    }

    protected Scheduler<TMemory, TWorld>* Scheduler { get; }

    protected KernelThread* NewThread(int processor, ulong affinity)
    {
        var thread = (KernelThread*)Allocate(KernelThread.Size);
        thread->Id = ++_threads;
        thread->Band = (int)Band.Normal;
        thread->Affinity = affinity;
        thread->Processor = processor;
        thread->State = (int)ThreadState.Blocked;
        thread->TimerProcessor = -1;
        return thread;
    }

    /// <summary>Starts a processor, idle or running a thread.</summary>
    protected void Start(int processor, KernelThread* current) =>
        Scheduler->StartProcessor(processor, NewThread(processor, ulong.MaxValue), current);

    /// <summary>What a processor does while it has nothing to run: pick, halt, be interrupted, pick again.</summary>
    protected KernelThread* RunUntilThread(int processor, Func<bool>? beforeHalt = null)
    {
        while (true)
        {
            var next = Scheduler->PickNext(processor, TWorld.Now);
            if (next != Scheduler->Processor(processor)->Idle) return next;
            if (beforeHalt is not null && beforeHalt()) continue;
            TWorld.Halt();
            if (TWorld.Take(ProcessorInterrupt.Reschedule)) Scheduler->OnReschedule(processor);
        }
    }
}
