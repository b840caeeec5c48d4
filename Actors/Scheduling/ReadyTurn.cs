namespace Troupe.Actors;

/// <summary>An actor's next turn, to be run once by the <see cref="ISteppedWorkerHost"/> that was handed it.</summary>
public readonly struct ReadyTurn : IEquatable<ReadyTurn>
{
    private readonly ActorCell _cell;

    internal ReadyTurn(ActorCell cell) => _cell = cell;

    /// <summary>Whose turn it is.</summary>
    public ActorRef Actor => _cell.Reference;

    /// <summary>
    /// Runs the turn on the calling thread: what the system has to say to the actor, then up to <paramref name="maximumMessages"/>
    /// messages. If more is left, the actor is enqueued again before this returns. Not from within another turn.
    /// </summary>
    public void Run(int maximumMessages) => Run(maximumMessages, 0);

    /// <summary>
    /// The same on the given processor, on which no other turn may be meanwhile: for a host that lets turns of different actors overlap. An actor
    /// that is pinned has its turns on its own.
    /// </summary>
    public void Run(int maximumMessages, int processor)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximumMessages);
        _cell.System.Scheduler.RunStepped(_cell, maximumMessages, processor);
    }

    /// <inheritdoc/>
    public bool Equals(ReadyTurn other) => ReferenceEquals(_cell, other._cell);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ReadyTurn other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _cell?.GetHashCode() ?? 0;

    /// <summary>Whether both are of one actor.</summary>
    public static bool operator ==(ReadyTurn left, ReadyTurn right) => left.Equals(right);

    /// <summary>Whether they are of different actors.</summary>
    public static bool operator !=(ReadyTurn left, ReadyTurn right) => !left.Equals(right);
}
