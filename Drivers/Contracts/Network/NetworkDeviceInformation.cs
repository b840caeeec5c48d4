using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>What a client of a network device needs to know to use it; constant while the device runs.</summary>
[Sendable]
public sealed class NetworkDeviceInformation
{
    /// <summary>Where the device is, for logs.</summary>
    public required string Name { get; init; }

    /// <summary>The device's own link address.</summary>
    public required HardwareAddress HardwareAddress { get; init; }

    /// <summary>The largest packet in bytes, without the link header.</summary>
    public required int MaximumTransmissionUnit { get; init; }

    /// <summary>
    /// Where frames to transmit are best rented: the device reaches this pool's memory, so they are sent without a copy. Frames
    /// received may be sent back as well. A frame of any other pool is copied once, and counted.
    /// </summary>
    public required FramePool TransmitFrames { get; init; }

    /// <summary>Where batches to transmit are rented.</summary>
    public required FrameBatchPool Batches { get; init; }

    /// <summary>What the device does for frames on transmit, of <see cref="FrameOffloadFlags.NeedsChecksum"/>, <see cref="FrameOffloadFlags.SegmentsIpv4"/> and <see cref="FrameOffloadFlags.SegmentsIpv6"/>.</summary>
    public FrameOffloadFlags TransmitOffload { get; init; }
}
