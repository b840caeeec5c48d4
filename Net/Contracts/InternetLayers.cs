using Troupe.Actors;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>The internet layers beneath a transport, one a version, and the addresses they have.</summary>
/// <param name="Ipv4">IPv4.</param>
/// <param name="Ipv6">IPv6, if the stack has it.</param>
/// <param name="Addresses">This host's addresses.</param>
[SendableByContract("Immutable, and its addresses are made to be shared.")]
public sealed record InternetLayers(ActorRef<IpMessage> Ipv4, ActorRef<IpMessage>? Ipv6, LocalAddresses Addresses)
{
    /// <summary>Who a transport on top of these waits for.</summary>
    public ActorRef[] WaitedFor => Ipv6 is { } ipv6 ? [Ipv4, ipv6] : [Ipv4];

    /// <summary>
    /// The layer that takes packets to an address. Without IPv6 it is the other one, which drops them as unroutable and counts that.
    /// </summary>
    public ActorRef<IpMessage> Of(IpAddress destination) => !destination.IsIpv4 && Ipv6 is { } ipv6 ? ipv6 : Ipv4;
}
