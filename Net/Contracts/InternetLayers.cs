// RFC 1122 3.3.4.2 and RFC 6724 5: which interface a packet leaves by, and from which address.
// A strong host: a packet is sent through the interface that has its source address, and each interface takes what is sent to its own addresses alone. So what
// leaves by a link is answered over that link, a router on it never sees a foreign source that it must drop (RFC 2827), and a service bound to one network's
// address cannot be reached from another. A weak host would be reachable a little longer after a card failed, since its addresses would be served on the others.
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Troupe.Actors;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>The internet layers beneath a transport, two an interface, and the choice among them. A card that starts late joins as its interface.</summary>
[SendableByContract("A reference to an immutable value, written by who puts the stack together and read whole; the addresses are made to be shared.")]
public sealed class InternetLayers
{
    private volatile Holder _interfaces;

    /// <summary>The layers of these interfaces, at least one, in the order of their numbers.</summary>
    public InternetLayers(ImmutableArray<InternetInterface> interfaces) => _interfaces = new(interfaces);

    /// <summary>The interfaces there are now, in the order of their numbers. None ever leaves.</summary>
    public ImmutableArray<InternetInterface> Interfaces => _interfaces.Interfaces;

    /// <summary>Who a transport on top of these waits for.</summary>
    public ActorRef[] WaitedFor => [.. Interfaces.SelectMany(static one => one.WaitedFor)];

    /// <summary>The first interface; whoever needs a buffer and does not know yet where it goes rents it there.</summary>
    public InternetInterface First => Interfaces[0];

    /// <summary>The addresses of all interfaces, loopback apart.</summary>
    public IEnumerable<LocalAddress> Addresses => Interfaces.SelectMany(static one => one.Addresses.Ipv6.Concat(one.Addresses.Ipv4));

    /// <summary>Whether any interface has an IPv4 address.</summary>
    public bool HasIpv4 => Interfaces.Any(static one => !one.Addresses.Ipv4.IsEmpty);

    /// <summary>The interface with an index; null for none, as for the loopback.</summary>
    public InternetInterface? WithIndex(int index)
    {
        foreach (InternetInterface one in Interfaces)
        {
            if (one.Index == index)
                return one;
        }

        return null;
    }

    /// <summary>An interface comes to the others, from one thread at a time. Transports that were told to wait for its layers before may send by it from now on.</summary>
    public void Join(InternetInterface late) => _interfaces = new([.. Interfaces.Append(late).OrderBy(static one => one.Number)]);

    /// <summary>Whether an address is this host's, loopback included.</summary>
    public bool Contains(IpAddress address) => address.IsLoopback || Owner(address) is not null;

    /// <summary>The index of the interface that has an address; 0 if none has.</summary>
    public int IndexOf(IpAddress address) => address.IsLoopback ? InternetInterface.LoopbackIndex : Owner(address)?.Index ?? 0;

    /// <summary>
    /// The interface that takes packets from one address to another: the one it is asked for by index, or that has the destination, since what is for this host
    /// stays there, or the source; where the source is none of them, the one whose route is best.
    /// </summary>
    public InternetInterface Of(IpAddress source, IpAddress destination, int index = 0)
    {
        if (Interfaces.Length == 1)
            return First;
        if (index != 0 && WithIndex(index) is { } asked)
            return asked;
        if (destination.IsLoopback)
            return First;
        return Owner(destination) ?? (source.IsAny ? null : Owner(source)) ?? Choose(destination) ?? FirstWithAddress(destination);
    }

    /// <summary>
    /// The interface whose route to a destination is best: the longest prefix, then the lowest metric, and links that are up before those that are down. False when
    /// none has a route.
    /// </summary>
    public bool TryRoute(IpAddress destination, int index, [NotNullWhen(true)] out InternetInterface? route)
    {
        route = index == 0 ? Choose(destination) : WithIndex(index) is { } asked && asked.Addresses.RouteTo(destination) >= 0 ? asked : null;
        return route is not null;
    }

    /// <summary>
    /// The address to send from, to a destination that lies behind the interface with an index, or (0) behind whichever the route says. False when that interface
    /// has no address of its version.
    /// </summary>
    public bool TrySelectSource(IpAddress destination, int index, out IpAddress source)
    {
        InternetInterface sender = Of(default, destination, index);
        return sender.Addresses.TrySelectSource(destination, out source);
    }

    private InternetInterface? Owner(IpAddress address)
    {
        foreach (InternetInterface one in Interfaces)
        {
            if (one.Addresses.Owns(address))
                return one;
        }

        return null;
    }

    private InternetInterface? Choose(IpAddress destination)
    {
        InternetInterface? best = null;
        (bool IsUp, int Length, int Metric) bestRoute = default;
        foreach (InternetInterface one in Interfaces)
        {
            int length = one.Addresses.RouteTo(destination);
            if (length < 0)
                continue;
            (bool IsUp, int Length, int Metric) route = (one.Link.State.IsUp, length, -one.Metric);
            if (best is null || route.CompareTo(bestRoute) > 0)
                (best, bestRoute) = (one, route);
        }

        return best;
    }

    // Its layer finds no way, and says so to whoever sends.
    private InternetInterface FirstWithAddress(IpAddress destination)
    {
        foreach (InternetInterface one in Interfaces)
        {
            if (!(destination.IsIpv4 ? one.Addresses.Ipv4 : one.Addresses.Ipv6).IsEmpty)
                return one;
        }

        return First;
    }

    private sealed record Holder(ImmutableArray<InternetInterface> Interfaces);
}
