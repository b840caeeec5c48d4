using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.Xen;

/// <summary>Who is attached.</summary>
public sealed partial class NetFrontDevice
{
    private readonly AttachedClient _client;

    /// <inheritdoc cref="AttachedClient.IsStatusUntold"/>
    internal bool IsStatusUntold => _client.IsStatusUntold;

    internal void Attach(NetworkDeviceClient client) => _client.Attach(client, IsRunning ? State : null);

    internal void Detach() => _client.Detach();

    private NetworkDeviceEvent State => IsRunning ? NetworkDeviceEvent.Started(_information!, isLinkUp: true) : NetworkDeviceEvent.Stopped();
}
