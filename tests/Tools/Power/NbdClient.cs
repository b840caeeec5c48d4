using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Troupe.Tools.Tests.Power;

/// <summary>The client's side of NBD (NetworkBlockDevice, doc/proto.md), as much of it as the tests of the server want; written from the protocol, not from the server.</summary>
internal sealed class NbdClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private ulong _cookie = 0x1122334455667788;

    public NbdClient(string path, uint flags = 3)
    {
        _socket.ReceiveTimeout = 30_000;
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        Greeting = Receive(18);
        Send(Big(flags));
    }

    public byte[] Greeting { get; }

    /// <summary>An option, and what came of it: the type of each reply and its data, up to the one that ends it.</summary>
    public List<(uint Type, byte[] Data)> Option(uint option, params byte[] data)
    {
        SendOption(option, data);
        var replies = new List<(uint Type, byte[] Data)>();
        do
        {
            var header = Receive(20);
            Assert.Equal(0x0003E889045565A9UL, BinaryPrimitives.ReadUInt64BigEndian(header));
            Assert.Equal(option, BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(8)));
            replies.Add((BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12)), Receive(BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(16)))));
        }
        while (replies[^1].Type is not 1 and < 0x80000000);
        return replies;
    }

    /// <summary>NBD_OPT_EXPORT_NAME, which has no reply but the export's size and flags.</summary>
    public byte[] ExportName(string name, int length)
    {
        SendOption(1, Encoding.UTF8.GetBytes(name));
        return Receive(length);
    }

    /// <summary>NBD_OPT_GO for the default export.</summary>
    public NbdClient Go()
    {
        Assert.Equal(1U, Option(7, new byte[6])[^1].Type);
        return this;
    }

    public byte[] Read(ulong offset, uint length)
    {
        Ask(0, 0, offset, length);
        Assert.Equal(0U, Answer());
        return Receive((int)length);
    }

    public uint Write(ulong offset, byte[] bytes, bool forceUnitAccess = false)
    {
        Ask(1, (ushort)(forceUnitAccess ? 1 : 0), offset, (uint)bytes.Length, bytes);
        return Answer();
    }

    public uint Command(ushort command, ulong offset = 0, uint length = 0)
    {
        Ask(command, 0, offset, length);
        return Answer();
    }

    public void Ask(ushort command, ushort flags, ulong offset, uint length, byte[]? data = null) =>
        Send([.. Big(0x25609513), .. Big(flags), .. Big(command), .. Big(++_cookie), .. Big(offset), .. Big(length), .. data ?? []]);

    /// <summary>Whether the server closes the connection and says nothing more.</summary>
    public bool IsClosed() => _socket.Receive(new byte[1]) == 0;

    /// <summary>Whether there is nothing to read for a while: of a server without power one can see no more.</summary>
    public bool IsSilent() => !_socket.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectRead);

    public void Dispose() => _socket.Dispose();

    private uint Answer()
    {
        var header = Receive(16);
        Assert.Equal(0x67446698U, BinaryPrimitives.ReadUInt32BigEndian(header));
        Assert.Equal(_cookie, BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(8)));
        return BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4));
    }

    private void SendOption(uint option, byte[] data) => Send([.. "IHAVEOPT"u8, .. Big(option), .. Big((uint)data.Length), .. data]);

    private void Send(byte[] bytes) => _socket.Send(bytes);

    private byte[] Receive(int count)
    {
        var bytes = new byte[count];
        for (var length = 0; length < count;)
        {
            var received = _socket.Receive(bytes.AsSpan(length));
            Assert.True(received > 0, "the server closed the connection");
            length += received;
        }

        return bytes;
    }

    private static byte[] Big(ushort value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Big(uint value) => [.. Big((ushort)(value >> 16)), .. Big((ushort)value)];

    private static byte[] Big(ulong value) => [.. Big((uint)(value >> 32)), .. Big((uint)value)];
}
