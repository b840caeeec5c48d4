using System.Threading.Channels;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>The reading end of a mailbox seen as a channel: for one reader that is not an actor.</summary>
internal sealed class MailboxReader<TMessage>(Mailbox<TMessage> mailbox) : ChannelReader<TMessage>
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<bool>? _waitingForMessage;
    private TaskCompletionSource? _waitingForRoom;
    private Exception? _error;

    public override Task Completion => _completion.Task;

    public override bool CanCount => true;

    public override int Count => mailbox.Count;

    public override bool TryRead(out TMessage item)
    {
        bool read = mailbox.TryDequeue(out item) || (mailbox.AdmitWaiting() && mailbox.TryDequeue(out item));
        if (read)
        {
            mailbox.AdmitWaiting();
            // An exchange: the head just moved must be visible before the question who waits for it.
            ProcessorMemory.Exchange(ref _waitingForRoom, null)?.TrySetResult();
        }

        CompleteIfEmpty();
        return read;
    }

    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled<bool>(cancellationToken);
        if (mailbox.HasWork)
            return new ValueTask<bool>(true);
        if (CompleteIfEmpty())
            return EndOfStream();

        var waiting = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        ProcessorMemory.Exchange(ref _waitingForMessage, waiting)?.TrySetException(
            new InvalidOperationException("A mailbox has one reader; a second one began to wait."));
        // Announced; now look again, for a producer may have looked before the announcement.
        if (mailbox.HasWork || mailbox.IsCompleted)
            Wake();
        return Wait(waiting, cancellationToken);
    }

    internal void Wake()
    {
        if (ProcessorMemory.LoadAcquire(ref _waitingForMessage) is not null)
            ProcessorMemory.Exchange(ref _waitingForMessage, null)?.TrySetResult(true);
    }

    internal Task WaitForRoomAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource? waiting = ProcessorMemory.LoadAcquire(ref _waitingForRoom);
        if (waiting is null)
        {
            var created = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting = ProcessorMemory.CompareExchange(ref _waitingForRoom, created, null) ?? created;
        }

        if (mailbox.IsClosed || mailbox.Count < mailbox.Options.Capacity)
            waiting.TrySetResult();
        return waiting.Task.WaitAsync(cancellationToken);
    }

    internal void Complete(Exception? error)
    {
        ProcessorMemory.StoreRelease(ref _error, error);
        ProcessorMemory.Exchange(ref _waitingForRoom, null)?.TrySetResult();
        CompleteIfEmpty();
        Wake();
    }

    private bool CompleteIfEmpty()
    {
        if (!mailbox.IsCompleted)
            return false;
        Exception? error = ProcessorMemory.LoadAcquire(ref _error);
        if (error is null)
            _completion.TrySetResult();
        else
            _completion.TrySetException(error);
        return true;
    }

    private ValueTask<bool> EndOfStream()
    {
        Exception? error = ProcessorMemory.LoadAcquire(ref _error);
        return error is null ? new ValueTask<bool>(false) : ValueTask.FromException<bool>(error);
    }

    private async ValueTask<bool> Wait(TaskCompletionSource<bool> waiting, CancellationToken cancellationToken)
    {
        await waiting.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await WaitToReadAsync(cancellationToken).ConfigureAwait(false);
    }
}
