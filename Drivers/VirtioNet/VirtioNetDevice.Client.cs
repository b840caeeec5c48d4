using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.VirtioNet;

/// <summary>Who is attached, and what it is told: news of the device, and after them its frames (<see cref="NetworkDeviceContract"/>).</summary>
public sealed partial class VirtioNetDevice
{
    private NetworkDeviceClient? _client;

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
            _counters.ReceivedFrames += frames;
            _counters.ReceivedBytes += bytes;
            return;
        }

        _counters.ReceiveDroppedClientBusy += frames;
        received.Dispose();
    }

    /// <summary>Frames may be dropped at a full mailbox, news of the device may not: what was refused is told again later.</summary>
    private void TellStatus(NetworkDeviceEvent deviceEvent) =>
        IsStatusUntold = _client is { } client && !client.TryDeliver(in deviceEvent);
}
