// RFC 791 3.1 and RFC 8200 3: what a transport reads of the header beneath it, of either version.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>
/// The fields of a packet that an internet layer validated. An IPv6 packet has no extension headers here: its layer took them out.
/// </summary>
public readonly ref struct IpView
{
    private const int Ipv6HeaderLength = 40;

    private readonly ReadOnlySpan<byte> _packet;

    private IpView(ReadOnlySpan<byte> packet) => _packet = packet;

    /// <summary>Whether this is IPv4 and not IPv6.</summary>
    public bool IsIpv4 => _packet[0] >> 4 == 4;

    /// <summary>Octets of the header, options included.</summary>
    public int HeaderLength => IsIpv4 ? (_packet[0] & 0x0F) * 4 : Ipv6HeaderLength;

    /// <summary>Octets of header and payload.</summary>
    public int TotalLength => IsIpv4
        ? BinaryPrimitives.ReadUInt16BigEndian(_packet[2..])
        : Ipv6HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(_packet[4..]);

    /// <summary>What the payload is.</summary>
    public IpProtocol Protocol => (IpProtocol)_packet[IsIpv4 ? 9 : 6];

    /// <summary>Hops left.</summary>
    public byte HopLimit => _packet[IsIpv4 ? 8 : 7];

    /// <summary>Differentiated services and, in the low two bits, explicit congestion notification (RFC 2474, RFC 3168).</summary>
    public byte TrafficClass => IsIpv4 ? _packet[1] : (byte)(BinaryPrimitives.ReadUInt16BigEndian(_packet) >> 4);

    /// <summary>The sender.</summary>
    public IpAddress Source => IsIpv4 ? Ipv4Address.Read(_packet[12..]) : Ipv6Address.Read(_packet[8..]);

    /// <summary>The receiver.</summary>
    public IpAddress Destination => IsIpv4 ? Ipv4Address.Read(_packet[16..]) : Ipv6Address.Read(_packet[24..]);

    /// <summary>The bytes after the header, link padding excluded, as far as they are in the packet's first piece.</summary>
    public ReadOnlySpan<byte> Payload => _packet[HeaderLength..Math.Min(TotalLength, _packet.Length)];

    /// <summary>The fields of a validated packet: no second validation, but slicing still bounds every access.</summary>
    public static IpView OfValidated(ReadOnlySpan<byte> packet) => new(packet);
}
