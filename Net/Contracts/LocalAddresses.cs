// RFC 6724 5: which of our addresses a packet to somebody is sent from.
using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>One address of an interface.</summary>
/// <param name="Address">The address.</param>
/// <param name="PrefixLength">Bits of it that the whole network shares.</param>
/// <param name="IsDeprecated">RFC 4862 5.5.4: for connections there are, not for new ones if another address will do.</param>
public readonly record struct LocalAddress(IpAddress Address, int PrefixLength, bool IsDeprecated = false);

/// <summary>
/// The addresses of one interface, and the networks and routers that it leads to. The layer of each version writes its own, anybody reads; a reader sees each
/// version's whole.
/// </summary>
[SendableByContract("References to immutable values, each written by one actor and read whole.")]
public sealed class LocalAddresses
{
    private static readonly LocalAddress _loopback4 = new(Ipv4Address.From(127, 0, 0, 1), 8);
    private static readonly LocalAddress _loopback6 = new(Ipv6Address.Loopback, 128);

    private volatile Ipv4Holder _ipv4 = new([], null);
    private volatile Holder _ipv6 = new([]);
    private volatile RouterHolder _routers = new([], []);

    /// <summary>Called after addresses came or went, in the turn of the layer that they are of: it must not wait.</summary>
    public Action? Changed { get; init; }

    /// <summary>The addresses of IPv4, loopback apart.</summary>
    public ImmutableArray<LocalAddress> Ipv4 => _ipv4.Addresses;

    /// <summary>The addresses of IPv6, loopback apart; a link-local one is among them once it is known to be ours alone.</summary>
    public ImmutableArray<LocalAddress> Ipv6 => _ipv6.Addresses;

    /// <summary>The default routers of IPv6.</summary>
    public ImmutableArray<Ipv6Address> Ipv6Routers => _routers.Routers;

    /// <summary>The networks of IPv6 that are on the link.</summary>
    public ImmutableArray<Ipv6Network> Ipv6Prefixes => _routers.Prefixes;

    /// <summary>The configuration of IPv4; null while there is none.</summary>
    public InterfaceConfiguration? Configuration => _ipv4.Configuration;

    /// <summary>From the IPv6 layer alone.</summary>
    public void SetIpv6Routes(ImmutableArray<Ipv6Address> routers, ImmutableArray<Ipv6Network> prefixes) => _routers = new(routers, prefixes);

    /// <summary>From the IPv4 layer's owner alone: its configuration, and with it the address.</summary>
    public void Configure(InterfaceConfiguration? configuration)
    {
        // In one piece: whoever finds a way to somebody finds an address to go from as well.
        _ipv4 = new(configuration is { Network: var network } ? [new(network.Address, network.PrefixLength)] : [], configuration);
        Changed?.Invoke();
    }

    /// <summary>From the IPv4 layer's owner alone.</summary>
    public void SetIpv4(ImmutableArray<LocalAddress> addresses)
    {
        _ipv4 = new(addresses, _ipv4.Configuration);
        Changed?.Invoke();
    }

    /// <summary>From the IPv6 layer alone.</summary>
    public void SetIpv6(ImmutableArray<LocalAddress> addresses)
    {
        _ipv6 = new(addresses);
        Changed?.Invoke();
    }

    /// <summary>Whether an address is this interface's.</summary>
    public bool Owns(IpAddress address)
    {
        foreach (LocalAddress own in address.IsIpv4 ? _ipv4.Addresses : _ipv6.Addresses)
        {
            if (own.Address == address)
                return true;
        }

        return false;
    }

    /// <summary>
    /// How well the interface leads to a destination: the length of the longest prefix that has it, 0 for a default router's and for what is on every link (groups,
    /// broadcasts, link-local addresses), and -1 for no way.
    /// </summary>
    public int RouteTo(IpAddress destination) => destination.IsIpv4 ? RouteTo(destination.Ipv4) : RouteTo(destination.Ipv6);

    /// <summary>
    /// The address to send from: the destination itself if it is ours, one of its scope, one that is not deprecated, and then
    /// the one that shares the longest prefix. False when there is no address of its version.
    /// </summary>
    public bool TrySelectSource(IpAddress destination, out IpAddress source)
    {
        if (destination.IsLoopback)
        {
            source = (destination.IsIpv4 ? _loopback4 : _loopback6).Address;
            return true;
        }

        source = default;
        int best = -1;
        foreach (LocalAddress own in destination.IsIpv4 ? _ipv4.Addresses : _ipv6.Addresses)
        {
            int rank = Rank(own, destination);
            if (rank > best)
                (best, source) = (rank, own.Address);
        }

        return best >= 0;
    }

    private int RouteTo(Ipv4Address destination)
    {
        if (_ipv4.Configuration is not { } configuration)
            return -1;
        int best = configuration.Gateway is not null || destination == Ipv4Address.Broadcast || destination.IsMulticast ? 0 : -1;
        if (configuration.Network.Contains(destination))
            best = Math.Max(best, configuration.Network.PrefixLength);
        foreach (Ipv4Route route in configuration.Routes)
        {
            if (route.Destination.PrefixLength > best && route.Destination.Contains(destination))
                best = route.Destination.PrefixLength;
        }

        return best;
    }

    private int RouteTo(Ipv6Address destination)
    {
        if (_ipv6.Addresses.IsEmpty)
            return -1;
        RouterHolder routes = _routers;
        int best = !routes.Routers.IsEmpty || destination.IsMulticast || destination.IsLinkLocal ? 0 : -1;
        foreach (Ipv6Network network in routes.Prefixes)
        {
            if (network.PrefixLength > best && network.Address.Shares(destination, network.PrefixLength))
                best = network.PrefixLength;
        }

        return best;
    }

    private static int Rank(LocalAddress own, IpAddress destination)
    {
        // Rule 1, rule 2, rule 3, rule 8, the most important in the highest place.
        int rank = Math.Min(own.Address.Ipv6.CommonPrefix(destination.Ipv6), own.Address.IsIpv4 ? 96 + own.PrefixLength : own.PrefixLength);
        if (!own.IsDeprecated)
            rank += 1 << 8;
        if (IsOfLink(own.Address) == IsOfLink(destination))
            rank += 1 << 9;
        return own.Address == destination ? rank + (1 << 10) : rank;
    }

    private static bool IsOfLink(IpAddress address) =>
        address.IsLinkLocal || (address is { IsIpv4: false, IsMulticast: true } && address.Ipv6.MulticastScope <= 2);

    private sealed record RouterHolder(ImmutableArray<Ipv6Address> Routers, ImmutableArray<Ipv6Network> Prefixes);

    private sealed record Ipv4Holder(ImmutableArray<LocalAddress> Addresses, InterfaceConfiguration? Configuration);

    private sealed record Holder(ImmutableArray<LocalAddress> Addresses);
}
