using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>Workers, the queue they share, and who is woken when an actor becomes ready.</summary>
internal sealed class ActorScheduler
{
    private readonly IWorkerHost _host;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LinkedInbox<ActorCell, ProcessorMemory> _shared;
    private int _running;
    private int _stopping;
    private int _watching;

    internal ActorScheduler(IWorkerHost host, int throughput)
    {
        _host = host;
        Throughput = throughput;
        Idle = new IdleWorkers<ProcessorMemory>(host.ProcessorCount);
        Workers = new Worker[host.ProcessorCount];
        for (int processor = 0; processor < Workers.Length; processor++)
            Workers[processor] = new Worker(this, host, processor);
    }

    internal int Throughput { get; }

    internal Worker[] Workers { get; }

    internal IdleWorkers<ProcessorMemory> Idle { get; }

    internal bool IsStopping => ProcessorMemory.LoadAcquire(ref _stopping) != 0;

    internal bool HasShared => _shared.HasItems;

    internal void Start()
    {
        ProcessorMemory.Exchange(ref _running, Workers.Length);
        foreach (Worker worker in Workers)
            _host.StartWorker(worker.Processor, worker.Running, () => RunWorker(worker));
    }

    /// <summary>Ends the workers after their current turns; completes when all have ended.</summary>
    internal Task StopAsync()
    {
        ProcessorMemory.Exchange(ref _stopping, 1);
        foreach (Worker worker in Workers)
            worker.Unpark();
        return _stopped.Task;
    }

    /// <summary>Queues an actor that has just become ready, or has more to do. Any thread.</summary>
    internal void Enqueue(ActorCell cell)
    {
        Worker? current = Worker.Current;
        if (cell.Processor >= 0)
        {
            Worker home = Workers[cell.Processor];
            home.PushPinned(cell);
            if (!ReferenceEquals(current, home) && Idle.TryClaim(home.Processor))
                home.Unpark();
            return;
        }

        if (current is not null && ReferenceEquals(current.Scheduler, this))
        {
            current.Local.Push(cell);
            // One actor is what this worker runs next. More is worth a second worker, and if nobody watches for this
            // worker getting stuck, somebody has to begin.
            if (Idle.Count > 0 && (current.Local.Count > 1 || ProcessorMemory.LoadAcquire(ref _watching) == 0))
                WakeOne(current);
            return;
        }

        _shared.Push(cell);
        int sleeper = Idle.TryClaimAny(current?.Processor ?? 0);
        if (sleeper >= 0)
            Workers[sleeper].Unpark();
    }

    internal ActorCell? TakeShared() => _shared.TakeAll();

    internal void WakeOne(Worker from)
    {
        int sleeper = Idle.TryClaimAny(from.Processor + 1);
        if (sleeper >= 0)
            Workers[sleeper].Unpark();
    }

    internal void BeginWatch() => ProcessorMemory.Add(ref _watching, 1);

    internal void EndWatch() => ProcessorMemory.Add(ref _watching, -1);

    private void RunWorker(Worker worker)
    {
        worker.Run();
        if (ProcessorMemory.Add(ref _running, -1) == 0)
            _stopped.TrySetResult();
    }
}
