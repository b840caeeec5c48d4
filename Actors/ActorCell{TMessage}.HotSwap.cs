using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <inheritdoc/>
/// <remarks>
/// Nothing here may keep the old behaviour: its assembly is unloaded when nobody refers to it any more. The references to it are the
/// behaviour itself, a handler it has become, the factory, and a suspended handler, which is why a swap waits for that.
/// </remarks>
internal sealed partial class ActorCell<TMessage>
{
    /// <summary>What handles messages, whatever it has become. Any thread.</summary>
    internal override Type BehaviourType => OriginalOf(ProcessorMemory.LoadAcquire(ref _behaviour!)!).GetType();

    private protected override long MessagesTaken => Self.Mailbox.HeadPosition;

    internal Task<SwapResult> SwapAsync(Func<Actor<TMessage>> factory, CancellationToken cancellationToken)
    {
        Actor<TMessage> successor;
        try
        {
            successor = factory() ?? throw new InvalidOperationException("It returned null.");
            successor.Attach(this);
        }
        catch (Exception exception)
        {
            return Task.FromException<SwapResult>(new HotSwapException(Path, $"the factory of the new behaviour failed: {exception.Message}", exception));
        }

        var request = new SwapRequest<TMessage>(successor, factory, Self.Mailbox.TailPosition);
        request.WithdrawOn(cancellationToken);
        PostSystem(request);
        return request.Completion;
    }

    private protected override void Swap(SwapRequest request)
    {
        var swap = (SwapRequest<TMessage>)request;
        long start = System.Time.GetTimestamp();
        if (OriginalOf(_behaviour) is IRefusesSwap refusing)
        {
            request.Fail(new HotSwapException(Path, refusing.WhyNotSwapped));
            return;
        }

        if (OriginalOf(_behaviour) is IRestartsToSwap)
        {
            Optional.Factory = swap.Factory;
            Optional.SwapByRestart = new SwapByRestart(swap, start);
            RequestRestart(TimeSpan.Zero);
            return;
        }

        try
        {
            (OriginalOf(_behaviour) as IExportsState)?.HandOver(swap.Successor);
        }
        catch (Exception exception)
        {
            request.Fail(new HotSwapException(Path, $"the state was not handed over: {exception.Message}", exception));
            return;
        }

        Optional.Factory = swap.Factory;
        Take(swap.Successor);
        Succeed(swap, start);
    }

    /// <summary>The restart under way has come to where it makes a new instance: what a swap has brought, if it is one's.</summary>
    private SwapByRestart? TakeSwapByRestart()
    {
        SwapByRestart? swap = Optional.SwapByRestart;
        Optional.SwapByRestart = null;
        return swap;
    }

    private void Take(Actor<TMessage> successor)
    {
        ProcessorMemory.StoreRelease(ref _behaviour!, successor);
        Optional.Become = null;
    }

    private void Succeed(SwapRequest request, long start)
    {
        if (TraceSwitch.IsOn)
            Tracing.Happened(TraceKind.Swap, this, OriginalOf(_behaviour).GetType());
        int generation = ++Optional.Swaps!.Generation;
        request.Succeed(new SwapResult(generation, System.Time.GetElapsedTime(start), Self.Mailbox.Count));
    }

    private static Actor<TMessage> OriginalOf(Actor<TMessage> behaviour) => behaviour is BecomeBehaviour<TMessage> become ? become.Original : behaviour;
}
