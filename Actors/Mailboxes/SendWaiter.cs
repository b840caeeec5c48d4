using System.Threading.Tasks.Sources;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>One sender that waits for room, with its message. The consumer takes it or cancellation does, never both.</summary>
internal sealed class SendWaiter<TMessage, TMemory> : ILinked<SendWaiter<TMessage, TMemory>>, IValueTaskSource<EnqueueResult>
    where TMemory : struct, IMemory
{
    private const int Waiting = 0;
    private const int Taken = 1;
    private const int Canceled = 2;

    private readonly TMessage _message;
    private readonly SendWaiters<TMessage, TMemory> _waiters;
    private ManualResetValueTaskSourceCore<EnqueueResult> _completion;
    private CancellationTokenRegistration _cancellation;
    private SendWaiter<TMessage, TMemory>? _link;
    private int _state;
    private bool _told;

    /// <summary>The stamp of its message, if that is traced.</summary>
    internal TraceOrigin? Origin { get; } = TraceSwitch.IsOn ? Tracing.Waiting() : null;

    internal SendWaiter(TMessage message, SendWaiters<TMessage, TMemory> waiters)
    {
        _message = message;
        _waiters = waiters;
        // The sender continues in its own turn or on the thread pool, never inside the receiver's.
        _completion.RunContinuationsAsynchronously = true;
    }

    ref SendWaiter<TMessage, TMemory>? ILinked<SendWaiter<TMessage, TMemory>>.Link => ref _link;

    internal ValueTask<EnqueueResult> Start(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
            _cancellation = cancellationToken.UnsafeRegister(static (state, token) => ((SendWaiter<TMessage, TMemory>)state!).Cancel(token), this);
        return new ValueTask<EnqueueResult>(this, _completion.Version);
    }

    /// <summary>Takes the message; from then on cancellation comes too late. May be repeated by the consumer.</summary>
    internal bool TryTake(out TMessage message)
    {
        message = _message;
        return TMemory.CompareExchange(ref _state, Taken, Waiting) != Canceled;
    }

    /// <summary>The consumer, once, after <see cref="TryTake"/>.</summary>
    internal void Complete(EnqueueResult result) => _completion.SetResult(result);

    EnqueueResult IValueTaskSource<EnqueueResult>.GetResult(short token)
    {
        _cancellation.Dispose();
        // Who asks twice is counted once.
        if (!_told)
            _waiters.OnTold();
        _told = true;
        return _completion.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<EnqueueResult>.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource<EnqueueResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken token)
    {
        if (TMemory.CompareExchange(ref _state, Canceled, Waiting) == Waiting)
            _completion.SetException(new OperationCanceledException(token));
    }
}
