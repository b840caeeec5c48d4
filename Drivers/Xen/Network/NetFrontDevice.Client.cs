// xen/include/public/io/netif.h, one queue. In the driver's turns alone.
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>Who is attached, and what it is told (<see cref="NetworkDeviceContract"/>); the counters.</summary>
public sealed partial class NetFrontDevice
{
    private NetworkDeviceClient? _client;
    private bool _wasStarted;
    private long _events, _notifications, _violations, _resets;

    /// <summary>Whether the client refused the latest news, so that it must be told again.</summary>
    internal bool IsStatusUntold { get; private set; }

    internal void Attach(NetworkDeviceClient client)
    {
        _client = client;
        IsStatusUntold = false;
        NetworkDeviceContract.Instance.Observe(client, NetworkDeviceStep.Attach);
        if (IsRunning)
        {
            TellStatus(NetworkDeviceEvent.Started(_information!, isLinkUp: true));
        }
    }

    internal void Detach()
    {
        NetworkDeviceContract.Detached(_client);
        _client = null;
    }

    internal void CountEvent() => _events++;

    internal void CountViolation() => _violations++;

    internal NetworkDeviceStatistics ReadStatistics() => new()
    {
        ReceivedFrames = _receivedFrames,
        ReceivedBytes = _receivedBytes,
        TransmittedFrames = _transmittedFrames,
        TransmittedBytes = _transmittedBytes,
        ReceiveDroppedNoClient = _receiveDroppedNoClient,
        ReceiveDroppedClientBusy = _receiveDroppedClientBusy,
        ReceiveDroppedMalformed = _receiveDroppedMalformed,
        TransmitDroppedQueueFull = _transmitDroppedQueueFull,
        TransmitDroppedInvalid = _transmitDroppedInvalid,
        TransmitDroppedNoFrame = _transmitDroppedNoFrame,
        TransmitLostInReset = _transmitLostInReset,
        TransmitCopied = _transmitCopied,
        ReceiveHeldBack = _receiveHeldBack,
        Interrupts = _events,
        Notifications = _notifications,
        DeviceViolations = _violations,
        Resets = _resets,
    };

    private void Notify()
    {
        _notifications++;
        _channel!.Notify();
    }

    private void Deliver(FrameBatch batch)
    {
        long frames = batch.Count;
        long bytes = 0;
        for (var index = 0; index < batch.Count; index++)
        {
            bytes += batch[index].TotalLength;
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
