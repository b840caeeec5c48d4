namespace Troupe.Actors;

/// <summary>
/// One actor watches another. The same object is the request to the watched actor, an entry in its list, and the notice that
/// comes back, so nothing is allocated at the end and nothing can be refused.
/// </summary>
/// <remarks>
/// The watched actor answers in its own turns: a request that finds it stopped is answered at once, an earlier one when it stops.
/// </remarks>
internal abstract class Watch(ActorCell watched) : SystemMessage
{
    // The watched actor's turns only, until the notice is posted; the watcher's from then on.
    private bool _ended;

    internal override bool NeedsHandler => _ended;

    internal ActorCell Watched => watched;

    /// <summary>Whether the watcher still wants to know. The watcher's turns only.</summary>
    internal bool IsWanted { get; set; } = true;

    private protected abstract ActorCell Watcher { get; }

    internal override void Run(ActorCell cell)
    {
        if (!_ended)
            cell.OnWatched(this);
        else if (IsWanted)
            OnEnded();
    }

    /// <summary>In the watched actor's last turn, or later.</summary>
    internal void Notify()
    {
        _ended = true;
        Watcher.PostSystem(this);
    }

    private protected abstract void OnEnded();
}

/// <inheritdoc cref="Watch"/>
internal sealed class Watch<[Sendable] TMessage>(ActorCell<TMessage> watcher, ActorCell watched, TMessage message) : Watch(watched)
{
    /// <summary>What the watcher is told.</summary>
    internal TMessage Message { get; set; } = message;

    private protected override ActorCell Watcher => watcher;

    private protected override void OnEnded() => watcher.OnWatchedEnded(this);
}

/// <summary>Tells the watched actor that the watcher does not want to know any more.</summary>
internal sealed class Unwatch(Watch watch) : SystemMessage
{
    internal override void Run(ActorCell cell) => cell.OnUnwatched(watch);
}
