using System.Collections.Immutable;
using Troupe.Net.Contracts;
using Troupe.Net.Middleware;

namespace Troupe.Apps.Hosting;

/// <summary>How a network stack is set up. Without a static configuration, DHCP is asked; so it is on interfaces beyond the first of which nothing is said.</summary>
public sealed record NetworkConfiguration
{
    /// <summary>Address, network and gateway of the first interface given by hand; null for DHCP.</summary>
    public InterfaceConfiguration? Static { get; init; }

    /// <summary>Limits and times of the link layer.</summary>
    public EthernetConfiguration Ethernet { get; init; } = new();

    /// <summary>Limits and times that both internet layers share.</summary>
    public InternetConfiguration Internet { get; init; } = new();

    /// <summary>How IPv6 is done on the first interface; null for not at all.</summary>
    public Ipv6Configuration? Ipv6 { get; init; } = new();

    /// <summary>The first interface's metric; null for 0.</summary>
    public int? Metric { get; init; }

    /// <summary>How the interfaces after the first are set up, by their number.</summary>
    public ImmutableDictionary<int, InterfaceSetup> FurtherInterfaces { get; init; } = ImmutableDictionary<int, InterfaceSetup>.Empty;

    /// <summary>Limits and times of the DNS resolver.</summary>
    public DnsConfiguration Dns { get; init; } = new();

    /// <summary>DNS servers given by hand, instead of those of DHCP and routers.</summary>
    public ImmutableArray<DnsServer> NameServers { get; init; } = [];

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

    internal InterfaceSetup SetupOf(int number) =>
        number == 0 ? new() { Static = Static, Ipv6 = Ipv6, Metric = Metric } : FurtherInterfaces.GetValueOrDefault(number) ?? new();

    internal ILayerRelays? Relays { get; init; }

    /// <summary>Where a line goes that whoever sits at the console should read.</summary>
    internal Action<string> Notice { get; init; } = Console.Error.WriteLine;

    /// <summary>Limits and times of TCP.</summary>
    public TcpConfiguration Tcp { get; init; } = new();
}
