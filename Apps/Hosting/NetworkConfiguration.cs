using System.Collections.Immutable;
using Troupe.Net.Contracts;
using Troupe.Net.Middleware;
using Troupe.Net.Wire;

namespace Troupe.Apps.Hosting;

/// <summary>How a network stack is set up. Without a static configuration, DHCP is asked.</summary>
public sealed record NetworkConfiguration
{
    /// <summary>Address, network and gateway given by hand; null for DHCP.</summary>
    public InterfaceConfiguration? Static { get; init; }

    /// <summary>Limits and times of the link layer.</summary>
    public EthernetConfiguration Ethernet { get; init; } = new();

    /// <summary>Limits and times that both internet layers share.</summary>
    public InternetConfiguration Internet { get; init; } = new();

    /// <summary>How IPv6 is done; null for not at all.</summary>
    public Ipv6Configuration? Ipv6 { get; init; } = new();

    /// <summary>Limits and times of the DNS resolver.</summary>
    public DnsConfiguration Dns { get; init; } = new();

    /// <summary>DNS servers given by hand, instead of those of DHCP and routers.</summary>
    public ImmutableArray<IpAddress> NameServers { get; init; } = [];

    /// <summary>Domains to search given by hand, instead of those of DHCP and routers.</summary>
    public ImmutableArray<string> SearchDomains { get; init; } = [];

    /// <summary>
    /// What slips between two layers: a stage for an edge, or null for none. Asked once an edge when the stack starts; null for none anywhere.
    /// </summary>
    public Func<LayerEdge, LinkResources, FrameStage?>? Stages
    {
        get => Relays?.Choose;
        init => Relays = value is null ? null : new LayerRelays(value);
    }

    internal ILayerRelays? Relays { get; init; }

    /// <summary>Limits and times of TCP.</summary>
    public TcpConfiguration Tcp { get; init; } = new();
}
