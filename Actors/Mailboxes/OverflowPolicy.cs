namespace Troupe.Actors;

/// <summary>What a full mailbox does with one message more.</summary>
public enum OverflowPolicy
{
    /// <summary>
    /// <c>TellAsync</c> waits for room, in order of arrival. <c>Tell</c> cannot wait (it would block a worker) and throws
    /// <see cref="MailboxFullException"/>; <c>TryTell</c> answers <see langword="false"/>.
    /// </summary>
    Wait,

    /// <summary>The new message is dropped and counted.</summary>
    DropNewest,

    /// <summary>The oldest waiting message is dropped and counted, the new one is taken.</summary>
    DropOldest,

    /// <summary>Every kind of tell throws <see cref="MailboxFullException"/>; <c>TryTell</c> answers <see langword="false"/>.</summary>
    Fail,
}
