using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// Looks at every worker thread once a quantum. A turn that is still the same at the second look has overrun its quantum: its
/// thread is detached, and a new one takes over the processor. What it sees also says where the time goes, actor by actor.
/// </summary>
/// <remarks>
/// It looks while there is something to see: when no worker has begun a turn since the last look and all sleep, it sleeps until a worker that has
/// slept begins a turn, or while threads are detached, for several quanta. Going to sleep is announced by an exchange before the last look at the workers, and a
/// worker retracts its own sleep (full fence) before it looks whether the monitor sleeps.
/// </remarks>
internal sealed class QuantumMonitor
{
    /// <summary>The clock that parkers go by, whatever the actors' own is: turns take the time they take.</summary>
    private static readonly TimeProvider _clock = TimeProvider.System;

    /// <summary>While all workers sleep, detached threads are looked at so seldom.</summary>
    private const int SleepingQuanta = 8;

    /// <summary>So many detached threads a quantum are asked for their time: that is a call to the kernel, and hundreds would keep the monitor from the workers.</summary>
    private const int SamplesPerQuantum = 16;

    private readonly ActorScheduler _scheduler;
    private readonly IWorkerHost _host;
    private readonly TimeSpan _quantum;
    private readonly int _maximumDetached;
    private readonly IParker _parker;
    private readonly List<WorkerThread> _detached = [];
    private readonly List<WorkerThread> _unstarted = [];
    private readonly long[] _lastTurn;
    private TimeSpan _sinceSamples;
    private bool _saidFull;
    private int _asleep;
    private int _detachedCount;
    private long _detachments;

    internal QuantumMonitor(ActorScheduler scheduler, IWorkerHost host, TimeSpan quantum, int maximumDetached)
    {
        _scheduler = scheduler;
        _host = host;
        _parker = host.CreateMonitorParker();
        _quantum = quantum;
        _maximumDetached = maximumDetached;
        _lastTurn = new long[host.ProcessorCount];
    }

    /// <summary>Threads that are detached and still in their turns.</summary>
    internal int DetachedCount => ProcessorMemory.LoadAcquire(ref _detachedCount);

    /// <summary>Whether a thread that gets stuck now would keep its processor. Any thread.</summary>
    internal bool IsFull => DetachedCount >= _maximumDetached;

    /// <summary>How often a thread was detached.</summary>
    internal long Detachments => ProcessorMemory.LoadAcquire(ref _detachments);

    /// <summary>A worker that has slept begins a turn.</summary>
    internal void Wake()
    {
        if (ProcessorMemory.LoadAcquire(ref _asleep) != 0 && ProcessorMemory.Exchange(ref _asleep, 0) != 0)
            _parker.Unpark();
    }

    internal void Unpark() => _parker.Unpark();

    internal void Run()
    {
        long last = _clock.GetTimestamp();
        while (!_scheduler.IsStopping)
        {
            TimeSpan elapsed = _clock.GetElapsedTime(last);
            if (elapsed < _quantum)
            {
                _parker.Park(_quantum - elapsed);
                continue;
            }

            last = _clock.GetTimestamp();
            bool changed = LookAtWorkers(elapsed);
            StartSpares();
            LookAtDetached(elapsed);
            if (!changed && _unstarted.Count == 0 && _scheduler.AllSleep)
            {
                Sleep(_detached.Count == 0 ? Timeout.InfiniteTimeSpan : _quantum * SleepingQuanta);
                LookAtDetached(_clock.GetElapsedTime(last));
                last = _clock.GetTimestamp();
            }
        }
    }

    /// <summary>Whether a turn has begun or ended since the last look.</summary>
    private bool LookAtWorkers(TimeSpan elapsed)
    {
        bool changed = false;
        foreach (Worker worker in _scheduler.Workers)
        {
            WorkerThread thread = worker.Holder;
            ref long last = ref _lastTurn[worker.Processor];
            long turn = Sample(thread, elapsed);
            changed |= turn != last;
            if (turn == last && ProcessorLease<ProcessorMemory>.IsInside(turn) && MayDetach() && thread.TryDetach(turn))
            {
                Replace(worker, thread);
                // A thread's first turn has the number one.
                turn = 0;
            }

            last = turn;
        }

        return changed;
    }

    /// <summary>False, and said once: as many are detached as may be.</summary>
    private bool MayDetach()
    {
        if (_detached.Count < _maximumDetached)
            return true;
        if (!_saidFull && _maximumDetached > 0)
        {
            _saidFull = true;
            Console.Error.WriteLine(
                $"{_maximumDetached} threads are in turns that do not end, as many as ActorSystemOptions.MaximumDetached allows: the next turn that takes too long keeps its processor until one of them ends.");
        }

        return false;
    }

    private void LookAtDetached(TimeSpan elapsed)
    {
        _sinceSamples += elapsed;
        bool samples = _sinceSamples >= _quantum * (_detached.Count / SamplesPerQuantum);
        for (int index = _detached.Count - 1; index >= 0; index--)
        {
            WorkerThread thread = _detached[index];
            if (thread.HasEnded)
            {
                _detached.RemoveAt(index);
                continue;
            }

            if (samples)
                Sample(thread, _sinceSamples);
            thread.GiveAway();
        }

        if (samples)
            _sinceSamples = TimeSpan.Zero;
        ProcessorMemory.StoreRelease(ref _detachedCount, _detached.Count);
    }

    /// <summary>Counts what the thread has had of its processor since the last look as the running actor's.</summary>
    private static long Sample(WorkerThread thread, TimeSpan elapsed)
    {
        long turn = thread.Turn;
        ActorCell? cell = thread.Cell;
        TimeSpan time = thread.TakeProcessorTime() ?? elapsed;
        if (ProcessorLease<ProcessorMemory>.IsInside(turn) && thread.Turn == turn)
            cell?.AddTurnTime(time);
        return turn;
    }

    private void Replace(Worker worker, WorkerThread detached)
    {
        _detached.Add(detached);
        ProcessorMemory.Add(ref _detachments, 1);
        detached.Demote();
        if (TraceSwitch.IsOn)
            Tracing.Scheduled(TraceKind.Detach, detached.Cell);
        var spare = new WorkerThread(_scheduler, _host, worker, detached);
        spare.Inherit(detached);
        worker.Replace(spare);
        _unstarted.Add(spare);
    }

    /// <summary>Without memory for a thread a processor's actors wait, or are stolen, until the next look.</summary>
    private void StartSpares()
    {
        while (_unstarted.Count > 0 && _scheduler.TryStartSpare(_unstarted[^1]))
            _unstarted.RemoveAt(_unstarted.Count - 1);
    }

    private void Sleep(TimeSpan timeout)
    {
        ProcessorMemory.Exchange(ref _asleep, 1);
        if (_scheduler.AllSleep && !_scheduler.IsStopping)
            _parker.Park(timeout);
        ProcessorMemory.Exchange(ref _asleep, 0);
    }
}
