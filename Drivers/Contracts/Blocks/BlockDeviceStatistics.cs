using System.Collections.Immutable;
using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// What a block device's driver counted since it was first started; restarts go on counting. Operations add up: each one that was submitted is in exactly one of the
/// done, refused, failed and lost counts, or still on its way.
/// </summary>
[Sendable]
public sealed record BlockDeviceStatistics
{
    /// <summary>Reads done.</summary>
    public long Reads { get; init; }

    /// <summary>Bytes of those.</summary>
    public long ReadBytes { get; init; }

    /// <summary>Writes done.</summary>
    public long Writes { get; init; }

    /// <summary>Bytes of those.</summary>
    public long WrittenBytes { get; init; }

    /// <summary>Discards done.</summary>
    public long Discards { get; init; }

    /// <summary>Flushes done, those included for which the device had nothing to do.</summary>
    public long Flushes { get; init; }

    /// <summary>Operations that the driver refused: they made no sense, or too many waited.</summary>
    public long Refused { get; init; }

    /// <summary>Operations that the device failed.</summary>
    public long Failed { get; init; }

    /// <summary>Operations that waited or were in flight when the device was reset, or was given up without a reset, and ended with <see cref="BlockStatus.DeviceReset"/>.</summary>
    public long LostInReset { get; init; }

    /// <summary>Interrupts taken.</summary>
    public long Interrupts { get; init; }

    /// <summary>Notifications written to the device.</summary>
    public long Notifications { get; init; }

    /// <summary>Times the device broke the rules, or was silent for too long.</summary>
    public long DeviceViolations { get; init; }

    /// <summary>Times the device was reset after its first start.</summary>
    public long Resets { get; init; }

    /// <summary>Times the device was to be reset and was not, because its capability had been revoked: it is not driven any more.</summary>
    public long RefusedResets { get; init; }

    /// <summary>The queues that are in use, the first one first; none if the device has one only.</summary>
    public ImmutableArray<BlockQueueStatistics> Queues { get; init; } = [];
}

/// <summary>What one queue of a block device did.</summary>
/// <param name="Requests">Requests that the device has ended: operations and flushes.</param>
/// <param name="Interrupts">Interrupts that were taken.</param>
public readonly record struct BlockQueueStatistics(long Requests, long Interrupts);
