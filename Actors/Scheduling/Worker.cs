using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// The worker of one processor: takes actors from its queues and lets each have a turn; when there is nothing, steals; when
/// there is nothing to steal, parks.
/// </summary>
/// <remarks>
/// Its queues belong to the processor, the loop to a thread: to detach a thread that overruns its quantum means to start
/// another loop on the same queues.
/// </remarks>
internal sealed class Worker
{
    /// <summary>Turns between looks at the queue shared by all while the own queue never runs dry.</summary>
    private const int SharedQueueInterval = 61;

    /// <summary>How often an idle worker looks at the queues of busy ones, so that nothing waits long behind a long turn.</summary>
    private static readonly TimeSpan _shortestWatch = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan _longestWatch = TimeSpan.FromMilliseconds(8);

    /// <summary>What no queue's count of taken actors is.</summary>
    private const long NeverSeen = -1;

    [ThreadStatic]
    private static Worker? _current;

    private readonly ActorScheduler _scheduler;
    private readonly IWorkerHost _host;
    private readonly IParker _parker;
    private readonly RunQueue<ActorCell, ProcessorMemory> _local = new();
    private readonly long[] _lastTaken;
    private LinkedInbox<ActorCell, ProcessorMemory> _pinnedInbox;
    private LinkedFifo<ActorCell> _pinned;
    private TimeSpan _watch = _shortestWatch;
    private uint _turns;

    internal Worker(ActorScheduler scheduler, IWorkerHost host, int processor)
    {
        _scheduler = scheduler;
        _host = host;
        Processor = processor;
        _parker = host.CreateParker(processor);
        _lastTaken = new long[host.ProcessorCount];
    }

    /// <summary>The worker whose thread this is.</summary>
    internal static Worker? Current => _current;

    internal ActorScheduler Scheduler => _scheduler;

    internal int Processor { get; }

    internal RunQueue<ActorCell, ProcessorMemory> Local => _local;

    /// <summary>Whose turn it is here: pinned, so that it can be found while the collector is at work.</summary>
    internal RunningActor[] Running { get; } = GC.AllocateArray<RunningActor>(1, pinned: true);

    internal void Unpark() => _parker.Unpark();

    /// <summary>Queues an actor pinned to this processor. Any thread; the caller wakes this worker.</summary>
    internal void PushPinned(ActorCell cell)
    {
        if (ReferenceEquals(_current, this))
            _pinned.Enqueue(cell);
        else
            _pinnedInbox.Push(cell);
    }

    internal void Run()
    {
        _current = this;
        try
        {
            while (!_scheduler.IsStopping)
            {
                _host.DrainInterrupts(Processor);
                ActorCell? cell = Take() ?? Search();
                if (cell is null)
                    Idle();
                else
                    Turn(cell);
            }
        }
        finally
        {
            _current = null;
        }
    }

    private void Turn(ActorCell cell)
    {
        ref RunningActor running = ref Running[0];
        running.Name = cell.Description;
        SynchronizationContext.SetSynchronizationContext(cell);
        bool more = cell.RunTurn(_scheduler.Throughput);
        running.Name = null;
        // Whatever runs next on this thread must not be mistaken for a turn of that actor.
        SynchronizationContext.SetSynchronizationContext(null);
        if (more)
            _scheduler.Enqueue(cell);
    }

    private ActorCell? Take()
    {
        _turns++;
        if (_pinnedInbox.HasItems)
            _pinned.EnqueueChain(_pinnedInbox.TakeAll());
        if (_turns % SharedQueueInterval == 0)
            TakeShared();

        // Pinned and other actors take turns, so neither kind starves the other.
        return (_turns & 1) == 0
            ? _pinned.Dequeue() ?? _local.TryTake()
            : _local.TryTake() ?? _pinned.Dequeue();
    }

    private void TakeShared()
    {
        for (ActorCell? cell = _scheduler.TakeShared(); cell is not null;)
        {
            ref ActorCell? link = ref ((ILinked<ActorCell>)cell).Link;
            ActorCell? next = link;
            link = null;
            _local.Push(cell);
            cell = next;
        }

        if (_local.Count > 1)
            _scheduler.WakeOne(this);
    }

    /// <summary>Looks beyond the own queues.</summary>
    private ActorCell? Search()
    {
        TakeShared();
        return _local.TryTake() ?? Steal();
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
            RunQueue<ActorCell, ProcessorMemory> victim = workers[index].Local;
            int count = victim.Count;
            bool stuck = count == 1 && _lastTaken[index] == victim.Taken;
            if ((count > 1 || stuck) && victim.TryTake() is { } cell)
            {
                // Where one was left behind more may be.
                _watch = _shortestWatch;
                return cell;
            }
        }

        return null;
    }

    private void Idle()
    {
        IdleWorkers<ProcessorMemory> idle = _scheduler.Idle;
        idle.Announce(Processor);
        // Announced; now look again, for who brought work before the announcement woke nobody.
        if (_scheduler.IsStopping || _host.DrainInterrupts(Processor) > 0 || _pinnedInbox.HasItems || !_pinned.IsEmpty
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
            _parker.Park(Timeout.InfiniteTimeSpan);
        }
        else
        {
            // Somebody runs, or did a moment ago and will again: stay on watch for actors stuck behind its turn.
            RememberTaken();
            _watch = allSleep ? _longestWatch : _watch;
            _scheduler.BeginWatch();
            _parker.Park(_watch);
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
