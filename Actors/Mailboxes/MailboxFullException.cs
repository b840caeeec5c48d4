namespace Troupe.Actors;

/// <summary>A message was refused because the receiver's mailbox is full and its policy is to say so.</summary>
public sealed class MailboxFullException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    public MailboxFullException(string? actorName)
        : base($"The mailbox of actor '{actorName ?? "(unnamed)"}' is full. Use TellAsync to wait for room, TryTell to handle refusal, or give it another overflow policy.")
    {
        ActorName = actorName;
    }

    /// <summary>The actor whose mailbox is full.</summary>
    public string? ActorName { get; }
}
