using System.Net;
using System.Net.Sockets;

namespace Troupe.Apps.SocketTest;

/// <summary>What the two ends of a <see cref="Pair"/> talk over.</summary>
internal enum Transport
{
    Ipv4,
    Ipv6,

    /// <summary>Sockets of IPv6 that talk IPv4.</summary>
    Mapped,

    /// <summary>Unix domain sockets.</summary>
    Unix,
}

/// <summary>Two connected sockets within this host. Cases run one after another, so what they talk over is said for all.</summary>
internal sealed class Pair : IDisposable
{
    private Pair(Socket client, Socket server)
    {
        Client = client;
        Server = server;
    }

    public Socket Client { get; }

    public Socket Server { get; }

    public static Transport Over { get; set; }

    private static int s_name;

    public static Pair Connect(Action<Socket>? prepareListener = null)
    {
        using Socket listener = Listen(prepareListener);
        Socket client = Tcp();
        client.Connect(listener.LocalEndPoint!);
        return new(client, listener.Accept());
    }

    public static Socket Listen(Action<Socket>? prepare = null)
    {
        Socket listener = Tcp();
        prepare?.Invoke(listener);
        listener.Bind(Own());
        listener.Listen();
        return listener;
    }

    /// <summary>A stream socket, whatever beneath.</summary>
    public static Socket Tcp() => Over switch
    {
        Transport.Ipv6 => new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp),
        Transport.Mapped => new(SocketType.Stream, ProtocolType.Tcp),
        Transport.Unix => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
        _ => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp),
    };

    /// <summary>An address of this host to listen on.</summary>
    public static EndPoint Own() => Over switch
    {
        Transport.Ipv6 => new IPEndPoint(IPAddress.IPv6Loopback, 0),
        Transport.Mapped => new IPEndPoint(IPAddress.Loopback.MapToIPv6(), 0),
        // An abstract name, of this process alone.
        Transport.Unix => new UnixDomainSocketEndPoint($"\0troupe-{Environment.ProcessId}-{++s_name}"),
        _ => new IPEndPoint(IPAddress.Loopback, 0),
    };

    public static Socket Udp() => new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    public static Socket BoundUdp()
    {
        Socket socket = Udp();
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    public static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    public static byte[] Pattern(int length)
    {
        byte[] bytes = new byte[length];
        for (int index = 0; index < length; index++)
            bytes[index] = (byte)(index * 7 + (index >> 8));
        return bytes;
    }

    public static int ReceiveAll(Socket socket, byte[] buffer)
    {
        int total = 0;
        while (total < buffer.Length && socket.Receive(buffer.AsSpan(total)) is var count and > 0)
            total += count;
        return total;
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }
}
