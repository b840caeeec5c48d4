using System.Net;
using System.Net.Sockets;
using static Troupe.Apps.SocketTest.Conformance;
using static Troupe.Apps.SocketTest.TcpCases;

namespace Troupe.Apps.SocketTest;

/// <summary>Datagrams.</summary>
internal static class UdpCases
{
    public static IEnumerable<(string, Func<Task<string>>)> All =>
    [
        ("udp sends and receives", () => Two((first, second) =>
        {
            first.SendTo([1, 2, 3], second.LocalEndPoint!);
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            byte[] buffer = new byte[9];
            int count = second.ReceiveFrom(buffer, ref from);
            return $"{count} {from.Equals(first.LocalEndPoint)}";
        })),
        ("udp keeps boundaries", () => Two((first, second) =>
        {
            first.SendTo([1, 2, 3], second.LocalEndPoint!);
            first.SendTo([4, 5], second.LocalEndPoint!);
            return $"{second.Receive(new byte[9])} {second.Receive(new byte[9])}";
        })),
        ("udp an empty datagram", () => Two((first, second) =>
        {
            int sent = first.SendTo([], second.LocalEndPoint!);
            return $"{sent} {second.Receive(new byte[9])}";
        })),
        ("udp a datagram longer than the buffer", () => Two((first, second) =>
        {
            first.SendTo(new byte[100], second.LocalEndPoint!);
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            string answer = Answer(() => second.ReceiveFrom(new byte[10], ref from));
            first.SendTo([7], second.LocalEndPoint!);
            return $"{answer} {second.Receive(new byte[9])}";
        })),
        ("udp peek", () => Two((first, second) =>
        {
            first.SendTo([1, 2, 3], second.LocalEndPoint!);
            return $"{second.Receive(new byte[9], SocketFlags.Peek)} {second.Receive(new byte[9])}";
        })),
        ("udp available is the next datagram's length", () => Two((first, second) =>
        {
            first.SendTo(new byte[30], second.LocalEndPoint!);
            first.SendTo(new byte[40], second.LocalEndPoint!);
            second.Poll(5_000_000, SelectMode.SelectRead);
            return second.Available;
        })),
        ("udp connected sends and receives", () => Two((first, second) =>
        {
            first.Connect(second.LocalEndPoint!);
            second.Connect(first.LocalEndPoint!);
            first.Send([1]);
            int got = second.Receive(new byte[4]);
            second.Send([1, 2]);
            return $"{got} {first.Receive(new byte[4])} {first.Connected}";
        })),
        ("udp connected hears its peer alone", () => Sync(() =>
        {
            using Socket first = Pair.BoundUdp();
            using Socket second = Pair.BoundUdp();
            using Socket third = Pair.BoundUdp();
            second.Connect(first.LocalEndPoint!);
            third.SendTo(new byte[7], second.LocalEndPoint!);
            first.SendTo(new byte[3], second.LocalEndPoint!);
            return second.Receive(new byte[9]);
        })),
        ("udp send without a peer", () => Sync(() =>
        {
            using Socket socket = Pair.Udp();
            return socket.Send([1]);
        })),
        ("udp an unbound socket gets a port by sending", () => Sync(() =>
        {
            using Socket first = Pair.Udp();
            using Socket second = Pair.BoundUdp();
            first.SendTo([1], second.LocalEndPoint!);
            return $"{((IPEndPoint)first.LocalEndPoint!).Address} {Pair.PortOf(first) != 0} {second.Receive(new byte[3])}";
        })),
        ("udp connect picks the own address", () => Sync(() =>
        {
            using Socket first = Pair.Udp();
            using Socket second = Pair.BoundUdp();
            first.Connect(second.LocalEndPoint!);
            return ((IPEndPoint)first.LocalEndPoint!).Address;
        })),
        ("udp bind to a taken port", () => Sync(() =>
        {
            using Socket first = Pair.BoundUdp();
            using Socket second = Pair.Udp();
            second.Bind(first.LocalEndPoint!);
            return "bound";
        })),
        ("udp bind to a shared port", () => Sync(() =>
        {
            using Socket first = Pair.Udp();
            using Socket second = Pair.Udp();
            first.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            second.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            first.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            second.Bind(first.LocalEndPoint!);
            return "bound";
        })),
        ("udp a broadcast without the option", () => Sync(() =>
        {
            using Socket socket = Pair.Udp();
            return socket.SendTo([1], new IPEndPoint(IPAddress.Broadcast, 9));
        })),
        ("udp larger than any datagram", () => Two((first, second) => first.SendTo(new byte[65_508], second.LocalEndPoint!))),
        ("udp 1400 octets", () => Two((first, second) =>
        {
            byte[] sent = Pair.Pattern(1400);
            byte[] got = new byte[1500];
            first.SendTo(sent, second.LocalEndPoint!);
            int count = second.Receive(got);
            return $"{count} {got.AsSpan(0, count).SequenceEqual(sent)}";
        })),
        ("udp 8000 octets", () => Two((first, second) =>
        {
            first.SendTo(new byte[8000], second.LocalEndPoint!);
            return second.Receive(new byte[9000]);
        })),
        ("udp a list of buffers is one datagram", () => Two((first, second) =>
        {
            first.Connect(second.LocalEndPoint!);
            int sent = first.Send([new ArraySegment<byte>(new byte[3]), new ArraySegment<byte>(new byte[4])]);
            return $"{sent} {second.Receive(new byte[9])}";
        })),
        ("udp packet information", () => Two((first, second) =>
        {
            second.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.PacketInformation, true);
            first.SendTo([1, 2], second.LocalEndPoint!);
            SocketFlags flags = SocketFlags.None;
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            int count = second.ReceiveMessageFrom(new byte[9], ref flags, ref from, out IPPacketInformation information);
            return $"{count} {flags} {information.Address} {information.Interface}";
        })),
        ("udp asynchronous", async () =>
        {
            using Socket first = Pair.BoundUdp();
            using Socket second = Pair.BoundUdp();
            Task<SocketReceiveFromResult> receiving = second.ReceiveFromAsync(new byte[9], new IPEndPoint(IPAddress.Any, 0));
            await first.SendToAsync(new byte[5], second.LocalEndPoint!);
            SocketReceiveFromResult result = await receiving;
            return $"{result.ReceivedBytes} {result.RemoteEndPoint.Equals(first.LocalEndPoint)}";
        }),
        ("udp UdpClient", async () =>
        {
            using UdpClient first = new(new IPEndPoint(IPAddress.Loopback, 0));
            using UdpClient second = new(new IPEndPoint(IPAddress.Loopback, 0));
            await first.SendAsync(new byte[4], (IPEndPoint)second.Client.LocalEndPoint!);
            return $"{(await second.ReceiveAsync()).Buffer.Length}";
        }),
        ("udp dual mode", () => Sync(() =>
        {
            using Socket first = new(SocketType.Dgram, ProtocolType.Udp);
            using Socket second = Pair.BoundUdp();
            first.SendTo([1], second.LocalEndPoint!);
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            second.ReceiveFrom(new byte[2], ref from);
            second.SendTo([1, 2], from);
            EndPoint back = new IPEndPoint(IPAddress.IPv6Any, 0);
            int count = first.ReceiveFrom(new byte[3], ref back);
            return $"{count} {((IPEndPoint)back).Address}";
        })),
        ("udp receive times out", () => Sync(() =>
        {
            using Socket socket = Pair.BoundUdp();
            socket.ReceiveTimeout = 200;
            return socket.Receive(new byte[2]);
        })),
        ("udp non-blocking receive of nothing", () => Sync(() =>
        {
            using Socket socket = Pair.BoundUdp();
            socket.Blocking = false;
            return socket.Receive(new byte[2]);
        })),
        ("udp disposing wakes a blocked receive", async () =>
        {
            Socket socket = Pair.BoundUdp();
            Task<string> receiving = Task.Run(() => Answer(() => socket.Receive(new byte[4])));
            await Task.Delay(200);
            socket.Dispose();
            return await receiving;
        }),
        ("udp listen", () => Sync(() =>
        {
            using Socket socket = Pair.BoundUdp();
            socket.Listen();
            return "listening";
        })),
    ];

    private static Task<string> Two(Func<Socket, Socket, object?> action) => Sync(() =>
    {
        using Socket first = Pair.BoundUdp();
        using Socket second = Pair.BoundUdp();
        second.ReceiveTimeout = 5000;
        return action(first, second);
    });
}
