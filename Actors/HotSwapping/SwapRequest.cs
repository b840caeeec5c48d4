using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// A swap on its way: it arrives as a system message, so that a full mailbox cannot refuse it, and takes effect where it stands among the
/// messages. That place is the mailbox's tail when it was asked for; the old behaviour handles what is before it. (A turn that has looked for system
/// messages a moment earlier may take one message more.)
/// </summary>
/// <remarks>
/// Who may do what: one exchange decides between its caller, who may withdraw it until it begins, and the actor's turn, which begins it. After
/// that only the turn touches it, and it ends there: done, failed, or refused by an actor that has stopped.
/// </remarks>
internal abstract class SwapRequest(long position) : SystemMessage
{
    private const int Waiting = 0;
    private const int Decided = 1;

    private readonly TaskCompletionSource<SwapResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _cancellation;
    private int _state;

    /// <summary>The old behaviour handles the messages before this position of the mailbox.</summary>
    internal long Position => position;

    internal Task<SwapResult> Completion => _completion.Task;

    internal override void Run(ActorCell cell) => cell.OnSwapRequested(this);

    /// <summary>Before it is posted.</summary>
    internal void WithdrawOn(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
            _cancellation = cancellationToken.UnsafeRegister(static (request, token) => ((SwapRequest)request!).Withdraw(token), this);
    }

    /// <summary>In the actor's turn. False: its caller has withdrawn it.</summary>
    internal bool TryBegin()
    {
        if (!TryDecide())
            return false;
        _cancellation.Unregister();
        return true;
    }

    internal void Succeed(SwapResult result) => _completion.SetResult(result);

    internal void Fail(HotSwapException exception) => _completion.SetException(exception);

    private void Withdraw(CancellationToken token)
    {
        if (!TryDecide())
            return;
        _completion.SetCanceled(token);
        Release();
    }

    /// <summary>It may wait for long in the actor's queue yet: what it would have brought must not.</summary>
    private protected abstract void Release();

    private bool TryDecide() => ProcessorMemory.CompareExchange(ref _state, Decided, Waiting) == Waiting;
}

/// <inheritdoc cref="SwapRequest"/>
internal sealed class SwapRequest<[Sendable] TMessage>(Actor<TMessage> successor, Func<Actor<TMessage>> factory, long position) : SwapRequest(position)
{
    private Actor<TMessage>? _successor = successor;
    private Func<Actor<TMessage>>? _factory = factory;

    internal Actor<TMessage> Successor => _successor!;

    internal Func<Actor<TMessage>> Factory => _factory!;

    private protected override void Release()
    {
        _successor = null;
        _factory = null;
    }
}
