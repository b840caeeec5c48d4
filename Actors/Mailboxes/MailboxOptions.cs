namespace Troupe.Actors;

/// <summary>How large a mailbox may grow and what happens then. The default is bounded, with senders that wait.</summary>
public sealed record MailboxOptions
{
    /// <summary>Messages a mailbox holds unless told otherwise: deep enough for a burst of frames, shallow enough to notice a stuck actor.</summary>
    public const int DefaultCapacity = 1024;

    /// <summary>The value of <see cref="Capacity"/> that means: no bound.</summary>
    public const int UnboundedCapacity = int.MaxValue;

    /// <summary>Senders that may wait for room at a time, unless told otherwise.</summary>
    public const int DefaultMaximumWaiting = 65_536;

    /// <summary>1,024 messages, then senders wait.</summary>
    public static MailboxOptions Default { get; } = new();

    /// <summary>Grows until memory ends. For actors whose senders are bounded by other means.</summary>
    public static MailboxOptions Unbounded { get; } = new() { Capacity = UnboundedCapacity };

    /// <summary>The most messages waiting at once. System messages (stop, timers, continuations) do not count and are never refused.</summary>
    public int Capacity
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = DefaultCapacity;

    /// <summary>
    /// The most senders waiting at once under <see cref="OverflowPolicy.Wait"/>, those included that have room now and have not gone on yet: each keeps its
    /// message, so without a bound one that does not await its sends would fill the memory. One more is told that the mailbox is full.
    /// </summary>
    public int MaximumWaiting
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = DefaultMaximumWaiting;

    /// <summary>What happens to a message that finds the mailbox full.</summary>
    public OverflowPolicy OverflowPolicy { get; init; } = OverflowPolicy.Wait;

    /// <summary>
    /// Only one actor (or one thread) ever sends, asks included, which makes sending cheaper where sender and receiver run at the same time: the mailbox is a
    /// <see cref="SingleSenderMailbox{TMessage, TMemory}"/>. Bounded only. A second sender is noticed often, not always; what it destroys is not known then.
    /// </summary>
    public bool IsSingleSender { get; init; }
}
