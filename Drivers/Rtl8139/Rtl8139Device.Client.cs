using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.Rtl8139;

/// <summary>Who is attached; the counters.</summary>
public sealed partial class Rtl8139Device
{
    private readonly AttachedClient _client;

    /// <inheritdoc cref="AttachedClient.IsStatusUntold"/>
    internal bool IsStatusUntold => _client.IsStatusUntold;

    internal void Attach(NetworkDeviceClient client) => _client.Attach(client, IsRunning ? State : null);

    internal void Detach() => _client.Detach();

    /// <summary>Tells the client the whole state if it missed news. Called by a timer.</summary>
    internal void CatchUp()
    {
        if (IsStatusUntold)
        {
            _client.Tell(State);
        }
    }

    internal void CountViolation() => _counters.DeviceViolations++;

    internal NetworkDeviceStatistics ReadStatistics() => _counters.Snapshot(notifications: 0);

    private NetworkDeviceEvent State => IsRunning ? NetworkDeviceEvent.Started(_information!, IsLinkUp) : NetworkDeviceEvent.Stopped();
}
