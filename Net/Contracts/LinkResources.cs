using System.Diagnostics.CodeAnalysis;
using Troupe.Drivers.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>What the layers above a device need of it: where to rent, what fits, and who we are on the link.</summary>
public sealed record LinkResources(FramePool Frames, FrameBatchPool Batches, MacAddress Address, int MaximumTransmissionUnit)
{
    /// <summary>What frames may leave to the device.</summary>
    public FrameOffloadFlags TransmitOffload { get; init; }

    /// <summary>The index of the interface that the device is (<see cref="InternetInterface.Index"/>).</summary>
    public int InterfaceIndex { get; init; } = InternetInterface.FirstIndex;

    /// <summary>Whether packets can be sent there now.</summary>
    public LinkState State { get; } = new();

    /// <summary>The resources of a device that is the interface with a number.</summary>
    public static LinkResources Of(NetworkDeviceInformation device, int number = 0)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new(device.TransmitFrames, device.Batches, new(device.HardwareAddress.Value), device.MaximumTransmissionUnit)
        {
            TransmitOffload = device.TransmitOffload,
            InterfaceIndex = InternetInterface.FirstIndex + number,
        };
    }

    /// <summary>The largest packet on the link that a transport's segment makes, without the headers below: that of one segment where the device cuts it.</summary>
    public static int LargestPacket([Actors.Borrowed] FrameBuffer segment)
    {
        FrameOffload offload = segment.Offload;
        return offload.IsSegmented ? offload.HeaderLength + offload.SegmentSize : segment.TotalLength;
    }

    /// <summary>A batch that holds one frame; when there is none, the frame is given back.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "Ownership moves to the batch, or ends here.")]
    public bool TryBatch(FrameBuffer frame, out FrameBatch batch)
    {
        if (Batches.TryRent(out batch))
        {
            // A fresh batch has room.
            if (batch.TryAdd(frame))
                return true;
            batch.Dispose();
            batch = default;
        }

        frame.Dispose();
        return false;
    }
}
