using System.Net;
using System.Net.Sockets;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Net.Sockets;

namespace Troupe.Net.Tests.Sockets;

/// <summary>The socket calls of one stack, in the words of tests.</summary>
internal sealed class SocketHost
{
    public const int Again = 0x10006;
    public const int InProgress = 0x1001A;
    public const nint First = 0x4000_0000;
    private const int Peekflag = 2;

    public SocketHost(ActorSystem system, NetworkStack stack, int descriptors = 1000)
        : this(new SocketNetwork(
            stack.Tcp, stack.Udp, stack.Internet, new SeededRandomness(7), system.Time, static () => new MonitorParker())
        {
            Descriptors = descriptors,
            NameServers = stack.NameServers,
            Counters = () => stack.Counters,
        })
    {
    }

    public SocketHost(SocketNetwork network)
    {
        Network = network;
        Calls = new(network, First);
    }

    public SocketNetwork Network { get; }

    public SocketCalls Calls { get; }

    public nint Open(SocketType type = SocketType.Stream, AddressFamily family = AddressFamily.InterNetwork)
    {
        Ok(Calls.Open((int)family, (int)type, 0, out nint descriptor));
        // A test whose octets never come shall fail, not hang.
        Ok(Calls.SetReceiveTimeout(descriptor, 60_000));
        return descriptor;
    }

    public nint Listen(string address = "0.0.0.0", int port = 0)
    {
        nint listener = Open();
        Ok(Bind(listener, address, port));
        Ok(Calls.Listen(listener, 10));
        return listener;
    }

    public int Bind(nint socket, string address, int port) => Calls.Bind(socket, Address(address, port));

    public int Connect(nint socket, string address, int port) => Calls.Connect(socket, Address(address, port));

    public nint Accept(nint listener)
    {
        Ok(Calls.Accept(listener, new byte[128], out _, out nint accepted));
        return accepted;
    }

    public IPEndPoint LocalOf(nint socket) => Read((Span<byte> bytes, out int length) => Calls.GetLocalAddress(socket, bytes, out length));

    public int PortOf(nint socket) => LocalOf(socket).Port;

    public IPEndPoint RemoteOf(nint socket) => Read((Span<byte> bytes, out int length) => Calls.GetRemoteAddress(socket, bytes, out length));

    public int Send(nint socket, ReadOnlySpan<byte> data)
    {
        Ok(Calls.Send(socket, data, 0, out int sent));
        return sent;
    }

    public int SendTo(nint socket, byte[] data, string address, int port)
    {
        Ok(Calls.SendMessage(socket, [data], Address(address, port), 0, out long sent));
        return (int)sent;
    }

    public byte[] Receive(nint socket, int length = 100, bool peek = false)
    {
        byte[] buffer = new byte[length];
        Ok(Calls.Receive(socket, buffer, peek ? Peekflag : 0, out int received));
        return buffer[..received];
    }

    public byte[] ReceiveAll(nint socket)
    {
        using MemoryStream all = new();
        while (Receive(socket, 65_536) is { Length: > 0 } part)
            all.Write(part);
        return all.ToArray();
    }

    public int Poll(nint socket, int wanted, int milliseconds = 20_000)
    {
        (nint, int, int)[] entries = [(socket, wanted, 0)];
        Ok(Calls.Poll(entries, milliseconds, out _));
        return entries[0].Item3;
    }

    public static void Ok(int status) => Assert.True(status == 0, $"error {status:x}");

    public static byte[] Address(string address, int port)
    {
        byte[] bytes = new byte[28];
        SocketAddress serialized = new IPEndPoint(IPAddress.Parse(address), port).Serialize();
        serialized.Buffer.Span[..serialized.Size].CopyTo(bytes);
        return bytes[..serialized.Size];
    }

    private delegate int AddressCall(Span<byte> address, out int length);

    private static IPEndPoint Read(AddressCall call)
    {
        SocketAddress serialized = new(AddressFamily.InterNetworkV6, 28);
        Ok(call(serialized.Buffer.Span, out int length));
        serialized.Size = length;
        return (IPEndPoint)new IPEndPoint(length == 16 ? IPAddress.Any : IPAddress.IPv6Any, 0).Create(serialized);
    }
}
