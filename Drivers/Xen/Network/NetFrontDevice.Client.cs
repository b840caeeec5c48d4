using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>Who is attached, and what it is told: news of the device, and after them its frames (<see cref="NetworkDeviceContract"/>).</summary>
public sealed partial class NetFrontDevice
{
    private NetworkDeviceClient? _client;

    /// <summary>Whether the client refused the latest news, so that it must be told again.</summary>
    internal bool IsStatusUntold
    {
        get => _first.IsStatusUntold;
        private set => _first.IsStatusUntold = value;
    }

    internal void Attach(NetworkDeviceClient client)
    {
        _client = client;
        _first.Client = client;
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
        _first.Client = null;
    }

    /// <summary>Frames may be dropped at a full mailbox, news of the device may not: what was refused is told again later.</summary>
    private void TellStatus(NetworkDeviceEvent deviceEvent) =>
        IsStatusUntold = _client is { } client && !client.TryDeliver(in deviceEvent);
}
