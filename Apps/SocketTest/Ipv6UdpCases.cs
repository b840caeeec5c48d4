using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using static Troupe.Apps.SocketTest.Conformance;
using static Troupe.Apps.SocketTest.Ipv6Cases;
using static Troupe.Apps.SocketTest.TcpCases;

namespace Troupe.Apps.SocketTest;

/// <summary>Datagrams over IPv6, names and interfaces.</summary>
internal static class Ipv6UdpCases
{
    public static IEnumerable<(string, Func<Task<string>>)> All =>
    [
        ("udp sends and receives", () => Two((first, second) =>
        {
            first.SendTo([1, 2, 3], second.LocalEndPoint!);
            EndPoint from = new IPEndPoint(IPAddress.IPv6Any, 0);
            int count = second.ReceiveFrom(new byte[9], ref from);
            return $"{count} {from.Equals(first.LocalEndPoint)} {AddressOf(from)}";
        })),
        ("udp an empty datagram", () => Two((first, second) => $"{first.SendTo([], second.LocalEndPoint!)} {second.Receive(new byte[9])}")),
        ("udp 1400 octets", () => Carries(1400)),
        ("udp 1460 octets", () => Carries(1460)),
        ("udp 8000 octets", () => Carries(8000)),
        ("udp 60000 octets", () => Carries(60_000)),
        ("udp larger than any datagram", () => Two((first, second) => first.SendTo(new byte[65_528], second.LocalEndPoint!))),
        ("udp connected sends and receives", () => Two((first, second) =>
        {
            first.Connect(second.LocalEndPoint!);
            second.Connect(first.LocalEndPoint!);
            first.Send([1]);
            int got = second.Receive(new byte[4]);
            second.Send([1, 2]);
            return $"{got} {first.Receive(new byte[4])} {AddressOf(first.RemoteEndPoint)}";
        })),
        ("udp connect picks the own address", () => Sync(() =>
        {
            using Socket first = V6();
            using Socket second = Bound();
            first.Connect(second.LocalEndPoint!);
            return AddressOf(first.LocalEndPoint);
        })),
        ("udp a connected socket changes its peer", () => Sync(() =>
        {
            using Socket first = V6();
            using Socket second = Bound();
            using Socket third = Bound();
            first.Connect(second.LocalEndPoint!);
            first.Connect(third.LocalEndPoint!);
            first.Send([1, 2]);
            third.ReceiveTimeout = 5000;
            return third.Receive(new byte[4]);
        })),
        ("udp connected to nobody's port is refused", () => Sync(() => UdpErrorCases.Refused(V6(), IPAddress.IPv6Loopback, bind: null))),
        ("udp packet information", () => Two((first, second) =>
        {
            second.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.PacketInformation, true);
            first.SendTo([1, 2], second.LocalEndPoint!);
            SocketFlags flags = SocketFlags.None;
            EndPoint from = new IPEndPoint(IPAddress.IPv6Any, 0);
            int count = second.ReceiveMessageFrom(new byte[9], ref flags, ref from, out IPPacketInformation information);
            return $"{count} {flags} {information.Address} {information.Interface}";
        })),
        ("udp packet information of a dual socket", () => Sync(() =>
        {
            using Socket first = Pair.Udp();
            using Socket second = new(SocketType.Dgram, ProtocolType.Udp);
            second.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
            second.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.PacketInformation, true);
            second.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.PacketInformation, true);
            first.SendTo([1, 2], new IPEndPoint(IPAddress.Loopback, Pair.PortOf(second)));
            SocketFlags flags = SocketFlags.None;
            EndPoint from = new IPEndPoint(IPAddress.IPv6Any, 0);
            int count = second.ReceiveMessageFrom(new byte[9], ref flags, ref from, out IPPacketInformation information);
            return $"{count} {flags} {information.Address} {information.Interface} {AddressOf(from)}";
        })),
        ("udp a dual socket hears both versions", () => Sync(() =>
        {
            using Socket both = new(SocketType.Dgram, ProtocolType.Udp);
            both.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
            both.ReceiveTimeout = 5000;
            using Socket four = Pair.Udp();
            using Socket six = V6();
            EndPoint from = new IPEndPoint(IPAddress.IPv6Any, 0);
            four.SendTo([1], new IPEndPoint(IPAddress.Loopback, Pair.PortOf(both)));
            both.ReceiveFrom(new byte[4], ref from);
            object? first = AddressOf(from);
            six.SendTo([1, 2], new IPEndPoint(IPAddress.IPv6Loopback, Pair.PortOf(both)));
            both.ReceiveFrom(new byte[4], ref from);
            return $"{first} {AddressOf(from)}";
        })),
        ("udp a dual socket sends to both versions", () => Sync(() =>
        {
            using Socket both = new(SocketType.Dgram, ProtocolType.Udp);
            using Socket four = Pair.BoundUdp();
            using Socket six = Bound();
            four.ReceiveTimeout = six.ReceiveTimeout = 5000;
            both.SendTo([1], four.LocalEndPoint!);
            both.SendTo([1, 2], six.LocalEndPoint!);
            return $"{four.Receive(new byte[4])} {six.Receive(new byte[4])}";
        })),
        ("udp a socket for IPv6 only sends to IPv4", () => Sync(() =>
        {
            using Socket six = V6();
            return Answer(() => six.SendTo([1], new IPEndPoint(IPAddress.Loopback.MapToIPv6(), 9)));
        })),
        ("udp one port of each version", () => Sync(() =>
        {
            using Socket six = V6();
            six.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
            using Socket four = Pair.Udp();
            four.Bind(new IPEndPoint(IPAddress.Any, Pair.PortOf(six)));
            using Socket sender = Pair.Udp();
            sender.SendTo([1, 2], new IPEndPoint(IPAddress.Loopback, Pair.PortOf(six)));
            four.ReceiveTimeout = 5000;
            return $"{four.Receive(new byte[4])} {six.Available}";
        })),
        ("udp a dual socket keeps IPv4 off its port", () => Sync(() =>
        {
            using Socket both = new(SocketType.Dgram, ProtocolType.Udp);
            both.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
            using Socket four = Pair.Udp();
            return Answer(() => four.Bind(new IPEndPoint(IPAddress.Any, Pair.PortOf(both))));
        })),
        ("udp an unbound socket gets a port by sending", () => Sync(() =>
        {
            using Socket first = V6();
            using Socket second = Bound();
            first.SendTo([1], second.LocalEndPoint!);
            return $"{AddressOf(first.LocalEndPoint)} {Pair.PortOf(first) != 0}";
        })),
        ("udp send to port 0", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.SendTo([1], new IPEndPoint(IPAddress.IPv6Loopback, 0)));
        })),
        ("udp asynchronous", async () =>
        {
            using Socket first = Bound();
            using Socket second = Bound();
            Task<SocketReceiveFromResult> receiving = second.ReceiveFromAsync(new byte[9], new IPEndPoint(IPAddress.IPv6Any, 0));
            await first.SendToAsync(new byte[5], second.LocalEndPoint!);
            SocketReceiveFromResult result = await receiving;
            return $"{result.ReceivedBytes} {result.RemoteEndPoint.Equals(first.LocalEndPoint)}";
        }),
        ("udp UdpClient", async () =>
        {
            using UdpClient first = new(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            using UdpClient second = new(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            await first.SendAsync(new byte[4], (IPEndPoint)second.Client.LocalEndPoint!);
            return $"{(await second.ReceiveAsync()).Buffer.Length}";
        }),
        ("udp receive times out", () => Sync(() =>
        {
            using Socket socket = Bound();
            socket.ReceiveTimeout = 200;
            return socket.Receive(new byte[2]);
        })),
        Option("udp Ttl", V6, s => s.Ttl, s => s.Ttl = 9),
        Option("udp MulticastTimeToLive", V6, s => Get(s, SocketOptionName.MulticastTimeToLive), s => Set(s, SocketOptionName.MulticastTimeToLive, 3)),
        Option("udp a MulticastTimeToLive of 256", V6, s => Get(s, SocketOptionName.MulticastTimeToLive), s => Set(s, SocketOptionName.MulticastTimeToLive, 256)),
        Option("udp a MulticastTimeToLive of -1", V6, s => Get(s, SocketOptionName.MulticastTimeToLive), s => Set(s, SocketOptionName.MulticastTimeToLive, -1)),
        Option("udp MulticastLoopback", V6, s => s.MulticastLoopback, s => s.MulticastLoopback = false),
        Option("udp PacketInformation", V6, s => Get(s, SocketOptionName.PacketInformation), s => Set(s, SocketOptionName.PacketInformation, 1)),
        ("name a number of IPv6", () => Sync(() => Dns.GetHostAddresses("2001:db8::7")[0])),
        ("name a number with a link", () => Sync(() => Dns.GetHostAddresses("fe80::7%1")[0])),
        ("name a number of the other version", () => AnswerAsync(async () => $"{(await Dns.GetHostAddressesAsync("192.0.2.7", AddressFamily.InterNetworkV6)).Length}")),
        ("name that does not exist", () => AnswerAsync(async () => $"{(await Dns.GetHostAddressesAsync("name.invalid", AddressFamily.InterNetworkV6)).Length}")),
        ("name the loopback index", () => Sync(() => NetworkInterface.IPv6LoopbackInterfaceIndex)),
        ("name the loopback interface's address", () => Sync(() => NetworkInterface.GetAllNetworkInterfaces()
            .Single(entry => entry.NetworkInterfaceType == NetworkInterfaceType.Loopback).GetIPProperties().UnicastAddresses
            .Any(address => address.Address.Equals(IPAddress.IPv6Loopback) && address.PrefixLength == 128))),
    ];

    private static Socket V6()
    {
        Socket socket = new(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        socket.DualMode = false;
        return socket;
    }

    private static Socket Bound()
    {
        Socket socket = V6();
        socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        return socket;
    }

    private static Task<string> Carries(int octets) => Two((first, second) =>
    {
        byte[] sent = Pair.Pattern(octets);
        byte[] got = new byte[octets + 100];
        first.SendTo(sent, second.LocalEndPoint!);
        int count = second.Receive(got);
        return $"{count} {got.AsSpan(0, count).SequenceEqual(sent)}";
    });

    private static Task<string> Two(Func<Socket, Socket, object?> action) => Sync(() =>
    {
        using Socket first = Bound();
        using Socket second = Bound();
        second.ReceiveTimeout = 5000;
        return action(first, second);
    });
}
