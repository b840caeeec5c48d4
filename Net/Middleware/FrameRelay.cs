using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;

namespace Troupe.Net.Middleware;

/// <summary>
/// Stands in for a layer: what is sent to it passes through a stage and goes on to the layer. Downwards it waits for the next, as
/// whoever is above would; upwards what finds no room is dropped and counted. Messages without frames pass as they are.
/// </summary>
/// <param name="next">The layer it stands in for.</param>
/// <param name="stage">What is done to the frames.</param>
/// <param name="frames">How this kind of message carries frames.</param>
/// <param name="waits">Whether it waits for room: true downwards.</param>
/// <param name="counters">Where what is dropped for lack of room is counted.</param>
public sealed class FrameRelay<[Sendable] TMessage>(
    ActorRef<TMessage> next, FrameStage stage, FrameCarrier<TMessage> frames, bool waits, LayerCounters counters) : Actor<TMessage>, IRefusesSwap
    where TMessage : struct, IDisposable
{
    private readonly Queue<FrameBatch> _onward = new();

    /// <inheritdoc/>
    string IRefusesSwap.WhyNotSwapped => "frames that its stage holds would be nobody's.";

    /// <inheritdoc/>
    protected override void Stopped() => stage.End();

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(TMessage message)
    {
        FrameBatch carried = frames.FramesOf(message);
        if (carried.IsNone)
            return SendAsync(message, 1);
        counters.CountReceived(carried.Count);
        stage.Pass(carried, Context.Time.GetElapsedTime(0), _onward);
        return SendAllAsync(message);
    }

    private async ValueTask SendAllAsync(TMessage message)
    {
        while (_onward.TryDequeue(out FrameBatch batch))
        {
            int count = batch.Count;
            counters.CountSent(count);
            await SendAsync(frames.WithFrames(message, batch), count);
        }
    }

    private ValueTask SendAsync(TMessage message, int count)
    {
        if (waits)
            return next.TellAsync(message);
        if (next.TryTell(message))
            return default;
        counters.Drop(DropCause.Overflow, count);
        message.Dispose();
        return default;
    }
}
