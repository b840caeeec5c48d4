using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// What belongs to a processor, whichever thread works on it: where it parks, what was sent to its pinned actors, and which
/// thread that is.
/// </summary>
internal sealed class Worker
{
    private readonly IParker _parker;
    private LinkedInbox<ActorCell, ProcessorMemory> _pinnedInbox;
    private WorkerThread? _holder;

    internal Worker(ActorScheduler scheduler, IWorkerHost host, int processor)
    {
        Processor = processor;
        _parker = host.CreateParker(processor);
        _holder = new WorkerThread(scheduler, host, this);
    }

    internal int Processor { get; }

    /// <summary>The thread that holds the processor, or is about to start.</summary>
    internal WorkerThread Holder => ProcessorMemory.LoadAcquire(ref _holder)!;

    /// <summary>The run queue of the thread that holds the processor.</summary>
    internal RunQueue<ReadyCell, ProcessorMemory> Local => Holder.Local;

    internal bool HasPinned => _pinnedInbox.HasItems;

    internal void Unpark() => _parker.Unpark();

    /// <summary>The holder only.</summary>
    internal void Park(TimeSpan timeout) => _parker.Park(timeout);

    /// <summary>Queues an actor pinned to this processor. Any thread; the caller wakes the processor.</summary>
    internal void PushPinned(ActorCell cell) => _pinnedInbox.Push(cell);

    /// <summary>The holder only.</summary>
    internal ActorCell? TakePinned() => _pinnedInbox.TakeAll();

    /// <summary>Gives the processor to another thread, which is started next. The monitor, after the holder has lost its lease.</summary>
    internal void Replace(WorkerThread spare) => ProcessorMemory.StoreRelease(ref _holder, spare);
}
