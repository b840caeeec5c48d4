// RFC 792 and RFC 4443 3: what an error quotes of a packet: its addresses, and at least eight octets of its transport's header.
using System.Buffers.Binary;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>Makes errors for transports out of the first octets of their segments.</summary>
internal static class TransportErrors
{
    /// <summary>Null for a protocol without ports.</summary>
    public static TransportError? TryRead(
        TransportErrorKind kind, IpProtocol protocol, IpAddress source, IpAddress destination, ReadOnlySpan<byte> segment, int mtu)
    {
        if (protocol is not (IpProtocol.Tcp or IpProtocol.Udp) || segment.Length < 8)
            return null;
        return new(
            kind, protocol, new(source, BinaryPrimitives.ReadUInt16BigEndian(segment)), new(destination, BinaryPrimitives.ReadUInt16BigEndian(segment[2..])),
            BinaryPrimitives.ReadUInt32BigEndian(segment[4..]), mtu);
    }
}
