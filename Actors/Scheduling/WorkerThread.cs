using System.Runtime.CompilerServices;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// A thread that works on a processor: takes actors from its queues and lets each have a turn; when there is nothing, steals;
/// when there is nothing to steal, parks. If a turn takes too long the thread is detached (<see cref="ProcessorLease{TMemory}"/>):
/// another one works on, and this one ends after the turn.
/// </summary>
internal sealed partial class WorkerThread
{
    /// <summary>Turns between looks at the queue shared by all while the own queue never runs dry.</summary>
    private const int SharedQueueInterval = 61;

    /// <summary>How often an idle worker looks at the queues of busy ones, so that nothing waits long behind a long turn.</summary>
    private static readonly TimeSpan _shortestWatch = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan _longestWatch = TimeSpan.FromMilliseconds(8);

    /// <summary>Renewals in a turn: what a failure leads to may be reported, end the old instance, and start a new one. An actor that fails over and over takes no longer turns than others.</summary>
    private const int MostRenewals = 3;

    /// <summary>What no queue's count of taken actors is.</summary>
    private const long NeverSeen = -1;

    [ThreadStatic]
    private static WorkerThread? _current;

    private readonly ActorScheduler _scheduler;
    private readonly IWorkerHost _host;
    private readonly Worker _worker;
    private readonly object _ending = new();
    private WorkerThread? _predecessor;
    private readonly RunQueue<ReadyCell, ProcessorMemory> _local = new();
    private readonly RunQueue<ReadyCell, ProcessorMemory> _pinned = new();
    private readonly bool _shows;
    private readonly long[] _lastTaken;
    private ProcessorLease<ProcessorMemory> _lease;
    private ActorCell? _cell;
    private long _threadId;
    private TimeSpan _processorTime;
    private int _hasEnded;
    private TimeSpan _watch = _shortestWatch;
    private uint _turns;
    private int _renewals;
    private bool _wasIdle = true;

    /// <param name="scheduler">The scheduler.</param>
    /// <param name="host">The world it lives in.</param>
    /// <param name="worker">The processor it will hold from its start.</param>
    /// <param name="predecessor">The detached thread it takes over from, if there is one.</param>
    internal WorkerThread(ActorScheduler scheduler, IWorkerHost host, Worker worker, WorkerThread? predecessor = null)
    {
        _scheduler = scheduler;
        _host = host;
        _worker = worker;
        _predecessor = predecessor;
        _shows = host.ShowsRunningActors;
        _lastTaken = new long[host.ProcessorCount];
        scheduler.CountBegun(this);
    }

    /// <summary>The worker thread that this is.</summary>
    internal static WorkerThread? Current => _current;

    internal ActorScheduler Scheduler => _scheduler;

    internal Worker Worker => _worker;

    internal int Processor => _worker.Processor;

    /// <summary>Pushed to by this thread alone, and not after its lease was revoked.</summary>
    internal RunQueue<ReadyCell, ProcessorMemory> Local => _local;

    /// <summary>The same for actors pinned to the processor, and such as are to go on there; taken from by whoever holds that.</summary>
    internal RunQueue<ReadyCell, ProcessorMemory> Pinned => _pinned;

    /// <summary>Whose turn it is here: pinned, so that it can be found while the collector is at work.</summary>
    internal RunningActor[] Running { get; } = GC.AllocateArray<RunningActor>(1, pinned: true);

    /// <summary>Whose turn it is, if <see cref="Turn"/> is the same before and after.</summary>
    internal ActorCell? Cell => ProcessorMemory.LoadAcquire(ref _cell);

    /// <inheritdoc cref="ProcessorLease{TMemory}.Turn"/>
    internal long Turn => _lease.Turn;

    internal bool HasEnded => ProcessorMemory.LoadAcquire(ref _hasEnded) != 0;

    /// <inheritdoc cref="ProcessorLease{TMemory}.IsRevoked"/>
    internal bool IsDetached => _lease.IsRevoked;

    /// <inheritdoc cref="ProcessorLease{TMemory}.TryRevoke"/>
    internal bool TryDetach(long turn) => _lease.TryRevoke(turn);

    /// <summary>Puts the detached thread into the low band, unless it has ended: its id may be another thread's by then.</summary>
    internal void Demote()
    {
        lock (_ending)
        {
            if (!HasEnded)
                _host.Demote(ProcessorMemory.LoadAcquire(ref _threadId));
        }
    }

