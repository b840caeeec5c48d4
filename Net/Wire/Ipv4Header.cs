// RFC 791 3.1: the IPv4 header; RFC 1122 3.2.1: what a host must check; RFC 6864: the identification field.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>What an IPv4 datagram carries (IANA protocol numbers).</summary>
public enum IpProtocol : byte
{
    /// <summary>RFC 792.</summary>
    Icmp = 1,

    /// <summary>RFC 3376.</summary>
    Igmp = 2,

    /// <summary>RFC 9293.</summary>
    Tcp = 6,

    /// <summary>RFC 768.</summary>
    Udp = 17,

    /// <summary>RFC 4443.</summary>
    Icmpv6 = 58,
}

/// <summary>The fields of a packet whose header was validated, read in place.</summary>
public readonly ref struct Ipv4View
{
    private readonly ReadOnlySpan<byte> _packet;

    internal Ipv4View(ReadOnlySpan<byte> packet) => _packet = packet;

    /// <summary>Octets of the header, options included.</summary>
    public int HeaderLength => (_packet[0] & 0x0F) * 4;

    /// <summary>Octets of header and payload.</summary>
    public int TotalLength => BinaryPrimitives.ReadUInt16BigEndian(_packet[2..]);

    /// <summary>Hops left.</summary>
    public byte TimeToLive => _packet[8];

    /// <summary>What the payload is.</summary>
    public IpProtocol Protocol => (IpProtocol)_packet[9];

    /// <summary>The sender.</summary>
    public Ipv4Address Source => Ipv4Address.Read(_packet[12..]);

    /// <summary>The receiver.</summary>
    public Ipv4Address Destination => Ipv4Address.Read(_packet[16..]);

    /// <summary>The identification that a datagram's fragments share.</summary>
    public ushort Identification => BinaryPrimitives.ReadUInt16BigEndian(_packet[4..]);

    /// <summary>Octets of the datagram before this fragment.</summary>
    public int FragmentOffset => (BinaryPrimitives.ReadUInt16BigEndian(_packet[6..]) & 0x1FFF) * 8;

    /// <summary>Whether fragments follow this one.</summary>
    public bool MoreFragments => (BinaryPrimitives.ReadUInt16BigEndian(_packet[6..]) & 0x2000) != 0;

    /// <summary>Whether these are a datagram's bytes in part only: more follow, or some precede.</summary>
    public bool IsFragment => (BinaryPrimitives.ReadUInt16BigEndian(_packet[6..]) & 0x3FFF) != 0;

    /// <summary>The bytes after the header, link padding excluded, as far as they are in the packet's first piece.</summary>
    public ReadOnlySpan<byte> Payload => _packet[HeaderLength..Math.Min(TotalLength, _packet.Length)];

    /// <summary>
    /// The fields of a packet that <see cref="TryParse(ReadOnlySpan{byte}, out Ipv4View)"/> accepted before, unchanged since: no second validation.
    /// Slicing still bounds every access.
    /// </summary>
    public static Ipv4View OfValidated(ReadOnlySpan<byte> packet) => new(packet);

    /// <summary>Validates a received packet; options are stepped over (RFC 1122 3.2.1.8 lets a host ignore them).</summary>
    public static WireError TryParse(ReadOnlySpan<byte> packet, out Ipv4View view) => TryParse(packet, packet.Length, out view);

    /// <summary>Validates a received packet of some length, of which the first piece is here.</summary>
    public static WireError TryParse(ReadOnlySpan<byte> packet, int length, out Ipv4View view)
    {
        view = default;
        if (packet.Length < Ipv4Header.Length)
            return WireError.Truncated;
        if (packet[0] >> 4 != 4)
            return WireError.BadVersion;

        int headerLength = (packet[0] & 0x0F) * 4;
        int totalLength = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        if (headerLength < Ipv4Header.Length || totalLength < headerLength)
            return WireError.BadLength;
        if (totalLength > length || headerLength > packet.Length)
            return WireError.Truncated;
        if (InternetChecksum.Compute(packet[..headerLength]) != 0)
            return WireError.BadChecksum;

        // RFC 1122 3.2.1.3: none of these may be a source. 0.0.0.0 may, for a host that asks for its address.
        Ipv4Address source = Ipv4Address.Read(packet[12..]);
        if (!source.IsUnicast && !source.IsAny)
            return WireError.BadAddress;

        view = new(packet);
        return WireError.None;
    }
}

/// <summary>An IPv4 header to be written: 20 octets, without options.</summary>
/// <param name="Source">The sender.</param>
/// <param name="Destination">The receiver.</param>
/// <param name="Protocol">What the payload is.</param>
/// <param name="Identification">What all fragments of a datagram share.</param>
/// <param name="TimeToLive">Hops.</param>
/// <param name="TrafficClass">Differentiated services and ECN bits.</param>
/// <param name="FragmentOffset">Octets of the datagram before this fragment, a multiple of eight.</param>
/// <param name="MoreFragments">Whether more follow.</param>
/// <param name="MayFragment">Whether a router may cut it.</param>
public readonly record struct Ipv4Header(
    Ipv4Address Source, Ipv4Address Destination, IpProtocol Protocol, ushort Identification, byte TimeToLive = Ipv4Header.DefaultTimeToLive,
    byte TrafficClass = 0, int FragmentOffset = 0, bool MoreFragments = false, bool MayFragment = false)
{
    /// <summary>Octets on the wire without options.</summary>
    public const int Length = 20;

    /// <summary>Octets on the wire with a router alert.</summary>
    public const int LengthWithRouterAlert = Length + 4;

    /// <summary>RFC 1700's recommended initial hop limit.</summary>
    public const byte DefaultTimeToLive = 64;

    /// <summary>The largest datagram (16-bit total length).</summary>
    public const int MaximumTotalLength = ushort.MaxValue;

    private const uint RouterAlert = 0x9404_0000;
    private const ushort DoNotFragment = 0x4000;
    private const ushort MoreFragmentsFlag = 0x2000;

    /// <summary>Writes the header and its checksum for a payload of some length.</summary>
    public void Write(Span<byte> packet, int payloadLength) => Write(packet, Length, payloadLength);

    /// <summary>Writes the header with an option that makes routers look at the packet (RFC 2113).</summary>
    public void WriteWithRouterAlert(Span<byte> packet, int payloadLength)
    {
        BinaryPrimitives.WriteUInt32BigEndian(packet[Length..], RouterAlert);
        Write(packet, LengthWithRouterAlert, payloadLength);
    }

    private void Write(Span<byte> packet, int length, int payloadLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payloadLength, MaximumTotalLength - length);
        packet[0] = (byte)(0x40 | (length / 4));
        packet[1] = TrafficClass;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)(length + payloadLength));
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], Identification);
        BinaryPrimitives.WriteUInt16BigEndian(
            packet[6..], (ushort)((FragmentOffset / 8) | (MoreFragments ? MoreFragmentsFlag : 0) | (MayFragment ? 0 : DoNotFragment)));
        packet[8] = TimeToLive;
        packet[9] = (byte)Protocol;
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], 0);
        Source.Write(packet[12..]);
        Destination.Write(packet[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], InternetChecksum.Compute(packet[..length]));
    }
}
