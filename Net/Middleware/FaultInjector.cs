using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Middleware;

/// <summary>How often what happens to a frame; each is a probability from 0 to 1.</summary>
public sealed record FaultRates
{
    /// <summary>It is lost.</summary>
    public double Loss { get; init; }

    /// <summary>It comes twice.</summary>
    public double Duplication { get; init; }

    /// <summary>It comes after the next one.</summary>
    public double Reordering { get; init; }

    /// <summary>One to three of its bits change, or one more where the Internet checksum would not see it.</summary>
    public double Corruption { get; init; }
}

/// <summary>Treats frames badly, in a way that follows from a seed.</summary>
public sealed class FaultInjector(FaultRates rates, int seed, LinkResources link, LayerCounters counters) : FrameStage
{
    private readonly Random _random = new(seed);
    private FrameBuffer _held;

    /// <inheritdoc/>
    public override void End() => _held.Dispose();

    /// <inheritdoc/>
    public override void Pass(FrameBatch frames, TimeSpan now, Queue<FrameBatch> onward)
    {
        ArgumentNullException.ThrowIfNull(onward);
        while (frames.TryTake(out FrameBuffer frame))
        {
            if (_random.NextDouble() < rates.Loss)
            {
                counters.Drop(DropCause.Unresolved);
                frame.Dispose();
                continue;
            }

            if (_random.NextDouble() < rates.Corruption && frame.Length > 0)
                Corrupt(frame.Data);

            if (_random.NextDouble() < rates.Duplication && link.Frames.TryRent(out FrameBuffer copy))
            {
                copy.Append(frame.Data);
                Send(copy, onward);
            }

            if (_held.IsNone && _random.NextDouble() < rates.Reordering)
            {
                _held = frame;
                continue;
            }

            Send(frame, onward);
            if (_held.IsNone)
                continue;
            FrameBuffer held = _held;
            _held = default;
            Send(held, onward);
        }

        frames.Dispose();
    }

    /// <summary>Two bits in one column of the Internet checksum's words may cancel each other out, and no receiver could tell: then one more changes.</summary>
    private void Corrupt(Span<byte> frame)
    {
        ushort before = InternetChecksum.Compute(frame);
        int bits = _random.Next(1, 4);
        do
        {
            frame[_random.Next(frame.Length)] ^= (byte)(1 << _random.Next(8));
        }
        while (--bits > 0 || InternetChecksum.Compute(frame) == before);
    }

    private void Send(FrameBuffer frame, Queue<FrameBatch> onward)
    {
        if (link.TryBatch(frame, out FrameBatch batch))
            onward.Enqueue(batch);
        else
            counters.Drop(DropCause.NoBuffer);
    }
}
