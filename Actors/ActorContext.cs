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

    /// <summary>Stops this actor after the current message, and its children before it; what is in the mailbox then becomes dead letters.</summary>
    public void Stop() => _cell.RequestStop(drain: false);
}
