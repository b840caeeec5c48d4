using System.Diagnostics;

namespace Troupe.Actors;

/// <summary>
/// The address of an actor: the only way to it. Messages of one sender arrive in the order they were sent. Usable from
/// any thread.
/// </summary>
[SendableByContract("An address; its methods may be called from any thread.")]
public sealed partial class ActorRef<[Sendable] TMessage> : ActorRef
{
    private readonly ActorCell<TMessage> _cell;
    private readonly Mailbox<TMessage> _mailbox;

    internal ActorRef(ActorCell<TMessage> cell, Mailbox<TMessage> mailbox)
    {
        _cell = cell;
        _mailbox = mailbox;
    }

    /// <inheritdoc/>
    public override string? Name => _cell.Name;

    /// <inheritdoc/>
    public override int MailboxCount => _mailbox.Count;

    /// <inheritdoc/>
    public override long Dropped => _mailbox.Dropped;

    /// <inheritdoc/>
    public override TimeSpan TurnTime => _cell.TurnTime;

    /// <inheritdoc/>
    public override Task Terminated => _cell.Termination;

    /// <inheritdoc/>
    public override string Path => _cell.Path;

    /// <inheritdoc/>
    public override Type BehaviourType => _cell.BehaviourType;

    internal override ActorCell Cell => _cell;

    internal Mailbox<TMessage> Mailbox => _mailbox;

    internal ActorSystem System => _cell.System;

    /// <summary>
    /// Sends if there is room. False: the mailbox is full or the actor has stopped, and the caller still owns the message
    /// (nothing is counted).
    /// </summary>
    public bool TryTell([MovesWhen(true)] TMessage message)
    {
        if (Enqueue(in message) != EnqueueResult.Accepted)
            return false;
        _cell.Schedule(urgent: false);
        return true;
    }

    /// <summary>
    /// Sends without waiting. A full mailbox does what its <see cref="OverflowPolicy"/> says; a stopped actor's messages
    /// are dead letters. A message nobody will handle is disposed of if it is <see cref="IDisposable"/>.
    /// </summary>
    /// <exception cref="MailboxFullException">The mailbox is full and its policy is to wait or to fail. The caller still owns the message.</exception>
    public void Tell(TMessage message)
    {
        EnqueueResult result = Enqueue(in message);
        if (result == EnqueueResult.Accepted)
            _cell.Schedule(urgent: false);
        else if (!Refuse(result, message))
            throw new MailboxFullException(Name);
    }

    /// <summary>
    /// Sends, waiting for room if the policy is <see cref="OverflowPolicy.Wait"/>. Completes once the message is in the
    /// mailbox, at once and without allocation if there is room; after a wait, when its sender should go on.
    /// </summary>
    /// <exception cref="MailboxFullException">The mailbox is full and its policy is to fail. The caller still owns the message.</exception>
    public ValueTask TellAsync(TMessage message, CancellationToken cancellationToken = default)
    {
        CheckWaitingEdge();
        // The usual case, without the detour by an answer that might be pending.
        if (cancellationToken.IsCancellationRequested || Enqueue(in message) != EnqueueResult.Accepted)
            return TellOrWaitAsync(message, cancellationToken);
        _cell.Schedule(urgent: false);
        return default;
    }

    private ValueTask TellOrWaitAsync(TMessage message, CancellationToken cancellationToken)
    {
        ValueTask<EnqueueResult> pending = EnqueueAsync(message, ask: false, cancellationToken);
        if (!pending.IsCompletedSuccessfully)
        {
            _cell.Schedule(urgent: false);
            return AwaitRoomAsync(pending, message);
        }

        EnqueueResult result = pending.Result;
        if (result == EnqueueResult.Accepted)
            _cell.Schedule(urgent: false);
        else if (!Refuse(result, message))
            return ValueTask.FromException(new MailboxFullException(Name));
        return default;
    }

    /// <summary>
    /// Asks: sends the message that <paramref name="create"/> makes around a <see cref="Reply{T}"/>, and completes with the
    /// answer. Asked in an actor's turn, the answer comes back as a turn of that actor; asked elsewhere, on the thread pool.
    /// </summary>
    /// <param name="create">Makes the message; a static lambda allocates nothing.</param>
    /// <param name="timeout">The deadline; the system's default (5 s) if not given.</param>
    /// <param name="cancellationToken">Gives up earlier.</param>
    /// <exception cref="AskTimeoutException">Nobody answered in time. A late answer is ignored and counted.</exception>
    /// <exception cref="AskFailedException">The message was not accepted, or the handler answered with a failure.</exception>
    public ValueTask<TReply> AskAsync<[Sendable] TReply>(Func<Reply<TReply>, TMessage> create, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(create);
        return AskAsync<Func<Reply<TReply>, TMessage>, TReply>(create, static (factory, reply) => factory(reply), timeout, cancellationToken);
    }

