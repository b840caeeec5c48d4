using System.Net;
using System.Net.Sockets;
using static Troupe.Apps.SocketTest.Conformance;
using static Troupe.Apps.SocketTest.TcpCases;

namespace Troupe.Apps.SocketTest;

/// <summary>What is refused, and how.</summary>
internal static class ErrorCases
{
    public static IEnumerable<(string, Func<Task<string>>)> All =>
    [
        ("error connect to a port nobody listens on", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            socket.Connect(IPAddress.Loopback, ClosedPort());
            return "connected";
        })),
        ("error asynchronous connect to a port nobody listens on", () => AnswerAsync(async () =>
        {
            using Socket socket = Pair.Tcp();
            await socket.ConnectAsync(IPAddress.Loopback, ClosedPort());
            return "connected";
        })),
        ("error non-blocking connect to a port nobody listens on", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            socket.Blocking = false;
            int port = ClosedPort();
            string first = Answer(() => socket.Connect(IPAddress.Loopback, port));
            bool failed = socket.Poll(5_000_000, SelectMode.SelectError) || socket.Poll(0, SelectMode.SelectWrite);
            return $"{first} {failed} {(SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!}";
        })),
        ("error connect to IPv6 any through an IPv4 socket", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            socket.Connect(IPAddress.IPv6Loopback, 1);
            return "connected";
        })),
        ("error connect twice", () => Sync(() =>
        {
            using Socket listener = Pair.Listen();
            using Socket socket = Pair.Tcp();
            socket.Connect(listener.LocalEndPoint!);
            socket.Connect(listener.LocalEndPoint!);
            return "connected";
        })),
        ("error connect of a listener", () => Sync(() =>
        {
            using Socket listener = Pair.Listen();
            listener.Connect(IPAddress.Loopback, 1);
            return "connected";
        })),
        ("error bind to a port that is listened on", () => Sync(() =>
        {
            using Socket listener = Pair.Listen();
            using Socket socket = Pair.Tcp();
            socket.Bind(listener.LocalEndPoint!);
            return "bound";
        })),
        ("error bind to any where a listener is on one address", () => Sync(() =>
        {
            using Socket listener = Pair.Listen();
            using Socket socket = Pair.Tcp();
            socket.Bind(new IPEndPoint(IPAddress.Any, Pair.PortOf(listener)));
            return "bound";
        })),
        ("error bind twice", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return "bound";
        })),
        ("error bind to an address of somebody else", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            socket.Bind(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 0));
            return "bound";
        })),
        ("error two listeners that share a port", () => Sync(() =>
        {
            using Socket first = Pair.Tcp();
            first.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            using Socket second = Pair.Tcp();
            second.Bind(first.LocalEndPoint!);
            first.Listen();
            return Answer(() => second.Listen());
        })),
        ("error listen without bind", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            socket.Listen();
            return "listening";
        })),
        ("error accept without listen", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return socket.Accept();
        })),
        ("error non-blocking accept of nothing", () => Sync(() =>
        {
            using Socket listener = Pair.Listen();
            listener.Blocking = false;
            return listener.Accept();
        })),
        ("error non-blocking receive of nothing", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Blocking = false;
            return pair.Client.Receive(new byte[4]);
        })),
        ("error non-blocking send into a full buffer", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Blocking = false;
            byte[] block = new byte[100_000];
            for (int round = 0; round < 1000; round++)
                pair.Client.Send(block);
            return "never full";
        })),
        ("error send unconnected", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            return socket.Send([1]);
        })),
        ("error receive unconnected", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            return socket.Receive(new byte[1]);
        })),
        ("error shutdown unconnected", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            socket.Shutdown(SocketShutdown.Both);
            return "done";
        })),
        ("error remote end point unconnected", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            return socket.RemoteEndPoint;
        })),
        ("error local end point unbound", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            return socket.LocalEndPoint;
        })),
        ("error receive after dispose", () => Sync(() =>
        {
            Socket socket = Pair.Tcp();
            socket.Dispose();
            return socket.Receive(new byte[1]);
        })),
        ("error urgent data without any", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            return pair.Client.Receive(new byte[1], SocketFlags.OutOfBand);
        })),
        ("error an unknown flag", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            return pair.Client.Send([1], (SocketFlags)0x8000);
        })),
        ("error a raw socket of no family", () => Sync(() =>
        {
            using Socket socket = new(AddressFamily.AppleTalk, SocketType.Stream, ProtocolType.Tcp);
            return "made";
        })),
        ("error a stream of UDP", () => Sync(() =>
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Udp);
            return "made";
        })),
        ("error datagrams of TCP", () => Sync(() =>
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Tcp);
            return "made";
        })),
        ("error receive times out", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.ReceiveTimeout = 200;
            return pair.Client.Receive(new byte[1]);
        })),
        ("error send times out", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.SendTimeout = 300;
            pair.Client.Send(new byte[60_000_000]);
            return "all sent";
        })),
    ];

    public static int ClosedPort()
    {
        using Socket listener = Pair.Listen();
        return Pair.PortOf(listener);
    }
}
