using Troupe.Actors;

namespace Troupe.Net.Contracts;

/// <summary>
/// The schedulers of connections that have ended, for those that begin: most connections live shortly, and to spawn and stop an actor for each costs more than all of its turns.
/// What an application still schedules when its connection has ended runs in a turn beside those of another connection, or on the thread pool.
/// </summary>
/// <remarks>
/// <para>
/// All fields belong to whoever holds the lock on the free ones: connections' actors, the thread pool, the actor that begins. It is taken once or twice in a connection's life, never for a message.
/// </para>
/// <para>
/// Connections that begin together go from the thread pool to the workers together (<see cref="Begin"/>). On one processor a worker takes it from the pool's thread the moment it is told something: with each
/// connection told by itself, each would cost two switches of threads. So each puts itself on a list, and the first one queues what hands over the list behind the others that the pool
/// has to begin.
/// </para>
/// </remarks>
public sealed class TurnPipeSchedulers : IThreadPoolWorkItem
{
    /// <summary>Schedulers kept of either kind, each with an actor that is idle; those that none of the connections of ten seconds needed end.</summary>
    public const int MostKept = 256;

    // What a burst of connections needed is not kept for ever.
    private static readonly TimeSpan _longestIdle = TimeSpan.FromSeconds(10);

    private static readonly SpawnOptions _spawn = new() { OnFailure = FailurePolicy.Resume };

    private readonly Stack<TurnPipeScheduler> _free = [];
    private readonly Stack<TurnPipeScheduler> _freeToBlock = [];
    private readonly Queue<(TurnPipeScheduler Scheduler, Action<object?> Action, object? State)> _beginning = new();
    private ActorSystem? _system;
    private ActorRef<HandOver>? _starter;
    private bool _handsOver;
    private bool _watched;

    // The fewest that were free at any time since the last look.
    private int _unused;
    private int _unusedToBlock;
    private bool _closed;

    /// <summary>A scheduler for a connection. It goes back by <see cref="Return"/> when that has ended.</summary>
    /// <param name="system">Where its actor lives; the same one each time.</param>
    /// <param name="mayBlock">Whether the application may block in a continuation.</param>
    public TurnPipeScheduler Rent(ActorSystem system, bool mayBlock)
    {
        lock (_free)
        {
            _system = system;
            Stack<TurnPipeScheduler> free = KeptFor(mayBlock);
            if (free.TryPop(out TurnPipeScheduler? kept))
            {
                ref int unused = ref mayBlock ? ref _unusedToBlock : ref _unused;
                unused = Math.Min(unused, free.Count);
                return kept;
            }
        }

        return new TurnPipeScheduler(system, mayBlock) { Together = this };
    }

    /// <summary>The connection has ended.</summary>
    public void Return(TurnPipeScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        bool keep, watch;
        lock (_free)
        {
            Stack<TurnPipeScheduler> kept = KeptFor(scheduler.MayBlock);
            keep = !_closed && kept.Count < MostKept;
            if (keep)
                kept.Push(scheduler);
            watch = keep && !_watched;
            _watched |= watch;
        }

        if (!keep)
            scheduler.Stop();
        if (!watch || Starter()?.TryTell(HandOver.Watch) == true)
            return;
        // The next that comes back tries again.
        lock (_free)
            _watched = false;
    }

    /// <summary>The stack ends: stops what is kept, and what comes back from now on.</summary>
    public void Close()
    {
        TurnPipeScheduler[] kept;
        ActorRef<HandOver>? starter;
        lock (_free)
        {
            _closed = true;
            kept = [.. _free, .. _freeToBlock];
            _free.Clear();
            _freeToBlock.Clear();
            (starter, _starter) = (_starter, null);
        }

        // What it was told, it still does.
        _ = starter?.StopAsync(drain: true);

        foreach (TurnPipeScheduler scheduler in kept)
            scheduler.Stop();
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute()
    {
        if (Starter() is not { } starter || !starter.TryTell(HandOver.Begin))
            ScheduleAll();
    }

    /// <summary>Stops what was free all the time since the last look. Whether there is anything left to look at.</summary>
    private bool StopUnused()
    {
        List<TurnPipeScheduler> unused = [];
        bool anyLeft;
        lock (_free)
        {
            while (_unused-- > 0 && _free.TryPop(out TurnPipeScheduler? one))
                unused.Add(one);
            while (_unusedToBlock-- > 0 && _freeToBlock.TryPop(out TurnPipeScheduler? one))
                unused.Add(one);
            (_unused, _unusedToBlock) = (_free.Count, _freeToBlock.Count);
            anyLeft = _unused + _unusedToBlock > 0;
            _watched = anyLeft;
        }

        unused.ForEach(static one => one.Stop());
        return anyLeft;
    }

    /// <summary>Schedules what begins on the thread pool, where more may begin.</summary>
    internal void Begin(TurnPipeScheduler scheduler, Action<object?> action, object? state)
    {
        lock (_free)
        {
            _beginning.Enqueue((scheduler, action, state));
            if (_handsOver)
                return;
            _handsOver = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Null: the stack or its system ends, and the pool schedules.</summary>
    private ActorRef<HandOver>? Starter()
    {
        try
        {
            lock (_free)
                return _closed ? null : _starter ??= _system!.Spawn(new StartingActor(this), _spawn);
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    private void ScheduleAll()
    {
        while (true)
        {
            (TurnPipeScheduler Scheduler, Action<object?> Action, object? State) first;
            lock (_free)
            {
                if (!_beginning.TryDequeue(out first))
                {
                    _handsOver = false;
                    return;
                }
            }

            first.Scheduler.Schedule(first.Action, first.State);
        }
    }

    private Stack<TurnPipeScheduler> KeptFor(bool mayBlock) => mayBlock ? _freeToBlock : _free;

    private enum HandOver
    {
        Begin,
        Watch,
        Look,
    }

    private sealed class StartingActor(TurnPipeSchedulers schedulers) : Actor<HandOver>
    {
        private TimerHandle _look;

        protected override void Started() => _look = Context.CreateTimer(HandOver.Look);

        protected override ValueTask ReceiveAsync(HandOver message)
        {
            if (message == HandOver.Begin)
                schedulers.ScheduleAll();
            else if (message == HandOver.Watch || schedulers.StopUnused())
                _look.Restart(_longestIdle);
            return default;
        }
    }
}
