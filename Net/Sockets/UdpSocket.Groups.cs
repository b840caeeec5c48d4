// man 7 ip, man 7 ipv6: IP_ADD_MEMBERSHIP, IP_MULTICAST_IF, IP_MULTICAST_LOOP, IP_MULTICAST_TTL and their like of IPv6 (RFC 3493 5.2).
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Sockets;

internal sealed partial class UdpSocket
{
    // net.ipv4.igmp_max_memberships.
    private const int MostGroups = 20;

    private readonly List<(IpAddress Group, int Interface)> _groups = [];
    private int _groupInterface;
    private int _groupInterfaceV6;

    /// <summary>IP_MULTICAST_IF as it was set by an address; IPv6's is a number.</summary>
    public Ipv4Address GroupInterfaceAddress { get; private set; }

    /// <summary>IPV6_MULTICAST_IF.</summary>
    public int GroupInterfaceV6 => _groupInterfaceV6;

    public override SocketErrno JoinGroup(IpAddress group, IpAddress local, int interfaceIndex)
    {
        if (!group.IsMulticast)
            return SocketErrno.InvalidArgument;
        SocketErrno status = FindInterface(local, interfaceIndex, SocketErrno.NoSuchDevice, out int found);
        if (status != SocketErrno.None)
            return status;
        (IpAddress, int) membership = (group, found == 0 ? RouteTo(group) : found);
        lock (Gate)
        {
            if (_groups.Contains(membership))
                return SocketErrno.AddressInUse;
            if (_groups.Count == MostGroups)
                return SocketErrno.NoBuffers;
            _groups.Add(membership);
        }

        groups.Join(membership.Item1, membership.Item2);
        return SocketErrno.None;
    }

    public override SocketErrno LeaveGroup(IpAddress group, IpAddress local, int interfaceIndex)
    {
        if (!group.IsIpv4 && !group.IsMulticast)
            return SocketErrno.InvalidArgument;
        SocketErrno status = FindInterface(local, interfaceIndex, SocketErrno.AddressNotAvailable, out int found);
        if (status != SocketErrno.None)
            return status;
        // IPv4's are looked for where a join without a name would be, IPv6's anywhere.
        if (found == 0 && group.IsIpv4)
            found = RouteTo(group);
        (IpAddress Group, int Interface) membership;
        lock (Gate)
        {
            int index = _groups.FindIndex(joined => joined.Group == group && (found == 0 || joined.Interface == found));
            if (index < 0)
                return SocketErrno.AddressNotAvailable;
            membership = _groups[index];
            _groups.RemoveAt(index);
        }

        groups.Leave(membership.Group, membership.Interface);
        return SocketErrno.None;
    }

    public override SocketErrno SetGroupInterface(bool ipv6, Ipv4Address local, int interfaceIndex)
    {
        SocketErrno status = FindInterface(
            local.IsAny ? default : local, interfaceIndex, ipv6 ? SocketErrno.NoSuchDevice : SocketErrno.AddressNotAvailable, out int found);
        if (status != SocketErrno.None)
            return status;
        lock (Gate)
        {
            if (ipv6)
                _groupInterfaceV6 = found;
            else
                (_groupInterface, GroupInterfaceAddress) = (found, local);
        }

        return SocketErrno.None;
    }

    private void LeaveAll()
    {
        (IpAddress Group, int Interface)[] left;
        lock (Gate)
        {
            left = [.. _groups];
            _groups.Clear();
        }

        foreach ((IpAddress group, int interfaceIndex) in left)
            groups.Leave(group, interfaceIndex);
    }

    // 0: none was named.
    private SocketErrno FindInterface(IpAddress local, int interfaceIndex, SocketErrno unknown, out int found)
    {
        found = interfaceIndex;
        if (interfaceIndex != 0)
            return interfaceIndex == InternetInterface.LoopbackIndex || Network.Internet.WithIndex(interfaceIndex) is not null ? SocketErrno.None : unknown;
        if (local.IsAny)
            return SocketErrno.None;
        found = Network.Internet.IndexOf(local);
        return found != 0 ? SocketErrno.None : unknown;
    }

    private int InterfaceTo(SocketEndPoint group)
    {
        int chosen = group.IsIpv4 ? _groupInterface : group.NeedsScope && group.Scope != 0 ? (int)group.Scope : _groupInterfaceV6;
        if (chosen != 0)
            return chosen;
        if (Local is { IsAny: false, Ip.IsLoopback: true })
            return InternetInterface.LoopbackIndex;
        // A strong host: who is bound to an address sends by its interface.
        return !Local.IsAny && Network.Internet.IndexOf(Local.Ip) is var own and not 0 ? own : RouteTo(group.Ip);
    }

    // Before there is an address, and so a route, it is the first.
    private int RouteTo(IpAddress group) => Network.Internet.Of(default, group).Index;

    // IPv4's groups on the loopback interface need no way to anywhere; as on Linux, IPv6's have none there.
    private SocketErrno CheckWay(SocketEndPoint remote)
    {
        if (!remote.Ip.IsMulticast || InterfaceTo(remote) != InternetInterface.LoopbackIndex)
            return CheckRoute(remote);
        return remote.IsIpv4 ? SocketErrno.None : SocketErrno.NetworkUnreachable;
    }

    private IpAddress SourceTo(SocketEndPoint remote)
    {
        int interfaceIndex = remote.Ip.IsMulticast ? InterfaceTo(remote) : remote.Interface;
        return remote.Ip.IsMulticast && Local.IsAny && interfaceIndex == InternetInterface.LoopbackIndex
            ? Ipv4Address.From(127, 0, 0, 1)
            : SourceFor(remote, interfaceIndex);
    }

    // What this host listens to itself it hears at once; the rest is the link's.
    private SocketErrno TransmitToGroup(ReadOnlySpan<byte> data, SocketEndPoint group)
    {
        int interfaceIndex = InterfaceTo(group);
        bool onLoopback = interfaceIndex == InternetInterface.LoopbackIndex;
        IpAddress source = SourceTo(group);
        int level = group.IsIpv4 ? SocketOptions.InternetLevel : SocketOptions.InternetV6Level;
        if ((onLoopback || Options.Get(level, SocketOptions.MulticastLoopback) != 0) && groups.IsMember(group.Ip, interfaceIndex))
            demultiplexer.Loop(data, new(source, Local.Port), group.ToIp(), interfaceIndex);
        // RFC 4291 2.7: what is of this interface alone is sent on no link; nor is what may take no hop.
        bool stays = onLoopback || Options.Get(level, SocketOptions.MulticastTimeToLive) == 0 || (!group.IsIpv4 && group.Ip.Ipv6.MulticastScope <= 1);
        return stays ? SocketErrno.None : Transmit(data, group, source, interfaceIndex);
    }
}
