// RFC 2697's bucket, with one colour: what does not fit is dropped.
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;

namespace Troupe.Net.Middleware;

/// <summary>Passes so many octets a second, in bursts of so many.</summary>
public sealed class RateLimiter(int octetsPerSecond, int burst, LinkResources link, LayerCounters counters) : FrameStage
{
    private double _tokens = burst;
    private TimeSpan _last;

    /// <inheritdoc/>
    public override void Pass(FrameBatch frames, TimeSpan now, Queue<FrameBatch> onward)
    {
        ArgumentNullException.ThrowIfNull(onward);
        _tokens = Math.Min(burst, _tokens + ((now - _last).TotalSeconds * octetsPerSecond));
        _last = now;
        while (frames.TryTake(out FrameBuffer frame))
        {
            if (frame.Length > _tokens)
            {
                counters.Drop(DropCause.RateLimited);
                frame.Dispose();
                continue;
            }

            _tokens -= frame.Length;
            if (link.TryBatch(frame, out FrameBatch batch))
                onward.Enqueue(batch);
            else
                counters.Drop(DropCause.NoBuffer);
        }

        frames.Dispose();
    }
}
