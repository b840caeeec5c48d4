namespace Troupe.Actors;

/// <summary>
/// One actor as a <see cref="SystemSnapshot"/> saw it. Each number is exact for a moment of its own; those of one actor are read in an order in which
/// <see cref="Handled"/> from the mailbox is never more than <see cref="Accepted"/>.
/// </summary>
public sealed record ActorSnapshot
{
    private readonly List<ActorSnapshot> _children = [];

    internal ActorSnapshot()
    {
    }

    /// <summary>The actor; it may have stopped since.</summary>
    public required ActorRef Reference { get; init; }

    /// <summary>
    /// The name it was given, or one that was made up for its path earlier. If it has neither, a description in parentheses: a snapshot makes none up.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>The type name of what handles its messages.</summary>
    public required string Behaviour { get; init; }

    /// <summary>What it is doing.</summary>
    public required ActorState State { get; init; }

    /// <summary>The processor it is pinned to; null: any.</summary>
    public int? Processor { get; init; }

    /// <summary>Messages waiting in the mailbox.</summary>
    public int MailboxCount { get; init; }

    /// <summary>Messages the mailbox may hold; <see cref="MailboxOptions.UnboundedCapacity"/>: no bound.</summary>
    public int MailboxCapacity { get; init; }

    /// <summary>Messages the mailbox has accepted.</summary>
    public long Accepted { get; init; }

    /// <summary>Messages handled: from the mailbox, of timers, of watches. After its end, dead letters among them.</summary>
    public long Handled { get; init; }

    /// <summary>What those took in the mailbox, and owned if they are <see cref="IMeasured"/>.</summary>
    public long Bytes { get; init; }

    /// <summary>Messages thrown away by its overflow policy.</summary>
    public long Dropped { get; init; }

    /// <inheritdoc cref="ActorRef.TurnTime"/>
    public TimeSpan TurnTime { get; init; }

    /// <summary>How often a fresh instance took its place after a failure.</summary>
    public int Restarts { get; init; }

    /// <summary>Whether its turn goes on on a detached thread.</summary>
    public bool IsDetached => State == ActorState.Detached;

    /// <summary>The actors it has spawned, in that order.</summary>
    public IReadOnlyList<ActorSnapshot> Children => _children;

    internal static ActorSnapshot Of(ActorCell cell, ActorState? atWork)
    {
        ActorRef reference = cell.Reference;
        // Handled before accepted: what is handled has been accepted.
        (long handled, long bytes) = cell.Taken;
        long accepted = cell.Accepted;
        ActorState state = cell.State;
        return new ActorSnapshot
        {
            Reference = reference,
            Name = cell.DisplayName,
            Behaviour = cell.BehaviourName,
            // A detached turn is worth knowing whatever else holds the actor.
            State = atWork == ActorState.Detached || state is ActorState.Idle or ActorState.Ready or ActorState.Starting ? atWork ?? state : state,
            Processor = cell.Processor < 0 ? null : cell.Processor,
            MailboxCount = reference.MailboxCount,
            MailboxCapacity = cell.MailboxCapacity,
            Accepted = accepted,
            Handled = handled,
            Bytes = bytes,
            Dropped = reference.Dropped,
            TurnTime = reference.TurnTime,
            Restarts = cell.ObservedIfAny?.Restarts ?? 0,
        };
    }

    internal void Add(ActorSnapshot child) => _children.Add(child);
}
