using System.Collections.Immutable;
using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>To a device that is a source of entropy.</summary>
public readonly struct EntropyMessage
{
    /// <summary>The most bytes one request may ask for.</summary>
    public const int MaximumCount = 4096;

    private EntropyMessage(EntropyMessageKind kind, int count = 0, Reply<ImmutableArray<byte>> reply = default)
    {
        Kind = kind;
        Count = count;
        Reply = reply;
    }

    /// <summary>What is asked for.</summary>
    public EntropyMessageKind Kind { get; }

    /// <summary>How many bytes.</summary>
    public int Count { get; }

    /// <summary>Where they go.</summary>
    public Reply<ImmutableArray<byte>> Reply { get; }

    /// <summary>
    /// Asks for <paramref name="count"/> bytes, 1 to <see cref="MaximumCount"/>. The answer has exactly that many; it fails if the device
    /// lies, stops, or does not deliver in time. The bytes are as good as the device; mix them into a generator.
    /// </summary>
    public static EntropyMessage Request(int count, Reply<ImmutableArray<byte>> reply)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaximumCount);
        return new(EntropyMessageKind.Request, count, reply);
    }

    /// <summary>The device interrupted; sent by the driver's own interrupt callback.</summary>
    public static EntropyMessage Interrupt() => new(EntropyMessageKind.Interrupt);

    /// <summary>The device has had long enough; sent by the driver's own timer.</summary>
    public static EntropyMessage Deadline() => new(EntropyMessageKind.Deadline);
}
