using System.Threading.Channels;

namespace Troupe.Actors;

/// <summary>The writing end of a mailbox seen as a channel: offers, applies the overflow policy, wakes the consumer.</summary>
internal sealed class MailboxWriter<TMessage>(Mailbox<TMessage> mailbox, MailboxReader<TMessage> reader) : ChannelWriter<TMessage>
{
    public override bool TryWrite(TMessage item)
    {
        EnqueueResult result = mailbox.TryEnqueue(in item);
        if (result == EnqueueResult.Accepted)
        {
            reader.Wake();
            return true;
        }

        if (result == EnqueueResult.Full && mailbox.Options.OverflowPolicy is OverflowPolicy.DropNewest or OverflowPolicy.DropOldest)
        {
            mailbox.CountDropped();
            MessageDisposal.Dispose(in item);
            return true;
        }

        return false;
    }

    public override async ValueTask WriteAsync(TMessage item, CancellationToken cancellationToken = default)
    {
        if (mailbox.Options.OverflowPolicy != OverflowPolicy.Wait)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!TryWrite(item))
                throw mailbox.IsClosed ? new ChannelClosedException() : new MailboxFullException(null);
            return;
        }

        ValueTask<EnqueueResult> pending = mailbox.EnqueueAsync(item, cancellationToken);
        reader.Wake();
        EnqueueResult result = await pending.ConfigureAwait(false);
        if (result == EnqueueResult.Closed)
            throw new ChannelClosedException();
        // As many wait as may.
        if (result == EnqueueResult.Full)
            throw new MailboxFullException(null);
    }

    /// <summary>Room seen now may be gone at the next try; writers that must wait use <see cref="WriteAsync"/>.</summary>
    public override async ValueTask<bool> WaitToWriteAsync(CancellationToken cancellationToken = default)
    {
        while (!mailbox.IsClosed)
        {
            if (mailbox.Count < mailbox.Options.Capacity || mailbox.Options.OverflowPolicy != OverflowPolicy.Wait)
                return true;
            cancellationToken.ThrowIfCancellationRequested();
            await reader.WaitForRoomAsync(cancellationToken).ConfigureAwait(false);
        }

        return false;
    }

    public override bool TryComplete(Exception? error = null)
    {
        if (mailbox.IsClosed)
            return false;
        mailbox.Close();
        reader.Complete(error);
        return true;
    }
}
