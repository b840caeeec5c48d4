using System.Collections.Immutable;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>A way to a network: through a gateway, or without one over the link.</summary>
public readonly record struct Ipv4Route(Ipv4Network Destination, Ipv4Address? Gateway);

/// <summary>What an interface knows of its network, from the command line or from DHCP.</summary>
public sealed record InterfaceConfiguration(Ipv4Network Network, Ipv4Address? Gateway = null, Ipv4Address? NameServer = null)
{
    /// <summary>The own address.</summary>
    public Ipv4Address Address => Network.Address;

    /// <summary>Another DNS server, for when the first does not answer.</summary>
    public Ipv4Address? SecondNameServer { get; init; }

    /// <summary>The domain in which short names are tried.</summary>
    public string? Domain { get; init; }

    /// <summary>Ways beside the own network and the gateway; the longest prefix that fits a destination decides.</summary>
    public ImmutableArray<Ipv4Route> Routes { get; init; } = [];
}
