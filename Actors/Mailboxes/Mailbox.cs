using System.Threading.Channels;

namespace Troupe.Actors;

/// <summary>
/// A mailbox: many producers, one consumer, and a <see cref="Channel{T}"/> like any other. What it does not do is wake its
/// consumer: an actor's reference does that, or this channel's own writer.
/// </summary>
public abstract class Mailbox<TMessage> : Channel<TMessage>
{
    /// <param name="asChannel">An actor's mailbox has no use for the ends of a channel and saves their memory.</param>
    private protected Mailbox(bool asChannel)
    {
        if (!asChannel)
            return;
        var reader = new MailboxReader<TMessage>(this);
        Reader = reader;
        Writer = new MailboxWriter<TMessage>(this, reader);
    }

    /// <summary>Makes the mailbox that <paramref name="options"/> describes, with the ends of a channel.</summary>
    public static Mailbox<TMessage> Create<TMemory>(MailboxOptions options) where TMemory : struct, Core.Memory.IMemory =>
        Create<TMemory>(options, asChannel: true);

    internal static Mailbox<TMessage> Create<TMemory>(MailboxOptions options, bool asChannel) where TMemory : struct, Core.Memory.IMemory
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.IsSingleSender)
            return new SingleSenderMailbox<TMessage, TMemory>(options, asChannel);
        return options.OverflowPolicy == OverflowPolicy.DropOldest && options.Capacity != MailboxOptions.UnboundedCapacity
            ? new SlidingMailbox<TMessage, TMemory>(options, asChannel)
            : new Mailbox<TMessage, TMemory>(options, asChannel);
    }

    /// <summary>The options it was made with.</summary>
    public abstract MailboxOptions Options { get; }

    /// <summary>
    /// Offers a message. Any thread. From <see cref="HasWork"/> on there is a full fence, so a following load sees whether the consumer sleeps that has not
    /// seen the message there.
    /// </summary>
    public abstract EnqueueResult TryEnqueue(in TMessage message);

    /// <summary>
    /// Offers a message and waits for room under <see cref="OverflowPolicy.Wait"/>. Any thread. If the answer is not there
    /// at once, the caller must wake the consumer, which admits those who wait.
    /// </summary>
    public abstract ValueTask<EnqueueResult> EnqueueAsync(TMessage message, CancellationToken cancellationToken = default);

    /// <summary>Takes the oldest message. The consumer only.</summary>
    public abstract bool TryDequeue(out TMessage message);

    /// <summary>Lets waiting senders in as far as there is room. The consumer only. True if any came in.</summary>
    public abstract bool AdmitWaiting();

    /// <summary>Takes no more messages; those inside stay. Any thread, any number of times.</summary>
    public abstract void Close();

    /// <summary>
    /// Whether a message is inside, or on its way in past the point where its producer would wake the consumer, or a sender waits. Exact for the
    /// consumer, a hint for others.
    /// </summary>
    public abstract bool HasWork { get; }

    /// <summary>Messages inside, as seen in passing.</summary>
    public abstract int Count { get; }

    /// <summary>Whether <see cref="Close"/> was called.</summary>
    public abstract bool IsClosed { get; }

    /// <summary>Closed and emptied: no message will ever come out again.</summary>
    public abstract bool IsCompleted { get; }

    /// <summary>Messages this mailbox threw away by its policy.</summary>
    public abstract long Dropped { get; }

    /// <summary>How many messages have left it: the position of the next to leave. Any thread.</summary>
    public abstract long HeadPosition { get; }

    /// <summary>
    /// The position of the next message to be accepted. Any thread: it is beyond all that this thread has sent.
    /// </summary>
    public abstract long TailPosition { get; }

    /// <summary>How many of those that left it were thrown away for newer ones.</summary>
    internal virtual long Evicted => 0;

    /// <summary>Counts a message its sender gave up by policy.</summary>
    internal abstract void CountDropped();
}
