// RFC 8200 3: the IPv6 header.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>The fixed header of a packet that was validated, read in place.</summary>
public readonly ref struct Ipv6View
{
    private readonly ReadOnlySpan<byte> _packet;

    private Ipv6View(ReadOnlySpan<byte> packet) => _packet = packet;

    /// <summary>Octets after the fixed header.</summary>
    public int PayloadLength => BinaryPrimitives.ReadUInt16BigEndian(_packet[4..]);

    /// <summary>Octets of header and payload.</summary>
    public int TotalLength => Ipv6Header.Length + PayloadLength;

    /// <summary>What follows the fixed header: an extension header or a transport.</summary>
    public byte NextHeader => _packet[6];

    /// <summary>Hops left.</summary>
    public byte HopLimit => _packet[7];

    /// <summary>The sender.</summary>
    public Ipv6Address Source => Ipv6Address.Read(_packet[8..]);

    /// <summary>The receiver.</summary>
    public Ipv6Address Destination => Ipv6Address.Read(_packet[24..]);

    /// <summary>The bytes after the fixed header, link padding excluded, as far as they are in the packet's first piece.</summary>
    public ReadOnlySpan<byte> Payload => _packet[Ipv6Header.Length..Math.Min(TotalLength, _packet.Length)];

    /// <summary>The fields of a packet that <see cref="TryParse(ReadOnlySpan{byte}, out Ipv6View)"/> accepted before.</summary>
    public static Ipv6View OfValidated(ReadOnlySpan<byte> packet) => new(packet);

    /// <summary>Validates a packet from a link. Jumbograms (RFC 2675) are not read.</summary>
    public static WireError TryParse(ReadOnlySpan<byte> packet, out Ipv6View view) => TryParse(packet, packet.Length, out view);

    /// <summary>Validates a packet of some length, of which the first piece is here.</summary>
    public static WireError TryParse(ReadOnlySpan<byte> packet, int length, out Ipv6View view)
    {
        view = default;
        if (packet.Length < Ipv6Header.Length)
            return WireError.Truncated;
        if (packet[0] >> 4 != 6)
            return WireError.BadVersion;
        if (Ipv6Header.Length + BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) > length)
            return WireError.Truncated;

        // RFC 4291 2.5.2, 2.5.3, 2.7 and RFC 4942 2.2: none of these may stand there on a link.
        Ipv6Address source = Ipv6Address.Read(packet[8..]);
        Ipv6Address destination = Ipv6Address.Read(packet[24..]);
        if (source.IsMulticast || source.IsLoopback || source.IsIpv4Mapped ||
            destination.IsAny || destination.IsLoopback || destination.IsIpv4Mapped)
            return WireError.BadAddress;

        view = new(packet);
        return WireError.None;
    }
}

/// <summary>A fixed IPv6 header to be written.</summary>
public readonly record struct Ipv6Header(
    Ipv6Address Source, Ipv6Address Destination, IpProtocol NextHeader, byte HopLimit = Ipv6Header.DefaultHopLimit, byte TrafficClass = 0)
{
    /// <summary>Octets on the wire.</summary>
    public const int Length = 40;

    /// <summary>RFC 1700's recommended initial hop limit.</summary>
    public const byte DefaultHopLimit = 64;

    /// <summary>RFC 8200 5: what every link takes.</summary>
    public const int MinimumLinkMtu = 1280;

    /// <summary>Writes the header for a payload of some length; the flow label is zero (RFC 6437 allows it).</summary>
    public void Write(Span<byte> packet, int payloadLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payloadLength, ushort.MaxValue);
        BinaryPrimitives.WriteUInt32BigEndian(packet, 0x6000_0000u | ((uint)TrafficClass << 20));
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)payloadLength);
        packet[6] = (byte)NextHeader;
        packet[7] = HopLimit;
        Source.Write(packet[8..]);
        Destination.Write(packet[24..]);
    }

    /// <summary>Sets what a header that was written says of its payload, in place.</summary>
    public static void SetPayload(Span<byte> packet, byte nextHeader, int payloadLength)
    {
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], checked((ushort)payloadLength));
        packet[6] = nextHeader;
    }
}
