namespace Troupe.Actors;

/// <summary>How an actor is spawned.</summary>
public sealed record SpawnOptions
{
    private static readonly SpawnOptions _default = new();

    /// <summary>The name, unique among the children of one actor while this one lives; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>The mailbox.</summary>
    public MailboxOptions Mailbox { get; init; } = MailboxOptions.Default;

    /// <summary>The processor whose worker alone runs the actor; null: any.</summary>
    public int? Processor { get; init; }

    /// <summary>What happens when a handler throws, unless the actor that spawned it has a <see cref="Supervision"/> that says otherwise.</summary>
    public FailurePolicy OnFailure { get; init; } = FailurePolicy.Stop;

    /// <summary>How this actor deals with failures of the actors it spawns; null: as each one's own <see cref="OnFailure"/> says.</summary>
    public SupervisionStrategy? Supervision { get; init; }

    /// <summary>
    /// The actors in whose mailboxes this one may wait for room (<see cref="ActorRef{TMessage}.TellAsync"/>); empty: in none; null: it does not say.
    /// In debug builds a cycle of such edges is refused at spawn, and an actor that has said so waits for no other.
    /// </summary>
    public IReadOnlyList<ActorRef>? WaitsFor { get; init; }

    /// <summary>The same by path in this system, for actors that do not live yet.</summary>
    public IReadOnlyList<string>? WaitsForNamed { get; init; }

    internal static SpawnOptions Of(string? name, MailboxOptions? mailbox, int? processor) =>
        name is null && mailbox is null && processor is null
            ? _default
            : new SpawnOptions { Name = name, Mailbox = mailbox ?? MailboxOptions.Default, Processor = processor };
}
