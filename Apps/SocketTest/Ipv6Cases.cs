using System.Net;
using System.Net.Sockets;
using static Troupe.Apps.SocketTest.Conformance;
using static Troupe.Apps.SocketTest.TcpCases;

namespace Troupe.Apps.SocketTest;

/// <summary>IPv6: addresses, scopes, both versions through one socket, options.</summary>
internal static class Ipv6Cases
{
    // RFC 3849: an address that is nobody's.
    private static readonly IPAddress _nobody = IPAddress.Parse("2001:db8::1");

    public static IEnumerable<(string, Func<Task<string>>)> All =>
    [
        ("the loopback end points", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            return $"{AddressOf(pair.Client.LocalEndPoint)} {AddressOf(pair.Client.RemoteEndPoint)} {AddressOf(pair.Server.RemoteEndPoint)}";
        })),
        ("any is bound and listened on", () => Sync(() =>
        {
            using Socket listener = Listen(IPAddress.IPv6Any);
            return listener.LocalEndPoint is IPEndPoint { Port: > 0 } local ? local.Address : "no port";
        })),
        ("connect to any is connect to this host", () => Sync(() =>
        {
            using Socket listener = Listen(IPAddress.IPv6Any);
            using Socket client = V6();
            client.Connect(IPAddress.IPv6Any, Pair.PortOf(listener));
            return AddressOf(client.RemoteEndPoint);
        })),
        ("a dual listener takes both versions", () => Sync(() =>
        {
            using Socket listener = Listen(IPAddress.IPv6Any, dual: true);
            using Socket first = V4();
            first.Connect(IPAddress.Loopback, Pair.PortOf(listener));
            using Socket firstServer = listener.Accept();
            using Socket second = V6();
            second.Connect(IPAddress.IPv6Loopback, Pair.PortOf(listener));
            using Socket secondServer = listener.Accept();
            return $"{AddressOf(firstServer.RemoteEndPoint)} {AddressOf(firstServer.LocalEndPoint)} {AddressOf(secondServer.RemoteEndPoint)} {AddressOf(secondServer.LocalEndPoint)}";
        })),
        ("both versions echo through one dual listener", async () =>
        {
            using Socket listener = Listen(IPAddress.IPv6Any, dual: true);
            string[] answers = await Task.WhenAll(EchoAsync(V4(), IPAddress.Loopback), EchoAsync(V6(), IPAddress.IPv6Loopback));
            return string.Join(' ', answers);

            async Task<string> EchoAsync(Socket client, IPAddress address)
            {
                using (client)
                {
                    Task<Socket> accepting = listener.AcceptAsync();
                    await client.ConnectAsync(address, Pair.PortOf(listener));
                    await client.SendAsync(new byte[] { 1, 2, 3 });
                    client.Shutdown(SocketShutdown.Send);
                    using Socket server = await accepting;
                    byte[] buffer = new byte[10];
                    int count = await server.ReceiveAsync(buffer);
                    return $"{count}";
                }
            }
        }),
        ("a listener for IPv6 only refuses IPv4", () => Sync(() =>
        {
            using Socket listener = Listen(IPAddress.IPv6Any);
            using Socket client = V4();
            return Answer(() => client.Connect(IPAddress.Loopback, Pair.PortOf(listener)));
        })),
        ("a listener on IPv4 refuses IPv6", () => Sync(() =>
        {
            using Socket listener = V4();
            listener.Bind(new IPEndPoint(IPAddress.Any, 0));
            listener.Listen();
            using Socket client = V6();
            return Answer(() => client.Connect(IPAddress.IPv6Loopback, Pair.PortOf(listener)));
        })),
        ("a listener on the loopback alone", () => Sync(() =>
        {
            using Socket listener = Listen(IPAddress.IPv6Loopback);
            using Socket client = Dual();
            return Answer(() => client.Connect(IPAddress.Loopback, Pair.PortOf(listener)));
        })),
        ("one port listened on by each version", () => Sync(() =>
        {
            using Socket six = Listen(IPAddress.IPv6Any);
            using Socket four = V4();
            four.Bind(new IPEndPoint(IPAddress.Any, Pair.PortOf(six)));
            four.Listen();
            using Socket client = V4();
            client.Connect(IPAddress.Loopback, Pair.PortOf(six));
            return $"{four.Poll(5_000_000, SelectMode.SelectRead)} {six.Poll(0, SelectMode.SelectRead)}";
        })),
        ("one port listened on by two addresses", () => Sync(() =>
        {
            using Socket six = Listen(IPAddress.IPv6Loopback);
            using Socket four = V4();
            four.Bind(new IPEndPoint(IPAddress.Loopback, Pair.PortOf(six)));
            four.Listen();
            using Socket client = V6();
            client.Connect(IPAddress.IPv6Loopback, Pair.PortOf(six));
            return $"{six.Poll(5_000_000, SelectMode.SelectRead)} {four.Poll(0, SelectMode.SelectRead)}";
        })),
        ("a dual listener and one of IPv4 exclude each other", () => Sync(() =>
        {
            using Socket six = Listen(IPAddress.IPv6Any, dual: true);
            using Socket four = V4();
            return Answer(() => four.Bind(new IPEndPoint(IPAddress.Any, Pair.PortOf(six))));
        })),
        ("a dual listener and the loopback of IPv4 exclude each other", () => Sync(() =>
        {
            using Socket six = Listen(IPAddress.IPv6Any, dual: true);
            using Socket four = V4();
            return Answer(() => four.Bind(new IPEndPoint(IPAddress.Loopback, Pair.PortOf(six))));
        })),
        ("bind twice to one port", () => Sync(() =>
        {
            using Socket first = Listen(IPAddress.IPv6Loopback);
            using Socket second = V6();
            return Answer(() => second.Bind(first.LocalEndPoint!));
        })),
        ("bind to an address of somebody else", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.Bind(new IPEndPoint(_nobody, 0)));
        })),
        ("bind to a link-local address without a link", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.Bind(new IPEndPoint(IPAddress.Parse("fe80::1234"), 0)));
        })),
        ("bind to a link-local address of a link that there is not", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.Bind(new IPEndPoint(IPAddress.Parse("fe80::1234%7777"), 0)));
        })),
        ("bind to a group", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.Bind(new IPEndPoint(IPAddress.Parse("ff0e::1234"), 0)));
        })),
        ("bind to an IPv4 address for IPv6 only", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.Bind(new IPEndPoint(IPAddress.Loopback.MapToIPv6(), 0)));
        })),
        ("bind to a mapped address", () => Sync(() =>
        {
            using Socket socket = Dual();
            socket.Bind(new IPEndPoint(IPAddress.Loopback.MapToIPv6(), 0));
            return AddressOf(socket.LocalEndPoint);
        })),
        ("connect to nobody's port", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.Connect(IPAddress.IPv6Loopback, ErrorCases.ClosedPort()));
        })),
        ("asynchronous connect to nobody's port", () => AnswerAsync(async () =>
        {
            using Socket socket = V6();
            await socket.ConnectAsync(IPAddress.IPv6Loopback, ErrorCases.ClosedPort());
            return "connected";
        })),
        ("connect to a link-local address without a link", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.Connect(IPAddress.Parse("fe80::1234"), 9));
        })),
        ("connect to a group", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.Connect(IPAddress.Parse("ff0e::1234"), 9));
        })),
        ("connect to IPv4 for IPv6 only", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.Connect(new IPEndPoint(IPAddress.Loopback.MapToIPv6(), ErrorCases.ClosedPort())));
        })),
        ("a bound client keeps its port", () => Sync(() =>
        {
            using Socket listener = Pair.Listen();
            using Socket client = V6();
            client.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            int port = Pair.PortOf(client);
            client.Connect(listener.LocalEndPoint!);
            return port != 0 && port == Pair.PortOf(client);
        })),
        ("an IPv4 address for an IPv6 socket", () => Sync(() =>
        {
            using Socket socket = V6();
            return Answer(() => socket.Connect(IPAddress.Loopback, 9));
        })),
        ("TcpListener.Create takes both", async () =>
        {
            using TcpListener listener = TcpListener.Create(0);
            listener.Start();
            using TcpClient client = new(AddressFamily.InterNetwork);
            await client.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)listener.LocalEndpoint).Port);
            using TcpClient server = await listener.AcceptTcpClientAsync();
            return $"{((IPEndPoint)listener.LocalEndpoint).Address} {AddressOf(server.Client.RemoteEndPoint)}";
        }),
        ("localhost finds a listener of IPv4 only", async () =>
        {
            using Socket listener = V4();
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen();
            using TcpClient client = new();
            await client.ConnectAsync("localhost", Pair.PortOf(listener));
            return $"{client.Connected} {AddressOf(client.Client.RemoteEndPoint)}";
        }),
        ("a listener's port can be bound again at once", () => Sync(() =>
        {
            Socket first = Listen(IPAddress.IPv6Loopback);
            int port = Pair.PortOf(first);
            using (Socket client = V6())
            {
                client.Connect(first.LocalEndPoint!);
                using Socket server = first.Accept();
                server.Close();
            }

            first.Close();
            using Socket second = V6();
            second.Bind(new IPEndPoint(IPAddress.IPv6Loopback, port));
            second.Listen();
            return "done";
        })),
        Option("Ttl", V6, s => s.Ttl, s => s.Ttl = 9),
        Option("a Ttl of 0", V6, s => s.Ttl, s => s.Ttl = 0),
        Option("a Ttl of 256", V6, s => Get(s, SocketOptionName.IpTimeToLive), s => Set(s, SocketOptionName.IpTimeToLive, 256)),
        Option("a Ttl of -1", V6, s => Get(s, SocketOptionName.IpTimeToLive), s => Set(s, SocketOptionName.IpTimeToLive, -1)),
        Option("the IPv4 Ttl of a dual socket", Dual, s => s.GetSocketOption(SocketOptionLevel.IP, SocketOptionName.IpTimeToLive), s => s.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.IpTimeToLive, 7)),
        Option("IPv6Only", Raw, s => Get(s, SocketOptionName.IPv6Only), s => Set(s, SocketOptionName.IPv6Only, 0)),
        Option("IPv6Only of a bound socket", Raw, s => Get(s, SocketOptionName.IPv6Only), s =>
        {
            s.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            Set(s, SocketOptionName.IPv6Only, 0);
        }),
        Option("DualMode", Raw, s => s.DualMode, s => s.DualMode = true),
        Option("DualMode of IPv4", V4, s => s.DualMode, s => s.DualMode = true),
        Option("NoDelay", V6, s => s.NoDelay, s => s.NoDelay = true),
        Option("PacketInformation of a stream", V6, s => Get(s, SocketOptionName.PacketInformation), s => Set(s, SocketOptionName.PacketInformation, 1)),
        Option("DontFragment", V6, s => s.DontFragment, s => s.DontFragment = true),
        Option("MulticastLoopback of a stream", V6, s => s.MulticastLoopback, s => s.MulticastLoopback = false),
        Option("MulticastTimeToLive of a stream", V6, s => Get(s, SocketOptionName.MulticastTimeToLive), s => Set(s, SocketOptionName.MulticastTimeToLive, 3)),
        Option("HopLimit", V6, s => Get(s, SocketOptionName.HopLimit), s => Set(s, SocketOptionName.HopLimit, 1)),
    ];

    public static object? Get(Socket socket, SocketOptionName name) => socket.GetSocketOption(SocketOptionLevel.IPv6, name);

    public static void Set(Socket socket, SocketOptionName name, int value) => socket.SetSocketOption(SocketOptionLevel.IPv6, name, value);

    public static (string, Func<Task<string>>) Option(string name, Func<Socket> create, Func<Socket, object?> read, Action<Socket> set) =>
        ("option " + name, () => Sync(() =>
        {
            using Socket socket = create();
            return $"{Answer(() => read(socket))} then {Answer(() => set(socket))} then {Answer(() => read(socket))}";
        }));

    public static object? AddressOf(EndPoint? endPoint) => ((IPEndPoint?)endPoint)?.Address;

    private static Socket V4() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private static Socket V6()
    {
        Socket socket = Raw();
        socket.DualMode = false;
        return socket;
    }

    private static Socket Dual() => new(SocketType.Stream, ProtocolType.Tcp);

    private static Socket Raw() => new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);

    private static Socket Listen(IPAddress address, bool dual = false)
    {
        Socket listener = dual ? Dual() : V6();
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen();
        return listener;
    }
}
