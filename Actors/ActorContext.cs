namespace Troupe.Actors;

/// <summary>What an actor may do beyond handling a message. Use it in the actor's own turns only.</summary>
public readonly struct ActorContext<[Sendable] TMessage>
{
    private readonly ActorCell<TMessage> _cell;

    internal ActorContext(ActorCell<TMessage> cell) => _cell = cell;

    /// <summary>The reference to this actor.</summary>
    public ActorRef<TMessage> Self => _cell.Self;

    /// <summary>The name it was spawned with.</summary>
    public string? Name => _cell.Name;

    /// <summary>The system it lives in.</summary>
    public ActorSystem System => _cell.System;

    /// <summary>The clock of the system. Use no other.</summary>
    public TimeProvider Time => _cell.System.Time;

    /// <summary>The processor whose worker runs this actor, if it is pinned to one.</summary>
    public int? Processor => _cell.Processor < 0 ? null : _cell.Processor;

    /// <summary>The names from the top of the tree down to this actor.</summary>
    public string Path => _cell.Path;

    /// <summary>The actors this one has spawned and that have not stopped, in the order they were spawned.</summary>
    public IReadOnlyList<ActorRef> Children => Array.ConvertAll(_cell.Children?.Snapshot() ?? [], static child => child.Reference);

    /// <summary>
    /// Spawns a child of this actor: it stops before this one does. Otherwise as
    /// <see cref="ActorSystem.Spawn{TMessage}(Actor{TMessage}, string?, MailboxOptions?, int?)"/>.
    /// </summary>
    public ActorRef<TOther> Spawn<[Sendable] TOther>(Actor<TOther> behaviour, string? name = null, MailboxOptions? mailbox = null, int? processor = null) =>
        Spawn(behaviour, SpawnOptions.Of(name, mailbox, processor));

    /// <summary>Spawns a child of this actor, see <see cref="ActorSystem.Spawn{TMessage}(Actor{TMessage}, SpawnOptions)"/>.</summary>
    public ActorRef<TOther> Spawn<[Sendable] TOther>(Actor<TOther> behaviour, SpawnOptions options) => _cell.System.Spawn(_cell, behaviour, factory: null, options);

    /// <summary>Spawns a child of this actor, see <see cref="ActorSystem.Spawn{TMessage}(Func{Actor{TMessage}}, SpawnOptions)"/>.</summary>
    public ActorRef<TOther> Spawn<[Sendable] TOther>(Func<Actor<TOther>> factory, SpawnOptions options)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return _cell.System.Spawn(_cell, factory(), factory, options);
    }

    /// <summary>Sends <paramref name="message"/> to this actor after a delay, ahead of its mailbox and beside its capacity.</summary>
    public TimerHandle Schedule(TMessage message, TimeSpan delay)
    {
        TimerHandle handle = _cell.CreateTimer(message, reusable: false);
        handle.Restart(delay);
        return handle;
    }

    /// <summary>Sends <paramref name="message"/> to this actor again and again. A tick that finds the last one unhandled is left out.</summary>
    public TimerHandle ScheduleEvery(TMessage message, TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(period, TimeSpan.Zero);
        TimerHandle handle = _cell.CreateTimer(message, reusable: true);
        handle.RestartEvery(period);
        return handle;
    }

    /// <summary>
    /// A timer that is not running yet, for timers that are restarted all the time: restarting and cancelling allocate
    /// nothing, and moving the due time later does not touch the clock's timer at all.
    /// </summary>
    public TimerHandle CreateTimer(TMessage message) => _cell.CreateTimer(message, reusable: true);

    /// <summary>
    /// Delivers <paramref name="message"/> to this actor once the other has stopped, at once if it has already. It needs no room
    /// in the mailbox and comes before what waits there, so it may overtake the last messages of the other. A second watch
    /// of the same actor replaces the message of the first. A watch outlives a restart of the watcher, and of the watched.
    /// </summary>
    public void Watch(ActorRef other, TMessage message)
    {
        ArgumentNullException.ThrowIfNull(other);
        _cell.Watch(other.Cell, message);
    }

    /// <summary>The message of <see cref="Watch"/> will not come any more, not even if it was under way.</summary>
    public void Unwatch(ActorRef other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _cell.StopWatching(other.Cell);
    }

    /// <summary>
    /// Puts a message aside, most often the one being handled, until <see cref="UnstashAll"/>. A stash holds as many as the mailbox may.
    /// What is in it survives a restart, which unstashes it, and becomes dead letters when the actor stops.
    /// </summary>
    /// <exception cref="InvalidOperationException">The stash is full.</exception>
    public void Stash(TMessage message) => _cell.Stash(message);

    /// <summary>Handles the stashed messages next, in the order they were stashed, before what is in the mailbox.</summary>
    public void UnstashAll() => _cell.UnstashAll();

    /// <summary>
    /// Handles messages by <paramref name="handler"/> instead, from the next one on, until another call, <see cref="Unbecome"/> or a
    /// restart. A delegate kept in a field makes changing back and forth free of allocation.
    /// </summary>
    public void Become(Func<TMessage, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _cell.Become(handler);
    }

    /// <summary>Handles messages by <see cref="Actor{TMessage}.ReceiveAsync"/> again.</summary>
    public void Unbecome() => _cell.Unbecome();

    /// <summary>Stops this actor after the current message, and its children before it; what is in the mailbox then becomes dead letters.</summary>
    public void Stop() => _cell.RequestStop(drain: false);
}
