// pal_networking.h: group membership.
using Troupe.Net.Wire;

namespace Troupe.Net.Sockets;

public sealed partial class SocketCalls
{
    /// <summary>Joins a group, an address of 4 or 16 octets, on the interface of an own address (4 octets, or none) or of a number; 0 for the link.</summary>
    public int JoinGroup(nint descriptor, ReadOnlySpan<byte> group, ReadOnlySpan<byte> local, int interfaceIndex)
    {
        SocketErrno refused = FindGrouped(descriptor, group.Length == Ipv6Address.Length, out StackSocket? socket);
        return (int)(socket is null ? refused : socket.JoinGroup(Read(group), Read(local), interfaceIndex));
    }

    /// <summary>Leaves a group that was joined on an interface, or on whichever with the number 0.</summary>
    public int LeaveGroup(nint descriptor, ReadOnlySpan<byte> group, ReadOnlySpan<byte> local, int interfaceIndex)
    {
        SocketErrno refused = FindGrouped(descriptor, group.Length == Ipv6Address.Length, out StackSocket? socket);
        return (int)(socket is null ? refused : socket.LeaveGroup(Read(group), Read(local), interfaceIndex));
    }

    /// <summary>Chooses the interface on which datagrams to groups are sent, by an own address of IPv4 or by its number.</summary>
    public int SetGroupInterface(nint descriptor, bool ipv6, ReadOnlySpan<byte> local, int interfaceIndex)
    {
        SocketErrno refused = FindGrouped(descriptor, ipv6, out StackSocket? socket);
        Ipv4Address address = local.Length == Ipv4Address.Length ? Ipv4Address.Read(local) : default;
        return (int)(socket is null ? refused : socket.SetGroupInterface(ipv6, address, interfaceIndex));
    }

    // No socket: why not. A socket of IPv6 may be in groups of both versions.
    private SocketErrno FindGrouped(nint descriptor, bool ipv6, out StackSocket? socket)
    {
        socket = null;
        if (!TryFind(descriptor, out StackSocket? found))
            return SocketErrno.BadDescriptor;
        if (found.Family == SocketFamily.Unix)
            return SocketErrno.NotSupported;
        if (ipv6 && found.Family == SocketFamily.Internet)
            return SocketErrno.NoProtocolOption;
        socket = found;
        return SocketErrno.None;
    }

    private static IpAddress Read(ReadOnlySpan<byte> address) => address.Length switch
    {
        Ipv4Address.Length when Ipv4Address.Read(address) is { IsAny: false } given => given,
        Ipv6Address.Length => Ipv6Address.Read(address),
        _ => default,
    };
}
