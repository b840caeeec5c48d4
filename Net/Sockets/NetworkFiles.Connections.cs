// man 5 proc, /proc/net/tcp, udp, sockstat: addresses in hexadecimal, each word of four octets as a little-endian machine reads it.
using System.Buffers.Binary;
using System.Text;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Sockets;

public sealed partial class NetworkFiles
{
    // include/net/tcp_states.h.
    private const int Listening = 10;
    private const int Unconnected = 7;

    private TcpListing ReadListing() => TcpListing.ReadAsync(_network.Tcp).AsTask().GetAwaiter().GetResult();

    private string TcpConnections(bool ipv6)
    {
        TcpListing listing = ReadListing();
        StringBuilder text = new();
        text.Append("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n");
        int line = 0;
        foreach (TcpListenerStatus listener in listing.Listeners)
        {
            // As Linux lists a listener of both versions.
            if (IsListed(listener.Local.Address, ipv6))
                Line(text, line++, listener.Local, default, Listening, 0, listener.Pending, ipv6);
        }

        foreach (TcpConnectionStatus connection in listing.ReadConnectionsAsync().AsTask().GetAwaiter().GetResult())
        {
            if (IsListed(connection.Key.Local.Address, ipv6))
                Line(text, line++, connection.Key.Local, connection.Key.Remote, NumberOf(connection.State), connection.Outstanding + connection.Waiting, connection.Unread, ipv6);
        }

        foreach (TcpTimeWaitEntry entry in listing.TimeWait)
        {
            if (IsListed(entry.Key.Local.Address, ipv6))
                Line(text, line++, entry.Key.Local, entry.Key.Remote, NumberOf(TcpState.TimeWait), 0, 0, ipv6);
        }

        return text.ToString();
    }

    private string UdpSockets(bool ipv6)
    {
        StringBuilder text = new();
        text.Append("   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n");
        int line = 0;
        foreach (IpEndPoint local in _calls.DatagramPorts())
        {
            if (IsListed(local.Address, ipv6))
                Line(text, line++, local, default, Unconnected, 0, 0, ipv6);
        }

        return text.ToString();
    }

    private string SocketStatistics(bool ipv6)
    {
        TcpListing listing = ReadListing();
        string version = ipv6 ? "6" : "";
        int tcp = listing.Connections.Count(entry => IsListed(entry.Key.Local.Address, ipv6)) + listing.Listeners.Count(entry => IsListed(entry.Local.Address, ipv6));
        int waiting = listing.TimeWait.Count(entry => IsListed(entry.Key.Local.Address, ipv6));
        int udp = _calls.DatagramPorts().Count(local => IsListed(local.Address, ipv6));
        StringBuilder text = new();
        if (ipv6)
            Append(text, $"TCP6: inuse {tcp}\nUDP6: inuse {udp}\n");
        else
            Append(text, $"sockets: used {tcp + udp}\nTCP: inuse {tcp} orphan 0 tw {waiting} alloc {tcp} mem 0\nUDP: inuse {udp} mem 0\n");
        return text.ToString();
    }

    private static bool IsListed(IpAddress local, bool ipv6) => local.IsIpv4 != ipv6;

    private static void Line(StringBuilder text, int line, IpEndPoint local, IpEndPoint remote, int state, int sending, int receiving, bool ipv6) =>
        Append(text, $"{line,4}: {Hexadecimal(local, ipv6)} {Hexadecimal(remote, ipv6)} {state:X2} {sending:X8}:{receiving:X8} 00:00000000 00000000     0        0 0 1 0000000000000000 0\n");

    private static string Hexadecimal(IpEndPoint end, bool ipv6) => FormattableString.Invariant($"{Hexadecimal(end.Address, ipv6)}:{end.Port:X4}");

    private static string Hexadecimal(IpAddress address, bool ipv6)
    {
        if (!ipv6)
            return FormattableString.Invariant($"{(address.IsIpv4 ? BinaryPrimitives.ReverseEndianness(address.Ipv4.Value) : 0):X8}");
        Span<byte> octets = stackalloc byte[Ipv6Address.Length];
        address.Ipv6.Write(octets);
        StringBuilder text = new();
        for (int word = 0; word < Ipv6Address.Length; word += 4)
            Append(text, $"{BinaryPrimitives.ReadUInt32LittleEndian(octets[word..]):X8}");
        return text.ToString();
    }

    private static int NumberOf(TcpState state) => state switch
    {
        TcpState.Established => 1,
        TcpState.SynSent => 2,
        TcpState.SynReceived => 3,
        TcpState.FinWait1 => 4,
        TcpState.FinWait2 => 5,
        TcpState.TimeWait => 6,
        TcpState.CloseWait => 8,
        TcpState.LastAck => 9,
        TcpState.Closing => 11,
        _ => 7,
    };
}
