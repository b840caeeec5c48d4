// man 7 ip, man 7 ipv6: sockaddr_in and sockaddr_in6 as the class library's SocketAddress has them on Linux.
using System.Buffers.Binary;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Sockets;

/// <summary>An address with a port. An IPv4 address is kept as ::ffff:a.b.c.d (RFC 4291 2.5.5.2), so that sockets of both families compare alike.</summary>
internal readonly record struct SocketEndPoint(UInt128 Address, ushort Port, uint Scope = 0)
{
    private const int Ipv4Size = 16;
    private const int Ipv6Size = 28;
    private const ushort NativeUnspecified = 0;
    private const ushort NativeInternet = 2;
    private const ushort NativeInternetV6 = 10;

    private static readonly UInt128 _mapped = (UInt128)0xFFFF << 32;

    /// <summary>Any address of IPv4, and a port the system picks.</summary>
    public static SocketEndPoint AnyIpv4 => new(_mapped, 0);

    public bool IsIpv4 => Address >> 32 == 0xFFFF;

    public bool IsAny => Address == 0 || Address == _mapped;

    /// <summary>::1.</summary>
    public bool IsLoopbackV6 => Address == 1;

    /// <summary>The address for the stack; of IPv6 there is "any" alone, which dual-mode sockets share with IPv4.</summary>
    public Ipv4Address Ipv4 => IsIpv4 ? new((uint)Address) : default;

    /// <summary>The stack's form, which keeps IPv4 addresses in the same way.</summary>
    public IpEndPoint ToIp() => new(IpAddress.From(new Ipv6Address((ulong)(Address >> 64), (ulong)Address)), Port, Scope);

    public static SocketEndPoint From(IpEndPoint endPoint) =>
        new(new UInt128(endPoint.Address.Ipv6.High, endPoint.Address.Ipv6.Low), endPoint.Port, endPoint.Scope);

    public static SocketEndPoint From(Ipv4Address address, ushort port) => new(_mapped | address.Value, port);

    /// <summary>Whether the bytes are AF_UNSPEC, with which a connect dissolves a datagram socket's association.</summary>
    public static bool IsUnspecified(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 2 && BinaryPrimitives.ReadUInt16LittleEndian(bytes) == NativeUnspecified;

    /// <summary>Reads an address for a socket of a family, which takes addresses of that family alone.</summary>
    public static SocketErrno TryRead(ReadOnlySpan<byte> bytes, SocketFamily family, out SocketEndPoint endPoint)
    {
        endPoint = default;
        if (bytes.Length < 2)
            return SocketErrno.InvalidArgument;
        ushort native = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        if (native != (family == SocketFamily.Internet ? NativeInternet : NativeInternetV6))
            return SocketErrno.AddressFamilyNotSupported;
        if (bytes.Length < (family == SocketFamily.Internet ? Ipv4Size : Ipv6Size))
            return SocketErrno.InvalidArgument;
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        endPoint = family == SocketFamily.Internet
            ? From(Ipv4Address.Read(bytes[4..]), port)
            : new(BinaryPrimitives.ReadUInt128BigEndian(bytes[8..]), port, BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]));
        return SocketErrno.None;
    }

    /// <summary>Writes as much as there is room for, as getsockname does; answers with the whole length.</summary>
    public int Write(Span<byte> destination, SocketFamily family)
    {
        Span<byte> bytes = stackalloc byte[Ipv6Size];
        bytes.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], Port);
        int length;
        if (family == SocketFamily.Internet)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, NativeInternet);
            Ipv4.Write(bytes[4..]);
            length = Ipv4Size;
        }
        else
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, NativeInternetV6);
            BinaryPrimitives.WriteUInt128BigEndian(bytes[8..], Address);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[24..], Scope);
            length = Ipv6Size;
        }

        bytes[..Math.Min(length, destination.Length)].CopyTo(destination);
        return length;
    }
}
