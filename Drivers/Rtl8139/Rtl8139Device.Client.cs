using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Rtl8139;

/// <summary>Who is attached, and what it is told (<see cref="NetworkDeviceContract"/>); the counters.</summary>
public sealed partial class Rtl8139Device
{
    private NetworkDeviceClient? _client;
    private long _interrupts, _violations, _resets;

    /// <summary>Whether the client refused the latest news, so that it must be told again.</summary>
    internal bool IsStatusUntold { get; private set; }

    internal void Attach(NetworkDeviceClient client)
    {
        _client = client;
        IsStatusUntold = false;
        NetworkDeviceContract.Instance.Observe(client, NetworkDeviceStep.Attach);
        if (IsRunning)
        {
            TellStatus(NetworkDeviceEvent.Started(_information!, IsLinkUp));
        }
    }

    internal void Detach()
    {
        NetworkDeviceContract.Detached(_client);
        _client = null;
    }

    /// <summary>Tells the client the whole state if it missed news. Called by a timer.</summary>
    internal void CatchUp()
    {
        if (IsStatusUntold)
        {
            TellStatus(IsRunning ? NetworkDeviceEvent.Started(_information!, IsLinkUp) : NetworkDeviceEvent.Stopped());
        }
    }

    internal void CountViolation() => _violations++;

    internal NetworkDeviceStatistics ReadStatistics() => new()
    {
        ReceivedFrames = _receivedFrames,
        ReceivedBytes = _receivedBytes,
        TransmittedFrames = _transmittedFrames,
        TransmittedBytes = _transmittedBytes,
        ReceiveDroppedNoClient = _receiveDroppedNoClient,
        ReceiveDroppedClientBusy = _receiveDroppedClientBusy,
        ReceiveDroppedNoBatch = _receiveDroppedNoBatch,
        ReceiveDroppedMalformed = _receiveDroppedMalformed,
        TransmitDroppedQueueFull = _transmitDroppedQueueFull,
        TransmitDroppedInvalid = _transmitDroppedInvalid,
        TransmitLostInReset = _transmitLostInReset,
        ReceiveHeldBack = _receiveHeldBack,
        ReceiveOverflows = _receiveOverflows,
        Interrupts = _interrupts,
        DeviceViolations = _violations,
        Resets = _resets,
    };

    private void Deliver(FrameBatch batch)
    {
        long frames = batch.Count;
        long bytes = 0;
        for (var index = 0; index < batch.Count; index++)
        {
            bytes += batch[index].Length;
        }

        var received = NetworkDeviceEvent.Received(batch);
        // No frame before the news that could not be told: the client has to know of the start first.
        if (_client is { } client && !IsStatusUntold && client.TryDeliver(in received))
        {
            _receivedFrames += frames;
            _receivedBytes += bytes;
            return;
        }

        _receiveDroppedClientBusy += frames;
        received.Dispose();
    }

    /// <summary>Frames may be dropped at a full mailbox, news of the device may not: what was refused is told again later.</summary>
    private void TellStatus(NetworkDeviceEvent deviceEvent) =>
        IsStatusUntold = _client is { } client && !client.TryDeliver(in deviceEvent);
}
