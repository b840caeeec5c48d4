// man 7 unix: sockaddr_un: a path, an abstract name (its first octet is 0), or none.
using System.Buffers.Binary;
using System.Text;

namespace Troupe.Net.Sockets;

/// <summary>The name of a Unix domain socket, an octet a character. The empty one is no name.</summary>
internal readonly record struct UnixName(string Octets)
{
    private const ushort NativeUnix = 1;
    private const int PathOffset = 2;
    private const int LongestPath = 108;

    public static UnixName None => new("");

    public bool IsNone => string.IsNullOrEmpty(Octets);

    public bool IsAbstract => !IsNone && Octets[0] == '\0';

    public static SocketErrno TryRead(ReadOnlySpan<byte> bytes, out UnixName name)
    {
        name = None;
        if (bytes.Length is < PathOffset or > PathOffset + LongestPath || BinaryPrimitives.ReadUInt16LittleEndian(bytes) != NativeUnix)
            return SocketErrno.InvalidArgument;
        ReadOnlySpan<byte> path = bytes[PathOffset..];
        // A path ends at its first 0, if not before; all octets of an abstract name count.
        if (!path.IsEmpty && path[0] != 0 && path.IndexOf((byte)0) is var end and >= 0)
            path = path[..end];
        name = new(Encoding.Latin1.GetString(path));
        return SocketErrno.None;
    }

    /// <summary>Writes as much as there is room for, as getsockname does; answers with the whole length.</summary>
    public int Write(Span<byte> destination)
    {
        Span<byte> bytes = stackalloc byte[PathOffset + LongestPath + 1];
        bytes.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, NativeUnix);
        int length = PathOffset;
        if (!IsNone)
            length += Encoding.Latin1.GetBytes(Octets, bytes[PathOffset..]) + (IsAbstract ? 0 : 1);
        int written = Math.Min(length, destination.Length);
        bytes[..written].CopyTo(destination);
        return length;
    }
}
