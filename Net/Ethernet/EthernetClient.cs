using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;

namespace Troupe.Net.Ethernet;

/// <summary>Turns a device's events into messages of the link layer.</summary>
public sealed class EthernetClient(ActorRef<LinkMessage> link) : NetworkDeviceClient
{
    /// <inheritdoc/>
    protected override bool TryTell(in NetworkDeviceEvent deviceEvent) => link.TryTell(LinkMessage.FromDevice(deviceEvent));
}
