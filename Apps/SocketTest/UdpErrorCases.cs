using System.Net;
using System.Net.Sockets;
using static Troupe.Apps.SocketTest.Conformance;
using static Troupe.Apps.SocketTest.TcpCases;

namespace Troupe.Apps.SocketTest;

/// <summary>Datagrams that nobody takes, and large ones.</summary>
internal static class UdpErrorCases
{
    public static IEnumerable<(string, Func<Task<string>>)> All =>
    [
        ("udp connected to nobody's port is refused", () => Sync(() => Refused(Pair.Udp(), IPAddress.Loopback, bind: null))),
        ("udp bound and connected to nobody's port is refused", () => Sync(() => Refused(Pair.Udp(), IPAddress.Loopback, IPAddress.Loopback))),
        ("udp a dual socket connected to nobody's port is refused", () => Sync(() => Refused(new(SocketType.Dgram, ProtocolType.Udp), IPAddress.Loopback, bind: null))),
        ("udp a refusal is told once", () => Sync(() =>
        {
            using Socket socket = Pair.Udp();
            socket.ReceiveTimeout = 300;
            socket.Connect(IPAddress.Loopback, Nobody());
            socket.Send([1]);
            return $"{Answer(() => socket.Receive(new byte[4]))} {Answer(() => socket.Receive(new byte[4]))}";
        })),
        ("udp a refusal is told to the next send", () => Sync(() =>
        {
            using Socket socket = Pair.Udp();
            socket.Connect(IPAddress.Loopback, Nobody());
            socket.Send([1]);
            socket.Poll(5_000_000, SelectMode.SelectRead);
            return $"{Answer(() => socket.Send([2]))} {Answer(() => socket.Send([3]))}";
        })),
        ("udp a refusal is SO_ERROR", () => Sync(() =>
        {
            using Socket socket = Pair.Udp();
            socket.Connect(IPAddress.Loopback, Nobody());
            socket.Send([1]);
            socket.Poll(5_000_000, SelectMode.SelectRead);
            return $"{(SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!} {socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)}";
        })),
        ("udp a refusal ends an asynchronous receive", () => AnswerAsync(async () =>
        {
            using Socket socket = Pair.Udp();
            await socket.ConnectAsync(IPAddress.Loopback, Nobody());
            Task<int> receiving = socket.ReceiveAsync(new byte[4]);
            await socket.SendAsync(new byte[1]);
            return $"{await receiving}";
        })),
        ("udp an unconnected socket is told of no refusal", () => Sync(() =>
        {
            using Socket socket = Pair.BoundUdp();
            socket.ReceiveTimeout = 300;
            socket.SendTo([1], new IPEndPoint(IPAddress.Loopback, Nobody()));
            return Answer(() => socket.Receive(new byte[4]));
        })),
        ("udp goes on after a refusal", () => Sync(() =>
        {
            int port = Nobody();
            using Socket socket = Pair.Udp();
            socket.Connect(IPAddress.Loopback, port);
            socket.Send([1]);
            string refused = Answer(() => socket.Receive(new byte[4]));
            using Socket late = Pair.Udp();
            late.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Send([1, 2]);
            late.ReceiveTimeout = 5000;
            return $"{refused} {late.Receive(new byte[4])}";
        })),
        ("udp a stranger to a connected socket is refused", () => Sync(() =>
        {
            using Socket peer = Pair.BoundUdp();
            using Socket connected = Pair.BoundUdp();
            connected.Connect(peer.LocalEndPoint!);
            using Socket stranger = Pair.Udp();
            stranger.ReceiveTimeout = 2000;
            stranger.Connect(connected.LocalEndPoint!);
            stranger.Send([1]);
            return Answer(() => stranger.Receive(new byte[4]));
        })),
        ("udp 1472 octets", () => Carries(1472)),
        ("udp 1473 octets", () => Carries(1473)),
        ("udp 3000 octets", () => Carries(3000)),
        ("udp 30000 octets", () => Carries(30_000)),
        ("udp the largest datagram", () => Carries(65_507)),
        ("udp a large list of buffers", () => Sync(() =>
        {
            using Socket first = Pair.BoundUdp();
            using Socket second = Pair.BoundUdp();
            second.ReceiveTimeout = 5000;
            first.Connect(second.LocalEndPoint!);
            int sent = first.Send([new ArraySegment<byte>(new byte[9000]), new ArraySegment<byte>(new byte[9001])]);
            return $"{sent} {second.Receive(new byte[20_000])}";
        })),
        ("udp disconnected sends to anybody again", () => Sync(() =>
        {
            using Socket first = Pair.Udp();
            using Socket second = Pair.BoundUdp();
            first.Connect(second.LocalEndPoint!);
            object? before = Ipv6Cases.AddressOf(first.LocalEndPoint);
            first.Disconnect(reuseSocket: true);
            return $"{before} {Answer(() => first.RemoteEndPoint)}";
        })),
        ("udp a datagram to any is for this host", () => Sync(() =>
        {
            using Socket second = Pair.Udp();
            second.Bind(new IPEndPoint(IPAddress.Any, 0));
            second.ReceiveTimeout = 5000;
            using Socket first = Pair.Udp();
            first.SendTo([1, 2, 3], new IPEndPoint(IPAddress.Any, Pair.PortOf(second)));
            return second.Receive(new byte[5]);
        })),
        ("udp send to port 0", () => Sync(() =>
        {
            using Socket socket = Pair.Udp();
            return Answer(() => socket.SendTo([1], new IPEndPoint(IPAddress.Loopback, 0)));
        })),
        ("udp shut down for sending", () => Sync(() =>
        {
            using Socket first = Pair.BoundUdp();
            using Socket second = Pair.BoundUdp();
            first.Connect(second.LocalEndPoint!);
            first.Shutdown(SocketShutdown.Send);
            return Answer(() => first.Send([1]));
        })),
    ];

    /// <summary>What a receive answers after a datagram to a port nobody has.</summary>
    public static object? Refused(Socket socket, IPAddress address, IPAddress? bind)
    {
        using (socket)
        {
            if (bind is not null)
                socket.Bind(new IPEndPoint(bind, 0));
            socket.ReceiveTimeout = 5000;
            socket.Connect(address, Nobody());
            socket.Send([1]);
            return Answer(() => socket.Receive(new byte[4]));
        }
    }

    private static Task<string> Carries(int octets) => Sync(() =>
    {
        using Socket first = Pair.BoundUdp();
        using Socket second = Pair.BoundUdp();
        second.ReceiveTimeout = 5000;
        byte[] sent = Pair.Pattern(octets);
        byte[] got = new byte[octets + 100];
        first.SendTo(sent, second.LocalEndPoint!);
        int count = second.Receive(got);
        return $"{count} {got.AsSpan(0, count).SequenceEqual(sent)}";
    });

    private static int Nobody()
    {
        using Socket socket = Pair.BoundUdp();
        return Pair.PortOf(socket);
    }
}
