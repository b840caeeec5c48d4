using System.Net.Sockets;
using static Troupe.Apps.SocketTest.Conformance;

namespace Troupe.Apps.SocketTest;

/// <summary>Options: what they are at first, what they take, what they refuse.</summary>
internal static class OptionCases
{
    public static IEnumerable<(string, Func<Task<string>>)> All =>
    [
        Tcp("NoDelay", s => s.NoDelay, s => s.NoDelay = true, s => s.NoDelay),
        Tcp("KeepAlive", s => Get(s, SocketOptionName.KeepAlive), s => s.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true), s => Get(s, SocketOptionName.KeepAlive)),
        Tcp("TcpKeepAliveTime", s => GetTcp(s, SocketOptionName.TcpKeepAliveTime), s => s.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30), s => GetTcp(s, SocketOptionName.TcpKeepAliveTime)),
        Tcp("TcpKeepAliveInterval", s => GetTcp(s, SocketOptionName.TcpKeepAliveInterval), s => s.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5), s => GetTcp(s, SocketOptionName.TcpKeepAliveInterval)),
        Tcp("TcpKeepAliveRetryCount", s => GetTcp(s, SocketOptionName.TcpKeepAliveRetryCount), s => s.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 4), s => GetTcp(s, SocketOptionName.TcpKeepAliveRetryCount)),
        Tcp("TcpKeepAliveTime of 0", s => 0, s => s.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 0), s => 0),
        Tcp("TcpKeepAliveRetryCount of 200", s => 0, s => s.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 200), s => 0),
        Tcp("ReuseAddress", s => Get(s, SocketOptionName.ReuseAddress), s => s.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true), s => Get(s, SocketOptionName.ReuseAddress)),
        Tcp("ExclusiveAddressUse", s => s.ExclusiveAddressUse, s => s.ExclusiveAddressUse = false, s => s.ExclusiveAddressUse),
        Tcp("ReceiveBufferSize", s => s.ReceiveBufferSize > 0, s => s.ReceiveBufferSize = 50_000, s => s.ReceiveBufferSize),
        Tcp("SendBufferSize", s => s.SendBufferSize > 0, s => s.SendBufferSize = 50_000, s => s.SendBufferSize),
        Tcp("a ReceiveBufferSize of 1", s => 0, s => s.ReceiveBufferSize = 1, s => s.ReceiveBufferSize),
        Tcp("ReceiveTimeout", s => s.ReceiveTimeout, s => s.ReceiveTimeout = 1500, s => s.ReceiveTimeout),
        Tcp("SendTimeout", s => s.SendTimeout, s => s.SendTimeout = 1500, s => s.SendTimeout),
        Tcp("Ttl", s => s.Ttl, s => s.Ttl = 9, s => s.Ttl),
        Tcp("a Ttl of 0", s => 0, s => s.Ttl = 0, s => s.Ttl),
        Tcp("LingerState", s => $"{s.LingerState!.Enabled} {s.LingerState.LingerTime}", s => s.LingerState = new LingerOption(true, 7), s => $"{s.LingerState!.Enabled} {s.LingerState.LingerTime}"),
        Tcp("DontRoute", s => Get(s, SocketOptionName.DontRoute), s => s.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.DontRoute, true), s => Get(s, SocketOptionName.DontRoute)),
        Tcp("OutOfBandInline", s => Get(s, SocketOptionName.OutOfBandInline), s => s.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.OutOfBandInline, true), s => Get(s, SocketOptionName.OutOfBandInline)),
        Tcp("TypeOfService", s => s.GetSocketOption(SocketOptionLevel.IP, SocketOptionName.TypeOfService), s => s.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.TypeOfService, 0x10), s => s.GetSocketOption(SocketOptionLevel.IP, SocketOptionName.TypeOfService)),
        Tcp("DontFragment", s => s.DontFragment, s => s.DontFragment = true, s => s.DontFragment),
        Tcp("Type", s => Get(s, SocketOptionName.Type), s => { }, s => s.SocketType),
        Tcp("Error", s => Get(s, SocketOptionName.Error), s => { }, s => 0),
        Tcp("AcceptConnection", s => Get(s, SocketOptionName.AcceptConnection), s => { s.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0)); s.Listen(); }, s => Get(s, SocketOptionName.AcceptConnection)),
        Tcp("Blocking", s => s.Blocking, s => s.Blocking = false, s => s.Blocking),
        Tcp("ReceiveLowWater", s => Get(s, SocketOptionName.ReceiveLowWater), s => s.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReceiveLowWater, 1), s => Get(s, SocketOptionName.ReceiveLowWater)),
        Tcp("an IPv6 option of an IPv4 socket", s => 0, s => s.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.IPv6Only, true), s => 0),
        Tcp("MulticastTimeToLive of a stream", s => 0, s => s.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, 3), s => 0),
        Udp("EnableBroadcast", s => s.EnableBroadcast, s => s.EnableBroadcast = true, s => s.EnableBroadcast),
        Udp("MulticastTimeToLive", s => s.GetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive), s => s.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, 3), s => s.GetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive)),
        Udp("MulticastLoopback", s => s.MulticastLoopback, s => s.MulticastLoopback = false, s => s.MulticastLoopback),
        Udp("NoDelay of datagrams", s => 0, s => s.NoDelay = true, s => 0),
        Udp("PacketInformation", s => s.GetSocketOption(SocketOptionLevel.IP, SocketOptionName.PacketInformation), s => s.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.PacketInformation, true), s => s.GetSocketOption(SocketOptionLevel.IP, SocketOptionName.PacketInformation)),
        Udp("ReceiveBufferSize of datagrams", s => s.ReceiveBufferSize, s => s.ReceiveBufferSize = 10_000, s => s.ReceiveBufferSize),
        ("option DualMode", () => Task.FromResult(Answer(() =>
        {
            using Socket socket = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            bool before = socket.DualMode;
            socket.DualMode = true;
            return $"{before} {socket.DualMode}";
        }))),
        ("option an accepted socket's NoDelay", () => Task.FromResult(Answer(() =>
        {
            using Pair pair = Pair.Connect(listener => listener.NoDelay = true);
            return $"{pair.Server.NoDelay} {pair.Client.NoDelay}";
        }))),
        ("option a raw one", () => Task.FromResult(Answer(() =>
        {
            using Socket socket = Pair.Tcp();
            Span<byte> value = stackalloc byte[4];
            // SOL_SOCKET, SO_TYPE.
            int length = socket.GetRawSocketOption(1, 3, value);
            return $"{length} {value[0]}";
        }))),
    ];

    private static object Get(Socket socket, SocketOptionName name) => socket.GetSocketOption(SocketOptionLevel.Socket, name)!;

    private static object GetTcp(Socket socket, SocketOptionName name) => socket.GetSocketOption(SocketOptionLevel.Tcp, name)!;

    private static (string, Func<Task<string>>) Tcp(string name, Func<Socket, object?> before, Action<Socket> set, Func<Socket, object?> after) =>
        Case(name, Pair.Tcp, before, set, after);

    private static (string, Func<Task<string>>) Udp(string name, Func<Socket, object?> before, Action<Socket> set, Func<Socket, object?> after) =>
        Case(name, Pair.Udp, before, set, after);

    private static (string, Func<Task<string>>) Case(
        string name, Func<Socket> create, Func<Socket, object?> before, Action<Socket> set, Func<Socket, object?> after)
    {
        return ("option " + name, Run);

        Task<string> Run()
        {
            using Socket socket = create();
            return Task.FromResult($"{Answer(() => before(socket))} then {Answer(() => set(socket))} then {Answer(() => after(socket))}");
        }
    }
}
