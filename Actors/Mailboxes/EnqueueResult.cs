namespace Troupe.Actors;

/// <summary>What became of a message offered to a mailbox.</summary>
public enum EnqueueResult
{
    /// <summary>It is in the mailbox.</summary>
    Accepted,

    /// <summary>The mailbox is at its capacity; the caller still owns the message.</summary>
    Full,

    /// <summary>The mailbox takes no more messages, ever; the caller still owns the message.</summary>
    Closed,
}
