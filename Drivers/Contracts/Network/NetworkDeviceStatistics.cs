using System.Collections.Immutable;
using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// What a network device's driver counted since it was first started; restarts go on counting. Frames add up: each one that
/// came in or was to go out is in exactly one of the received, transmitted and dropped counts, or still on its way.
/// </summary>
[Sendable]
public sealed record NetworkDeviceStatistics
{
    /// <summary>Frames handed to the client.</summary>
    public long ReceivedFrames { get; init; }

    /// <summary>Bytes of those, link header included.</summary>
    public long ReceivedBytes { get; init; }

    /// <summary>Of the received frames, those that took several buffers.</summary>
    public long ReceivedMerged { get; init; }

    /// <summary>Frames the device took and gave back.</summary>
    public long TransmittedFrames { get; init; }

    /// <summary>Bytes of those, link header included.</summary>
    public long TransmittedBytes { get; init; }

    /// <summary>Of the transmitted frames, those that the device cut into segments.</summary>
    public long TransmittedSegmented { get; init; }

    /// <summary>Received frames dropped: nobody is attached.</summary>
    public long ReceiveDroppedNoClient { get; init; }

    /// <summary>Received frames dropped: the client's mailbox was full.</summary>
    public long ReceiveDroppedClientBusy { get; init; }

    /// <summary>Received frames dropped: the batch at hand did not take them, because somebody else disposed it.</summary>
    public long ReceiveDroppedNoBatch { get; init; }

    /// <summary>Received frames dropped: shorter than a link header, or described by the device in a way that was not agreed upon.</summary>
    public long ReceiveDroppedMalformed { get; init; }

    /// <summary>Frames not transmitted: more were waiting than the driver's queue holds.</summary>
    public long TransmitDroppedQueueFull { get; init; }

    /// <summary>Frames not transmitted: empty, longer than the device takes, in need of an offload it lacks, or the device is down.</summary>
    public long TransmitDroppedInvalid { get; init; }

    /// <summary>Frames not transmitted: of a foreign pool, and no frame was free to copy them into.</summary>
    public long TransmitDroppedNoFrame { get; init; }

    /// <summary>Frames not transmitted, or perhaps transmitted: in flight when the device was reset, or given up without a reset.</summary>
    public long TransmitLostInReset { get; init; }

    /// <summary>Frames of a foreign pool that were copied to be sent.</summary>
    public long TransmitCopied { get; init; }

    /// <summary>How often packets were left in the receive ring because the layers above held all batches or frames. The device drops what finds the ring full.</summary>
    public long ReceiveHeldBack { get; init; }

    /// <summary>Received frames that are neither with the device nor free: those that clients hold now. 0 from drivers that do not count them.</summary>
    public int ReceivedFramesHeld { get; init; }

    /// <summary>Interrupts by which the device said that it dropped packets, for want of room in the ring or of time on the bus; 0 of devices that do not say so.</summary>
    public long ReceiveOverflows { get; init; }

    /// <summary>How often the receive ring could not be refilled because no frame was free.</summary>
    public long ReceiveStarved { get; init; }

    /// <summary>Interrupt messages handled.</summary>
    public long Interrupts { get; init; }

    /// <summary>Notifications written to the device.</summary>
    public long Notifications { get; init; }

    /// <summary>Resets of the device because it broke the rules of the ring.</summary>
    public long DeviceViolations { get; init; }

    /// <summary>Every reset after the first start, whatever the reason.</summary>
    public long Resets { get; init; }

    /// <summary>Times the device was to be reset and was not, because its capability had been revoked: it is not driven any more.</summary>
    public long RefusedResets { get; init; }

    /// <summary>The same by queue pair, where the device has several in use; their numbers are in those above as well. Pair N interrupts processor N.</summary>
    public ImmutableArray<NetworkQueueStatistics> Queues { get; init; } = [];
}

/// <summary>What one queue pair of a network device moved.</summary>
/// <param name="ReceivedFrames">Frames handed to the client.</param>
/// <param name="TransmittedFrames">Frames the device took and gave back.</param>
/// <param name="Interrupts">Interrupts that were taken.</param>
public readonly record struct NetworkQueueStatistics(long ReceivedFrames, long TransmittedFrames, long Interrupts);