    /// <summary>As <see cref="AskAsync{TReply}(Func{Reply{TReply}, TMessage}, TimeSpan?, CancellationToken)"/>, with an argument instead of a closure.</summary>
    public ValueTask<TReply> AskAsync<TArgument, [Sendable] TReply>(
        TArgument argument,
        Func<TArgument, Reply<TReply>, TMessage> create,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(create);
        PendingReply<TReply> pending = System.Replies.Rent<TReply>();
        Reply<TReply> reply = pending.Begin(this, timeout ?? System.AskTimeout, cancellationToken);
        ValueTask<TReply> answer = pending.Task;

        TMessage message = create(argument, reply);
        ValueTask<EnqueueResult> sending = EnqueueAsync(message, ask: true, cancellationToken);
        if (!sending.IsCompletedSuccessfully || sending.Result != EnqueueResult.Accepted)
        {
            // The asker waits for the answer only, so that the deadline counts while the message waits for room.
            _cell.Schedule(urgent: false);
            _ = FinishAskAsync(sending, message, reply);
            return answer;
        }

        _cell.Schedule(urgent: false);
        return answer;
    }

    /// <inheritdoc/>
    public override void Stop() => _cell.PostStop(drain: false);

    /// <inheritdoc/>
    public override Task StopAsync(bool drain = true)
    {
        _cell.PostStop(drain);
        if (drain)
            _mailbox.Close();
        return _cell.Termination;
    }

    [Conditional("DEBUG")]
    private void CheckWaitingEdge()
    {
        if (_mailbox.Options is { OverflowPolicy: OverflowPolicy.Wait, Capacity: not MailboxOptions.UnboundedCapacity } && SynchronizationContext.Current is ActorCell sender)
            sender.CheckWaitsFor(_cell);
    }

    /// <summary>
    /// Swaps the behaviour of the actor while it lives. The old behaviour handles what was in the mailbox, or unstashed, when this was called; then it
    /// exports its state (<see cref="IExportsState{TState}"/>), the new one imports it (<see cref="IImportsState{TState}"/>) and handles what comes
    /// after: all that is sent once the result is there. What is sent in between is the new one's as well, but for one message at the most. Mailbox, references, children, watches, timers and what is stashed stay; neither <see cref="Actor{TMessage}.Stopped"/> nor
    /// <see cref="Actor{TMessage}.Started"/> runs; what the old one had become ends. A swap waits for a suspended handler, so an actor that swaps itself does not
    /// await the result.
    /// </summary>
    /// <param name="factory">
    /// Makes the new behaviour, once now and on the caller's thread, and then whenever the actor is restarted. The factory before it is forgotten.
    /// </param>
    /// <param name="cancellationToken">Withdraws the swap as long as it has not begun. A deadline, where the actor may never get to it.</param>
    /// <returns>Completes when the new behaviour is in place.</returns>
    /// <exception cref="HotSwapException">
    /// Factory, export or import threw, or the actor has stopped. The old behaviour goes on and no message is lost.
    /// </exception>
    public Task<SwapResult> SwapAsync(Func<Actor<TMessage>> factory, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return _cell.SwapAsync(factory, cancellationToken);
    }

    /// <inheritdoc/>
    public override Task<SwapResult> SwapAsync(string behaviour, CancellationToken cancellationToken = default) =>
        SwapAsync(System.Behaviours.Find<TMessage>(behaviour), cancellationToken);

    /// <inheritdoc/>
    public override Task<SwapResult> SwapAsync(Func<object> factory, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return SwapAsync(
            () => factory() is Actor<TMessage> behaviour
                ? behaviour
                : throw new InvalidOperationException($"The new behaviour is no Actor<{typeof(TMessage).Name}>, which this actor is."),
            cancellationToken);
    }

    private async ValueTask AwaitRoomAsync(ValueTask<EnqueueResult> pending, TMessage message)
    {
        var sender = SynchronizationContext.Current as ActorCell;
        sender?.BeginWaitForRoom(_cell);
        EnqueueResult result;
        try
        {
            result = await pending;
        }
        finally
        {
            sender?.EndWaitForRoom(_cell);
        }

        if (result != EnqueueResult.Accepted)
            Refuse(result, message);
    }

    private async Task FinishAskAsync<[Sendable] TReply>(ValueTask<EnqueueResult> sending, TMessage message, Reply<TReply> reply)
    {
        EnqueueResult result;
        try
        {
            result = await sending;
        }
        catch (OperationCanceledException)
        {
            // The same token ends the ask itself.
            MessageDisposal.Dispose(in message);
            return;
        }

        if (result == EnqueueResult.Accepted)
            return;
        reply.TryFail(new AskFailedException(Name, result == EnqueueResult.Closed ? "has stopped" : "has a full mailbox"));
        if (!Refuse(result, message))
            MessageDisposal.Dispose(in message);
    }

    /// <summary>Disposes of a message that did not get in, if that is what the mailbox's policy says.</summary>
    private bool Refuse(EnqueueResult result, TMessage message)
    {
        if (result == EnqueueResult.Closed)
        {
            System.ReportDeadLetter(_cell.Name, in message);
            return true;
        }

        if (_mailbox.Options.OverflowPolicy is not (OverflowPolicy.DropNewest or OverflowPolicy.DropOldest))
            return false;
        _mailbox.CountDropped();
        MessageDisposal.Dispose(in message);
        return true;
    }
}
