// RFC 4443: ICMPv6.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>ICMPv6 message types this stack knows.</summary>
public enum Icmpv6Type : byte
{
    /// <summary>No way to the destination.</summary>
    DestinationUnreachable = 1,

    /// <summary>A packet was too big for a link.</summary>
    PacketTooBig = 2,

    /// <summary>The hops ran out, or fragments did not come in time.</summary>
    TimeExceeded = 3,

    /// <summary>A header could not be read.</summary>
    ParameterProblem = 4,

    /// <summary>An echo: "ping".</summary>
    EchoRequest = 128,

    /// <summary>The answer to an echo.</summary>
    EchoReply = 129,

    /// <summary>RFC 3810: who listens to which group?</summary>
    MulticastListenerQuery = 130,

    /// <summary>RFC 2710: somebody listens to a group.</summary>
    MulticastListenerReport = 131,

    /// <summary>RFC 2710: nobody here listens to a group any more.</summary>
    MulticastListenerDone = 132,

    /// <summary>RFC 4861: are there routers?</summary>
    RouterSolicitation = 133,

    /// <summary>RFC 4861: here is one.</summary>
    RouterAdvertisement = 134,

    /// <summary>RFC 4861: who has this address?</summary>
    NeighborSolicitation = 135,

    /// <summary>RFC 4861: I have.</summary>
    NeighborAdvertisement = 136,

    /// <summary>RFC 4861: there is a better first hop.</summary>
    Redirect = 137,

    /// <summary>RFC 3810: what this host listens to.</summary>
    MulticastListenerReportV2 = 143,
}

/// <summary>The fixed part of a validated ICMPv6 message.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Code">A closer description.</param>
/// <param name="Value">The four octets after the checksum: an MTU, a pointer, flags, or an identifier with a sequence.</param>
public readonly record struct Icmpv6Header(Icmpv6Type Type, byte Code, uint Value = 0)
{
    /// <summary>Octets of the fixed part.</summary>
    public const int Length = 8;

    /// <summary>RFC 4443 2.1: errors have the highest bit clear.</summary>
    public bool IsError => (byte)Type < 128;

    /// <summary>Reads a message and checks its checksum, which covers the pseudo-header (RFC 4443 2.3).</summary>
    public static WireError TryParse(ReadOnlySpan<byte> message, Ipv6Address source, Ipv6Address destination, out Icmpv6Header header)
    {
        header = default;
        if (message.Length < Length)
            return WireError.Truncated;
        if (Checksum(message, source, destination) != 0)
            return WireError.BadChecksum;
        header = new((Icmpv6Type)message[0], message[1], BinaryPrimitives.ReadUInt32BigEndian(message[4..]));
        return WireError.None;
    }

    /// <summary>Writes the fixed part and the checksum over a message whose data already stand after it.</summary>
    public void Write(Span<byte> message, Ipv6Address source, Ipv6Address destination)
    {
        message[0] = (byte)Type;
        message[1] = Code;
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(message[4..], Value);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], Checksum(message, source, destination));
    }

    private static ushort Checksum(ReadOnlySpan<byte> message, Ipv6Address source, Ipv6Address destination)
    {
        ulong sum = InternetChecksum.AddPseudoHeader(0, source, destination, (byte)IpProtocol.Icmpv6, message.Length);
        return InternetChecksum.Finish(InternetChecksum.Add(sum, message));
    }
}
