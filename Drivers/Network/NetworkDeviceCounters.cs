using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Network;

/// <summary>The running numbers behind <see cref="NetworkDeviceStatistics"/>; they outlive the driver's incarnations.</summary>
internal sealed class NetworkDeviceCounters
{
    public long ReceivedFrames;
    public long ReceivedBytes;
    public long ReceivedMerged;
    public long TransmittedFrames;
    public long TransmittedBytes;
    public long TransmittedSegmented;
    public long ReceiveDroppedNoClient;
    public long ReceiveDroppedClientBusy;
    public long ReceiveDroppedNoBatch;
    public long ReceiveDroppedMalformed;
    public long TransmitDroppedQueueFull;
    public long TransmitDroppedInvalid;
    public long TransmitDroppedNoFrame;
    public long TransmitLostInReset;
    public long TransmitCopied;
    public long ReceiveHeldBack;
    public long ReceiveStarved;
    public long ReceiveOverflows;
    public long Interrupts;
    public long EarlierNotifications;
    public long DeviceViolations;
    public long Resets;
    public long RefusedResets;

    /// <summary>A frame is back that the device has sent.</summary>
    /// <param name="frame">The frame, whose bytes are all the frame's own.</param>
    public void CountTransmitted([Borrowed] FrameBuffer frame)
    {
        TransmittedFrames++;
        TransmittedSegmented += frame.Offload.IsSegmented ? 1 : 0;
        TransmittedBytes += frame.TotalLength;
    }

    /// <summary>Adds these numbers to others: a device's are the sum of its pairs'. Those of a pair whose actor runs may be of different moments.</summary>
    public void AddTo(NetworkDeviceCounters sum)
    {
        sum.ReceivedFrames += ReceivedFrames;
        sum.ReceivedBytes += ReceivedBytes;
        sum.ReceivedMerged += ReceivedMerged;
        sum.TransmittedFrames += TransmittedFrames;
        sum.TransmittedBytes += TransmittedBytes;
        sum.TransmittedSegmented += TransmittedSegmented;
        sum.ReceiveDroppedNoClient += ReceiveDroppedNoClient;
        sum.ReceiveDroppedClientBusy += ReceiveDroppedClientBusy;
        sum.ReceiveDroppedNoBatch += ReceiveDroppedNoBatch;
        sum.ReceiveDroppedMalformed += ReceiveDroppedMalformed;
        sum.TransmitDroppedQueueFull += TransmitDroppedQueueFull;
        sum.TransmitDroppedInvalid += TransmitDroppedInvalid;
        sum.TransmitDroppedNoFrame += TransmitDroppedNoFrame;
        sum.TransmitLostInReset += TransmitLostInReset;
        sum.TransmitCopied += TransmitCopied;
        sum.ReceiveHeldBack += ReceiveHeldBack;
        sum.ReceiveStarved += ReceiveStarved;
        sum.ReceiveOverflows += ReceiveOverflows;
        sum.Interrupts += Interrupts;
        sum.EarlierNotifications += EarlierNotifications;
        sum.DeviceViolations += DeviceViolations;
        sum.Resets += Resets;
        sum.RefusedResets += RefusedResets;
    }

    public NetworkDeviceStatistics Snapshot(long notifications) => new()
    {
        ReceivedFrames = ReceivedFrames,
        ReceivedBytes = ReceivedBytes,
        ReceivedMerged = ReceivedMerged,
        TransmittedFrames = TransmittedFrames,
        TransmittedBytes = TransmittedBytes,
        TransmittedSegmented = TransmittedSegmented,
        ReceiveDroppedNoClient = ReceiveDroppedNoClient,
        ReceiveDroppedClientBusy = ReceiveDroppedClientBusy,
        ReceiveDroppedNoBatch = ReceiveDroppedNoBatch,
        ReceiveDroppedMalformed = ReceiveDroppedMalformed,
        TransmitDroppedQueueFull = TransmitDroppedQueueFull,
        TransmitDroppedInvalid = TransmitDroppedInvalid,
        TransmitDroppedNoFrame = TransmitDroppedNoFrame,
        TransmitLostInReset = TransmitLostInReset,
        TransmitCopied = TransmitCopied,
        ReceiveHeldBack = ReceiveHeldBack,
        ReceiveStarved = ReceiveStarved,
        ReceiveOverflows = ReceiveOverflows,
        Interrupts = Interrupts,
        Notifications = EarlierNotifications + notifications,
        DeviceViolations = DeviceViolations,
        Resets = Resets,
        RefusedResets = RefusedResets,
    };
}
