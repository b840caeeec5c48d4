using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>
/// The DNS servers this host knows, from DHCP of both versions, from routers (RFC 8106) or by hand, and the domains in which short names are tried. Each source
/// writes its own, anybody reads.
/// </summary>
[SendableByContract("References to immutable values, each written by one actor and read whole.")]
public sealed class NameServers
{
    private readonly ImmutableArray<NameServers> _interfaces;
    private readonly int _interface;
    private volatile Source _byHand = Source.None;
    private volatile Source _dhcp = Source.None;
    private volatile Source _dhcpv6 = Source.None;
    private volatile Source _routers = Source.None;

    /// <summary>Those that are named on the link of the interface with an index, or (0) on a host's only one.</summary>
    public NameServers(int interfaceIndex = 0) => (_interfaces, _interface) = ([], interfaceIndex);

    /// <summary>Those of a host: what its interfaces were told, in their order.</summary>
    public NameServers(ImmutableArray<NameServers> interfaces) => _interfaces = interfaces;

    /// <summary>All servers: those given by hand, or if there are none, DHCP's, and then the routers' (RFC 8106 5.3.1).</summary>
    public ImmutableArray<DnsServer> Servers => _byHand.Servers.IsEmpty
        ? [.. _dhcp.Servers.Concat(_dhcpv6.Servers).Concat(_routers.Servers).Concat(_interfaces.SelectMany(static one => one.Servers)).Distinct()]
        : _byHand.Servers;

    /// <summary>All domains to search, in this order.</summary>
    public ImmutableArray<string> SearchDomains =>
        _byHand.Domains.IsEmpty
            ? [.. _dhcp.Domains.Concat(_dhcpv6.Domains).Concat(_routers.Domains).Concat(_interfaces.SelectMany(static one => one.SearchDomains))
                .Distinct(StringComparer.OrdinalIgnoreCase)]
            : _byHand.Domains;

    /// <summary>What was given by hand, and comes before all else.</summary>
    public void SetByHand(ImmutableArray<DnsServer> servers, ImmutableArray<string> domains) => _byHand = new(servers, domains);

    /// <summary>What DHCP says now.</summary>
    public void SetDhcp(ImmutableArray<IpAddress> servers, ImmutableArray<string> domains) => _dhcp = new(Named(servers), domains);

    /// <summary>What DHCPv6 says now.</summary>
    public void SetDhcpv6(ImmutableArray<IpAddress> servers, ImmutableArray<string> domains) => _dhcpv6 = new(Named(servers), domains);

    /// <summary>What routers say now.</summary>
    public void SetRouters(ImmutableArray<IpAddress> servers, ImmutableArray<string> domains) => _routers = new(Named(servers), domains);

    private ImmutableArray<DnsServer> Named(ImmutableArray<IpAddress> servers) => [.. servers.Select(server => DnsServer.NamedOn(_interface, server))];

    private sealed record Source(ImmutableArray<DnsServer> Servers, ImmutableArray<string> Domains)
    {
        public static Source None { get; } = new([], []);
    }
}
