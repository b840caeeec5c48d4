using System.Runtime.CompilerServices;

namespace Troupe.Actors;

/// <summary>The way into the mailbox, which sends can be traced on.</summary>
public sealed partial class ActorRef<TMessage>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private EnqueueResult Enqueue(in TMessage message) => TraceSwitch.IsOn ? EnqueueTraced(in message) : _mailbox.TryEnqueue(in message);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ValueTask<EnqueueResult> EnqueueAsync(TMessage message, bool ask, CancellationToken cancellationToken) =>
        TraceSwitch.IsOn ? EnqueueTracedAsync(message, ask, cancellationToken) : _mailbox.EnqueueAsync(message, cancellationToken);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private EnqueueResult EnqueueTraced(in TMessage message)
    {
        if (System.Tracer is not { } tracer)
            return _mailbox.TryEnqueue(in message);
        Tracing.Send(tracer, _cell, typeof(TMessage), ask: false);
        TraceStamp stamp = TraceThread.Current.Sending;
        EnqueueResult result = _mailbox.TryEnqueue(in message);
        Tracing.Sent(tracer, _cell, typeof(TMessage), result, stamp);
        return result;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ValueTask<EnqueueResult> EnqueueTracedAsync(TMessage message, bool ask, CancellationToken cancellationToken)
    {
        if (System.Tracer is not { } tracer)
            return _mailbox.EnqueueAsync(message, cancellationToken);
        Tracing.Send(tracer, _cell, typeof(TMessage), ask);
        TraceStamp stamp = TraceThread.Current.Sending;
        ValueTask<EnqueueResult> pending = _mailbox.EnqueueAsync(message, cancellationToken);
        if (pending.IsCompletedSuccessfully)
        {
            EnqueueResult result = pending.Result;
            Tracing.Sent(tracer, _cell, typeof(TMessage), result, stamp);
            return new ValueTask<EnqueueResult>(result);
        }

        Tracing.Wait(tracer, _cell, typeof(TMessage), stamp);
        return pending;
    }
}
