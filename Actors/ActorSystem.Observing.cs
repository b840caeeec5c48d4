using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>What a system shows of itself: traces, snapshots, instruments (docs/observability.md).</summary>
public sealed partial class ActorSystem
{
    /// <summary>The name of the meter of every system. Which system an instrument belongs to says the scope of its meter, and the tag <c>troupe.system</c>.</summary>
    public const string MeterName = "Troupe.Actors";

    private static int _systems;

    private ActorTracer? _tracer;
    private SystemMeter? _meter;
    private long _restarts;
    private long _droppedByEnded;
    private long _turnTimeOfEnded;

    /// <summary>Messages handled in turns that have ended, by all actors, those that have stopped included.</summary>
    public long HandledCount => Scheduler.Totals().Handled;

    /// <summary>Fresh instances that took the place of one that failed.</summary>
    public long RestartCount => ProcessorMemory.LoadAcquire(ref _restarts);

    /// <summary>Actors that a worker took from another one's run queue.</summary>
    public long StealCount => Scheduler.Totals().Stolen;

    /// <summary>What traces this system; null: nothing does. Any thread.</summary>
    public ActorTracer? Tracer => ProcessorMemory.LoadAcquire(ref _tracer);

    /// <summary>
    /// The tree of this moment, with what each actor does and has done. Any thread, also while the workers run or hang: it takes the lock of each list of
    /// children for as long as copying it takes, and stops nobody. It takes time and memory by the number of actors.
    /// </summary>
    public SystemSnapshot Snapshot() => new(this, SnapshotOfLive());

    /// <summary>Traces this system from now on; nothing changes if it is traced already. Any thread.</summary>
    /// <param name="eventsPerWorker">Events each worker's ring holds, 64 bytes each; one more ring is for all threads that are no workers.</param>
    public ActorTracer StartTracing(int eventsPerWorker = ActorTracer.DefaultLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(eventsPerWorker, 2);
        ObjectDisposedException.ThrowIf(ProcessorMemory.LoadAcquire(ref _disposed) != 0, this);
        var created = new ActorTracer(this, eventsPerWorker);
        if (ProcessorMemory.CompareExchange(ref _tracer, created, null) is { } tracer)
            return tracer;
        TraceSwitch.Enter();
        return created;
    }

    /// <summary>Traces no more; what was traced can still be read. Null: it was not traced. Any thread.</summary>
    public ActorTracer? StopTracing()
    {
        ActorTracer? tracer = ProcessorMemory.Exchange(ref _tracer, null);
        if (tracer is not null)
            TraceSwitch.Leave();
        return tracer;
    }

    internal void CountRestart() => ProcessorMemory.Add(ref _restarts, 1);

    internal SystemMeter.Walk Walk()
    {
        // Before the walk: who stops meanwhile is counted once or, for now, not at all.
        long dropped = ProcessorMemory.LoadAcquire(ref _droppedByEnded);
        long ticks = ProcessorMemory.LoadAcquire(ref _turnTimeOfEnded);
        long waiting = 0;
        int longest = 0;
        foreach (ActorCell cell in SnapshotOfLive())
        {
            ActorRef reference = cell.Reference;
            int count = reference.MailboxCount;
            waiting += count;
            longest = Math.Max(longest, count);
            dropped += reference.Dropped;
            ticks += cell.TurnTime.Ticks;
        }

        return new SystemMeter.Walk(dropped, waiting, longest, new TimeSpan(ticks));
    }

    private void StartObserving() => _meter = SystemMeter.Create(this, ProcessorMemory.Add(ref _systems, 1));

    private void StopObserving()
    {
        StopTracing();
        _meter?.Dispose();
    }

    /// <summary>Keeps what the sums need of an actor that has left the tree.</summary>
    private void CountEnded(ActorCell cell)
    {
        if (cell.Reference.Dropped is var dropped and not 0)
            ProcessorMemory.Add(ref _droppedByEnded, dropped);
        if (cell.TurnTime.Ticks is var ticks and not 0)
            ProcessorMemory.Add(ref _turnTimeOfEnded, ticks);
    }
}
