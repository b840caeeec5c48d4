// man 7 ip, man 7 ipv6: which addresses a socket may have and reach; RFC 4007: scopes; RFC 6724: the address that is sent from.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Sockets;

internal abstract partial class InternetSocket
{
    private static readonly IpAddress _loopback4 = Ipv4Address.From(127, 0, 0, 1);
    private static readonly IpAddress _loopback6 = Ipv6Address.Loopback;

    /// <summary>"Any" of the socket's family.</summary>
    protected SocketEndPoint AnyOfFamily => Family == SocketFamily.Internet ? SocketEndPoint.AnyIpv4 : default;

    /// <summary>Whether packets to an address of this host are this socket's, by what it is bound to.</summary>
    protected bool IsAddressedBy(IpAddress destination)
    {
        if (!Local.IsAny)
            return Local.Ip == destination;
        return Local.IsIpv4 ? destination.IsIpv4 : !destination.IsIpv4 || TakesIpv4;
    }

    /// <summary>Whether a local address may be bound: "any", or one of this host's, of a version that the socket has.</summary>
    protected SocketErrno CheckLocal(SocketEndPoint local)
    {
        if (local.IsIpv4 && !TakesIpv4)
            return SocketErrno.InvalidArgument;
        if (local.IsAny)
            return SocketErrno.None;
        SocketErrno scope = CheckScope(local);
        if (scope != SocketErrno.None)
            return scope;
        return Network.Internet.Contains(local.Ip) ? SocketErrno.None : SocketErrno.AddressNotAvailable;
    }

    /// <summary>
    /// Whether a remote address can be reached by this family at all. "Any" stands for this host (RFC 1122 3.2.1.3 lets a host send to itself so).
    /// </summary>
    protected SocketErrno CheckRemote(ref SocketEndPoint remote)
    {
        if (remote.IsAny)
            remote = SocketEndPoint.From(remote.IsIpv4 || (IsBound && Local is { IsAny: false, IsIpv4: true }) ? _loopback4 : _loopback6, remote.Port, InternetInterface.LoopbackIndex);
        if (remote.IsIpv4)
        {
            // man 7 ipv6: no IPv4 from an address of IPv6, and the other way round.
            return TakesIpv4 && (Local.IsAny || Local.IsIpv4) ? SocketErrno.None : SocketErrno.NetworkUnreachable;
        }

        return Local is { IsAny: false, IsIpv4: true } ? SocketErrno.InvalidArgument : SocketErrno.None;
    }

    /// <summary>A link-local address says on which link it is; groups are on the loopback too.</summary>
    protected SocketErrno CheckScope(SocketEndPoint endPoint)
    {
        if (!endPoint.NeedsScope)
            return SocketErrno.None;
        return endPoint.Scope switch
        {
            0 => SocketErrno.InvalidArgument,
            InternetInterface.LoopbackIndex => endPoint.Ip.IsMulticast ? SocketErrno.None : SocketErrno.AddressNotAvailable,
            _ => Network.Internet.WithIndex((int)endPoint.Scope) is null ? SocketErrno.NoSuchDevice : SocketErrno.None,
        };
    }

    /// <summary>Whether there is a way to an address; broadcasts want the option. What a router says of it is not known here.</summary>
    protected SocketErrno CheckRoute(SocketEndPoint remote)
    {
        IpAddress address = remote.Ip;
        InternetLayers own = Network.Internet;
        if (own.Contains(address))
            return SocketErrno.None;
        if (remote.Interface > InternetInterface.LoopbackIndex && own.WithIndex(remote.Interface) is null)
            return SocketErrno.NoSuchDevice;
        if (!address.IsIpv4)
        {
            // From an address of the link alone, only the link is reached.
            return own.TrySelectSource(address, remote.Interface, out IpAddress source) && (!source.IsLinkLocal || remote.NeedsScope || address.IsMulticast)
                ? SocketErrno.None
                : SocketErrno.NetworkUnreachable;
        }

        Ipv4Address version4 = address.Ipv4;
        if (!own.TryRoute(address, SendingInterface(remote), out InternetInterface? route))
            return SocketErrno.NetworkUnreachable;
        bool broadcast = version4 == Ipv4Address.Broadcast || version4 == route.Addresses.Configuration?.Network.DirectedBroadcast;
        return broadcast && !Options.MayBroadcast ? SocketErrno.AccessDenied : SocketErrno.None;
    }

    // The interface that a scope or, in a strong host, the own address names; 0 for whichever the route says.
    private int SendingInterface(SocketEndPoint remote) =>
        remote.Interface != 0 ? remote.Interface : Local.IsAny || Local.Ip.IsLoopback ? 0 : Network.Internet.IndexOf(Local.Ip);

    /// <summary>The address that packets to somebody are sent from, by the interface with an index or (0) any; "any" of its version when there is none.</summary>
    protected IpAddress SourceFor(SocketEndPoint remote, int interfaceIndex)
    {
        if (!Local.IsAny && !Local.Ip.IsMulticast && Local.Ipv4 != Ipv4Address.Broadcast)
            return Local.Ip;
        if (Network.Internet.TrySelectSource(remote.Ip, interfaceIndex, out IpAddress source))
            return source;
        return remote.IsIpv4 ? IpAddress.From(Ipv4Address.Any) : default;
    }
}
