using System.Net;
using System.Net.Sockets;

namespace Troupe.Apps.SocketTest;

/// <summary>Two connected sockets on the loopback address.</summary>
internal sealed class Pair : IDisposable
{
    private Pair(Socket client, Socket server)
    {
        Client = client;
        Server = server;
    }

    public Socket Client { get; }

    public Socket Server { get; }

    public static Pair Connect(Action<Socket>? prepareListener = null)
    {
        using Socket listener = Listen(prepareListener);
        Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        return new(client, listener.Accept());
    }

    public static Socket Listen(Action<Socket>? prepare = null)
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        prepare?.Invoke(listener);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    public static Socket Tcp() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

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