    /// <summary>Processor time since this was last asked; null where the host cannot tell. The monitor only.</summary>
    internal TimeSpan? TakeProcessorTime()
    {
        TimeSpan before = _processorTime;
        lock (_ending)
        {
            long id = ProcessorMemory.LoadAcquire(ref _threadId);
            if (HasEnded || id == 0 || _host.ProcessorTime(id) is not { } now)
                return null;
            // Seen from another processor, a running thread's time may seem to go back a little.
            if (now > before)
                _processorTime = now;
        }

        return _processorTime - before;
    }

    /// <summary>The turn is over; a full fence must follow. From the turn itself, before another worker can begin the actor's next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void EndTurn(int handled)
    {
        ProcessorMemory.StoreRelease(ref _handled, _handled + handled);
        _lease.EndTurn();
    }

    /// <summary>Inside a turn of this thread: the next step has a quantum of its own. False: the thread has been detached, and the next step is better taken by who has the processor now.</summary>
    internal bool RenewTurn() => _renewals++ < MostRenewals ? _lease.Renew() : !_lease.IsRevoked;

    internal void Run()
    {
        _current = this;
        ProcessorMemory.StoreRelease(ref _threadId, _host.CurrentThreadId);
        try
        {
            if (_predecessor is not null)
                TakeOver(_predecessor);
            _predecessor = null;
            while (!_scheduler.IsStopping && Step())
            {
            }
        }
        finally
        {
            _current = null;
            _scheduler.CountEnded(this);
            lock (_ending)
                ProcessorMemory.StoreRelease(ref _hasEnded, 1);
        }
    }

    /// <summary>Before it starts: what the detached thread had claimed of its queue comes first in this one's. The monitor only.</summary>
    internal void Inherit(WorkerThread detached)
    {
        while (detached.Local.TryTakeClaimed(out ReadyCell ready))
            _local.Push(ready);
    }

    /// <summary>
    /// Takes what a detached thread has left in its queues to where others find it: that thread after its turn, and before that
    /// the monitor.
    /// </summary>
    internal void GiveAway()
    {
        while (_local.TryTake(out ReadyCell ready))
            _scheduler.EnqueueShared(ready.Cell, Processor);
        while (_pinned.TryTake(out ReadyCell ready))
            _scheduler.EnqueueAt(_worker, ready.Cell);
    }

    /// <summary>A turn of the next actor, or idleness. False: the thread was detached. (A method of its own, for the compiler: the loop around it never returns.)</summary>
    private bool Step()
    {
        _host.DrainInterrupts(Processor);
        if ((Take() ?? Search()) is { } cell)
            return RunTurn(cell, _scheduler.Throughput);
        Idle();
        return true;
    }

    /// <summary>False: the thread was detached in that turn, and what it left behind is given away.</summary>
    internal bool RunTurn(ActorCell cell, int throughput)
    {
        if (_wasIdle)
        {
            _wasIdle = false;
            _scheduler.Monitor?.Wake();
        }

        if (_shows)
            Running[0].Name = cell.Description;
        ProcessorMemory.StoreRelease(ref _cell, cell);
        SynchronizationContext.SetSynchronizationContext(cell);
        _renewals = 0;
        _lease.BeginTurn();
        bool more = cell.RunTurn(this, throughput);
        bool keeps = _lease.Keep();
        if (_shows)
            Running[0].Name = null;
        // Whatever runs next on this thread must not be mistaken for a turn of that actor.
        SynchronizationContext.SetSynchronizationContext(null);
        if (more && !keeps && cell.IsRestarting)
            _scheduler.EnqueueAt(_worker, cell);
        else if (more)
            _scheduler.Enqueue(cell);
        if (!keeps)
            GiveAway();
        return keeps;
    }

    private ActorCell? Take()
    {
        _turns++;
        if (_worker.HasPinned)
            TakePinned();
        if (_turns % SharedQueueInterval == 0)
            TakeShared();

        // Pinned and other actors take turns, so neither kind starves the other.
        bool pins = _pinned.Count > 0;
        if (pins && (_turns & 1) == 0 && _pinned.TryTake(out ReadyCell ready))
            return ready.Cell;
        return TryTakeLocal(out ready) || (pins && _pinned.TryTake(out ready)) ? ready.Cell : null;
    }

