using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>Workers, the queue they share, and who is woken when an actor becomes ready.</summary>
internal sealed partial class ActorScheduler
{
    /// <summary>Enough to make the claim a small part of a short turn.</summary>
    private const int MaximumClaim = 8;

    private readonly IWorkerHost _host;
    private readonly ISteppedWorkerHost? _steppedHost;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LinkedInbox<ActorCell, ProcessorMemory> _shared;
    private int _running;
    private int _stopping;
    private int _watching;

    /// <param name="host">The world the workers live in.</param>
    /// <param name="throughput">Messages a turn.</param>
    /// <param name="quantum">How long a turn may take before its thread is detached; infinite: as long as it likes.</param>
    /// <param name="maximumDetached">How many threads may be detached at a time.</param>
    internal ActorScheduler(IWorkerHost host, int throughput, TimeSpan quantum, int maximumDetached)
    {
        _host = host;
        _steppedHost = host as ISteppedWorkerHost;
        Throughput = throughput;
        Idle = new IdleWorkers<ProcessorMemory>(host.ProcessorCount);
        Workers = new Worker[host.ProcessorCount];
        for (int processor = 0; processor < Workers.Length; processor++)
            Workers[processor] = new Worker(this, host, processor);
        if (quantum != Timeout.InfiniteTimeSpan && !IsStepped)
            Monitor = new QuantumMonitor(this, host, quantum, maximumDetached);
    }

    internal int Throughput { get; }

    internal Worker[] Workers { get; }

    internal IdleWorkers<ProcessorMemory> Idle { get; }

    /// <summary>Who detaches threads; null: nobody.</summary>
    internal QuantumMonitor? Monitor { get; }

    internal bool IsStopping => ProcessorMemory.LoadAcquire(ref _stopping) != 0;

    /// <summary>Whether a host without threads runs the turns.</summary>
    internal bool IsStepped => _steppedHost is not null;

    internal bool HasShared => _shared.HasItems;

    /// <summary>
    /// How many actors a worker may claim of its own queue at once, out of reach of the others: one while somebody sleeps who could take the
    /// rest, or while a thread that gets stuck would not be replaced.
    /// </summary>
    internal int MayClaim => Idle.Count == 0 && Monitor is { IsFull: false } ? MaximumClaim : 1;

    /// <summary>Whether every worker has announced that it sleeps.</summary>
    internal bool AllSleep => Idle.Count == Workers.Length;

    internal void Start(ActorSystem system)
    {
        if (_steppedHost is not null)
        {
            _steppedHost.Attach(system);
            return;
        }

        // The monitor counts too: while it may start threads, not all have ended.
        ProcessorMemory.Exchange(ref _running, Workers.Length + (Monitor is null ? 0 : 1));
        foreach (Worker worker in Workers)
            StartThread(worker.Holder);
        if (Monitor is not null)
        {
            _host.StartMonitor(() =>
            {
                Monitor.Run();
                OnThreadEnded();
            });
        }
    }

    /// <summary>Starts a thread in place of a detached one. False: there is no memory for a thread now. The monitor only.</summary>
    internal bool TryStartSpare(WorkerThread spare)
    {
        ProcessorMemory.Add(ref _running, 1);
        try
        {
            StartThread(spare);
            return true;
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            ProcessorMemory.Add(ref _running, -1);
            return false;
        }
    }

    /// <summary>Ends the threads after their current turns; completes when all have ended.</summary>
    internal Task StopAsync()
    {
        ProcessorMemory.Exchange(ref _stopping, 1);
        foreach (Worker worker in Workers)
            worker.Unpark();
        Monitor?.Unpark();
        if (IsStepped)
            _stopped.TrySetResult();
        return _stopped.Task;
    }

    /// <summary>Queues an actor that has just become ready, or has more to do. Any thread.</summary>
    internal void Enqueue(ActorCell cell)
    {
        // A worker thread of this system that holds its processor. It may lose that between here and the push, see ProcessorLease.
        WorkerThread? current = WorkerThread.Current;
        if (current is not null && (!ReferenceEquals(current.Scheduler, this) || current.IsDetached))
            current = null;

        if (cell.Processor >= 0)
        {
            if (current?.Processor == cell.Processor)
                current.Pinned.Push(new ReadyCell(cell));
            else
                EnqueuePinned(cell);
        }
        else if (current is not null)
        {
            current.Local.Push(new ReadyCell(cell));
            // One actor is what this worker runs next. More is worth a second worker, and if nobody watches for this
            // worker getting stuck, somebody has to begin.
            if (Idle.Count > 0 && (current.Local.Count > 1 || ProcessorMemory.LoadAcquire(ref _watching) == 0))
                WakeOne(current);
        }
        else
        {
            EnqueueShared(cell, 0);
        }
    }

    /// <summary>Queues an actor for whoever comes first, preferably the given processor. Any thread.</summary>
    internal void EnqueueShared(ActorCell cell, int preferred)
    {
        if (_steppedHost is not null)
        {
            _steppedHost.Enqueue(new ReadyTurn(cell));
            return;
        }

        _shared.Push(cell);
        int sleeper = Idle.TryClaimAny(preferred);
        if (sleeper >= 0)
            Workers[sleeper].Unpark();
    }

    /// <summary>Queues an actor for the processor it is pinned to. Any thread.</summary>
    internal void EnqueuePinned(ActorCell cell)
    {
        if (_steppedHost is not null)
        {
            _steppedHost.Enqueue(new ReadyTurn(cell));
            return;
        }

        EnqueueAt(Workers[cell.Processor], cell);
    }

    /// <summary>Queues an actor for a processor, before what others have made ready there. Any thread.</summary>
    internal void EnqueueAt(Worker home, ActorCell cell)
    {
        home.PushPinned(cell);
        if (Idle.TryClaim(home.Processor))
            home.Unpark();
    }

    /// <summary>Runs a turn for a host without threads, on whatever thread that chooses.</summary>
    internal void RunStepped(ActorCell cell, int maximumMessages, int processor) =>
        Workers[cell.Processor >= 0 ? cell.Processor : processor].Holder.RunTurn(cell, maximumMessages);

    internal ActorCell? TakeShared() => _shared.TakeAll();

    internal void WakeOne(WorkerThread from)
    {
        int sleeper = Idle.TryClaimAny(from.Processor + 1);
        if (sleeper >= 0)
            Workers[sleeper].Unpark();
    }

    internal void BeginWatch() => ProcessorMemory.Add(ref _watching, 1);

    internal void EndWatch() => ProcessorMemory.Add(ref _watching, -1);

    private void StartThread(WorkerThread thread) => _host.StartWorker(thread.Processor, thread.Running, () =>
    {
        thread.Run();
        OnThreadEnded();
    });

    private void OnThreadEnded()
    {
        if (ProcessorMemory.Add(ref _running, -1) == 0)
            _stopped.TrySetResult();
    }
}
