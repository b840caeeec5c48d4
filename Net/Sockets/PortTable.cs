// man 7 socket, SO_REUSEADDR and SO_REUSEPORT, which the class library sets together: who may share a port. RFC 6056 3.3.1: ports at random.
using System.Buffers.Binary;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Sockets;

/// <summary>The local ports that sockets have taken. Bounded by the number of sockets.</summary>
internal sealed class PortTable(IRandomness randomness)
{
    // RFC 6335 6: the dynamic ports.
    private const int FirstDynamic = 49_152;
    private const int DynamicPorts = 65_536 - FirstDynamic;

    // RFC 2131 4.1 and RFC 8415 7.2: the DHCP clients' own; they have no sockets.
    private const ushort DhcpClientPort = 68;
    private const ushort Dhcpv6ClientPort = 546;

    private readonly object _gate = new();
    private readonly Dictionary<(SocketKind Kind, ushort Port), List<Entry>> _taken = [];

    private readonly record struct Entry(InternetSocket Socket, IpAddress Address, bool TakesIpv4);

    /// <summary>Takes a port for a socket; 0 picks one.</summary>
    public SocketErrno Take(InternetSocket socket, IpAddress address, ushort port, out ushort taken)
    {
        lock (_gate)
        {
            taken = port;
            if (socket.Kind == SocketKind.Datagram && port is DhcpClientPort or Dhcpv6ClientPort)
                return SocketErrno.AddressInUse;
            if (port == 0 && !TryPick(socket.Kind, out taken))
                return SocketErrno.AddressInUse;
            if (!_taken.TryGetValue((socket.Kind, taken), out List<Entry>? sharers))
                _taken.Add((socket.Kind, taken), sharers = []);
            else if (sharers.Exists(other => Excludes(other, new(socket, address, socket.TakesIpv4))))
                return SocketErrno.AddressInUse;
            sharers.Add(new(socket, address, socket.TakesIpv4));
            return SocketErrno.None;
        }
    }

    /// <summary>Whether a socket that has a port may listen on it: no other listens there already.</summary>
    public bool MayListen(InternetSocket socket)
    {
        lock (_gate)
        {
            return !_taken.TryGetValue((socket.Kind, socket.Local.Port), out List<Entry>? sharers)
                || !sharers.Exists(other => other.Socket != socket && Excludes(other, new(socket, socket.Local.Ip, socket.TakesIpv4)));
        }
    }

    /// <summary>Where the sockets of a kind are bound now.</summary>
    public IReadOnlyList<IpEndPoint> List(SocketKind kind)
    {
        lock (_gate)
            return [.. _taken.Where(taken => taken.Key.Kind == kind).SelectMany(static taken => taken.Value.Select(entry => new IpEndPoint(entry.Address, taken.Key.Port)))];
    }

    /// <summary>The socket is gone.</summary>
    public void Release(InternetSocket socket)
    {
        lock (_gate)
        {
            (SocketKind, ushort) key = (socket.Kind, socket.Local.Port);
            if (_taken.TryGetValue(key, out List<Entry>? sharers) && sharers.RemoveAll(entry => entry.Socket == socket) > 0 && sharers.Count == 0)
                _taken.Remove(key);
        }
    }

    // TCP: the class library sets SO_REUSEADDR at every bind, with which only a listener keeps others off.
    private static bool Excludes(in Entry other, in Entry taker) =>
        Overlap(other, taker)
        && (taker.Socket.Kind == SocketKind.Datagram || other.Socket.IsListening)
        && !(other.Socket.Options.SharesPort && taker.Socket.Options.SharesPort);

    // man 7 ipv6: "::" stands for IPv4's addresses too, unless the socket is for IPv6 only.
    private static bool Overlap(in Entry left, in Entry right)
    {
        if (left.Address.IsIpv4 != right.Address.IsIpv4)
        {
            Entry version6 = left.Address.IsIpv4 ? right : left;
            return version6.Address.IsAny && version6.TakesIpv4;
        }

        return left.Address.IsAny || right.Address.IsAny || left.Address == right.Address;
    }

    private bool TryPick(SocketKind kind, out ushort port)
    {
        Span<byte> bytes = stackalloc byte[4];
        randomness.Fill(bytes);
        uint start = BinaryPrimitives.ReadUInt32LittleEndian(bytes) % DynamicPorts;
        for (uint offset = 0; offset < DynamicPorts; offset++)
        {
            port = (ushort)(FirstDynamic + (start + offset) % DynamicPorts);
            if (!_taken.ContainsKey((kind, port)))
                return true;
        }

        port = 0;
        return false;
    }
}