    /// <summary>Of one actor there is no more than that to claim.</summary>
    private bool TryTakeLocal(out ReadyCell ready) => _local.TryTakeClaimed(out ready) || _local.TryClaim(_local.Count > 1 ? _scheduler.MayClaim : 1, out ready);

    private void TakePinned() => PushChain(_pinned, _worker.TakePinned());

    private void TakeShared()
    {
        PushChain(_local, _scheduler.TakeShared());
        if (_local.Count > 1)
            _scheduler.WakeOne(this);
    }

    private static void PushChain(RunQueue<ReadyCell, ProcessorMemory> queue, ActorCell? chain)
    {
        while (chain is not null)
        {
            ref ActorCell? link = ref ((ILinked<ActorCell>)chain).Link;
            ActorCell? next = link;
            link = null;
            queue.Push(new ReadyCell(chain));
            chain = next;
        }
    }

    private void TakeOver(WorkerThread detached)
    {
        while (detached.Local.TryTake(out ReadyCell ready))
            _local.Push(ready);
        while (detached.Pinned.TryTake(out ReadyCell ready))
            _pinned.Push(ready);
        if (_local.Count > 1)
            _scheduler.WakeOne(this);
    }

    /// <summary>Looks beyond the own queues.</summary>
    private ActorCell? Search()
    {
        TakeShared();
        return TryTakeLocal(out ReadyCell ready) ? ready.Cell : Steal();
    }

    /// <summary>
    /// Takes from a worker that has more than the one actor it will run next; that one it only loses if it has not moved
    /// since this worker last looked. So two actors that talk to each other stay together.
    /// </summary>
    private ActorCell? Steal()
    {
        Worker[] workers = _scheduler.Workers;
        for (int step = 1; step < workers.Length; step++)
        {
            int index = (Processor + step) % workers.Length;
            RunQueue<ReadyCell, ProcessorMemory> victim = workers[index].Local;
            int count = victim.Count;
            bool stuck = count == 1 && _lastTaken[index] == victim.Taken;
            if ((count > 1 || stuck) && victim.TryTake(out ReadyCell stolen))
            {
                // Where one was left behind more may be.
                _watch = _shortestWatch;
                OnStolen(stolen.Cell);
                return stolen.Cell;
            }
        }

        return null;
    }

    private void Idle()
    {
        IdleWorkers<ProcessorMemory> idle = _scheduler.Idle;
        _wasIdle = true;
        idle.Announce(Processor);
        // Announced; now look again, for who brought work before the announcement woke nobody.
        if (_scheduler.IsStopping || _host.DrainInterrupts(Processor) > 0 || _worker.HasPinned || _pinned.Count > 0
            || _local.Count > 0 || _scheduler.HasShared)
        {
            idle.Retract(Processor);
            return;
        }

        bool allSleep = idle.Count == _scheduler.Workers.Length;
        if (allSleep && NothingTakenSinceTheLastWatch())
        {
            // Whoever runs next and has something to leave behind finds nobody on watch, and wakes one.
            Array.Fill(_lastTaken, NeverSeen);
            _worker.Park(Timeout.InfiniteTimeSpan);
        }
        else
        {
            // Somebody runs, or did a moment ago and will again: stay on watch for actors stuck behind its turn.
            RememberTaken();
            _watch = allSleep ? _longestWatch : _watch;
            _scheduler.BeginWatch();
            _worker.Park(_watch);
            _scheduler.EndWatch();
            _watch = _watch >= _longestWatch ? _longestWatch : _watch + _watch;
        }

        idle.Retract(Processor);
    }

    /// <summary>A lone worker has nobody to watch.</summary>
    private bool NothingTakenSinceTheLastWatch()
    {
        Worker[] workers = _scheduler.Workers;
        for (int index = 0; index < workers.Length; index++)
        {
            if (workers.Length > 1 && _lastTaken[index] != workers[index].Local.Taken)
                return false;
        }

        return true;
    }

    private void RememberTaken()
    {
        Worker[] workers = _scheduler.Workers;
        for (int index = 0; index < workers.Length; index++)
            _lastTaken[index] = workers[index].Local.Taken;
    }
}
