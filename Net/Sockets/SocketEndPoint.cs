// man 7 ip, man 7 ipv6: sockaddr_in and sockaddr_in6 as the class library's SocketAddress has them on Linux.
using System.Buffers.Binary;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Sockets;

/// <summary>
/// An address with a port. An IPv4 address is kept as ::ffff:a.b.c.d (RFC 4291 2.5.5.2), so that sockets of both families compare alike. Only sockets know
/// scopes (RFC 4007): beneath, own addresses tell links apart, and end points have none.
/// </summary>
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

    /// <summary>The stack's form of the address, which keeps those of IPv4 in the same way.</summary>
    public IpAddress Ip => IpAddress.From(new Ipv6Address((ulong)(Address >> 64), (ulong)Address));

    /// <summary>The address of IPv4; 0.0.0.0 if it is none.</summary>
    public Ipv4Address Ipv4 => IsIpv4 ? new((uint)Address) : default;

    /// <summary>Whether the address means something on a link only: fe80::/10, and groups of this link.</summary>
    public bool NeedsScope => !IsIpv4 && (Ip.IsLinkLocal || (Ip.IsMulticast && Ip.Ipv6.MulticastScope <= 2));

    /// <summary>The interface on which an address that needs a scope is; 0 for any other.</summary>
    public int Interface => NeedsScope ? (int)Scope : 0;

    /// <summary>The stack's form.</summary>
    public IpEndPoint ToIp() => new(Ip, Port);

    /// <summary>The end point on an interface, whose index a link-local address takes for its scope.</summary>
    public static SocketEndPoint From(IpEndPoint endPoint, int interfaceIndex) => From(endPoint.Address, endPoint.Port, interfaceIndex);

    public static SocketEndPoint From(IpAddress address, ushort port, int interfaceIndex) =>
        new(new UInt128(address.Ipv6.High, address.Ipv6.Low), port, address is { IsIpv4: false, IsLinkLocal: true } ? (uint)interfaceIndex : 0u);

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
