namespace Troupe.Actors;

/// <summary>How an actor is spawned.</summary>
public sealed record SpawnOptions
{
    /// <summary>The name, unique in the system while the actor lives; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>The mailbox.</summary>
    public MailboxOptions Mailbox { get; init; } = MailboxOptions.Default;

    /// <summary>The processor whose worker alone runs the actor; null: any.</summary>
    public int? Processor { get; init; }

    /// <summary>What happens when a handler throws.</summary>
    public FailurePolicy OnFailure { get; init; } = FailurePolicy.Stop;
}
