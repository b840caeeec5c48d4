// RFC 1122 3.3.1 and RFC 4632 5.1: where a host sends a packet next: the longest prefix that fits decides.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>The routes of one interface: its own network, those given or learned beside it, and the gateway for all else.</summary>
public sealed class RoutingTable
{
    // The longest prefix first; of equal ones the first given.
    private Ipv4Route[] _routes = [];
    private InterfaceConfiguration? _configuration;

    /// <summary>The interface's configuration, or null.</summary>
    public InterfaceConfiguration? Configuration => _configuration;

    /// <summary>Whether the interface has an address.</summary>
    public bool IsConfigured => _configuration is not null;

    /// <summary>The own address, or 0.0.0.0.</summary>
    public Ipv4Address Address => _configuration?.Address ?? Ipv4Address.Any;

    /// <summary>Takes a new configuration.</summary>
    public void Configure(InterfaceConfiguration? configuration)
    {
        _configuration = configuration;
        _routes = configuration is null ? [] : [.. Routes(configuration).OrderByDescending(static route => route.Destination.PrefixLength)];
    }

    /// <summary>The neighbour a packet goes to; false when there is no way.</summary>
    public bool TryRoute(Ipv4Address destination, out Ipv4Address neighbour)
    {
        neighbour = destination;
        // What stays on the link needs no configuration: DHCP starts this way.
        if (destination == Ipv4Address.Broadcast || destination.IsMulticast)
            return true;
        if (_configuration is not { } configuration || !destination.IsUnicast)
            return false;
        if (destination == configuration.Network.DirectedBroadcast)
        {
            neighbour = Ipv4Address.Broadcast;
            return true;
        }

        foreach (Ipv4Route route in _routes)
        {
            if (!route.Destination.Contains(destination))
                continue;
            neighbour = route.Gateway ?? destination;
            return true;
        }

        return false;
    }

    /// <summary>RFC 1122 3.2.1.3 (g): whether a packet stays within this host.</summary>
    public bool IsLocal(Ipv4Address destination) => destination.IsLoopback || (IsConfigured && destination == Address);

    /// <summary>Whether a packet is for this host, be it by broadcast.</summary>
    public bool IsForUs(Ipv4Address destination, out bool broadcast)
    {
        broadcast = destination == Ipv4Address.Broadcast || destination == _configuration?.Network.DirectedBroadcast;
        return broadcast || (_configuration is { } configuration && destination == configuration.Address);
    }

    private static IEnumerable<Ipv4Route> Routes(InterfaceConfiguration configuration)
    {
        yield return new(configuration.Network, null);
        foreach (Ipv4Route route in configuration.Routes)
            yield return route;
        if (configuration.Gateway is { } gateway)
            yield return new(new(default, 0), gateway);
    }
}
