// RFC 792: the Internet Control Message Protocol.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>ICMP message types this stack knows.</summary>
public enum IcmpType : byte
{
    /// <summary>The answer to an echo.</summary>
    EchoReply = 0,

    /// <summary>A datagram could not be delivered.</summary>
    DestinationUnreachable = 3,

    /// <summary>An echo: "ping".</summary>
    EchoRequest = 8,

    /// <summary>A datagram's hops ran out.</summary>
    TimeExceeded = 11,

    /// <summary>A header could not be read.</summary>
    ParameterProblem = 12,
}

/// <summary>The fixed part of a validated ICMP message.</summary>
public readonly record struct IcmpHeader(IcmpType Type, byte Code)
{
    /// <summary>The code of <see cref="IcmpType.DestinationUnreachable"/> for a packet that was too big and not to be cut.</summary>
    public const byte FragmentationNeeded = 4;

    /// <summary>Octets of the fixed part: type, code, checksum and four octets by type.</summary>
    public const int Length = 8;

    /// <summary>Reads a message and checks its checksum.</summary>
    public static WireError TryParse(ReadOnlySpan<byte> message, out IcmpHeader header)
    {
        header = default;
        if (message.Length < Length)
            return WireError.Truncated;
        if (InternetChecksum.Compute(message) != 0)
            return WireError.BadChecksum;
        header = new((IcmpType)message[0], message[1]);
        return WireError.None;
    }

    /// <summary>RFC 1191 4: what fits the link at which a packet was too big; 0 from a router that does not say.</summary>
    public static int NextHopMtu(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt16BigEndian(message[6..]);

    /// <summary>Writes the fixed part and the checksum over a message whose data already stand after it.</summary>
    public void Write(Span<byte> message)
    {
        message[0] = (byte)Type;
        message[1] = Code;
        message[2..Length].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], InternetChecksum.Compute(message));
    }

    /// <summary>Turns a validated echo request into its reply, in place: only the type changes, and the checksum with it.</summary>
    public static void TurnIntoReply(Span<byte> echoRequest)
    {
        ushort before = BinaryPrimitives.ReadUInt16BigEndian(echoRequest);
        echoRequest[0] = (byte)IcmpType.EchoReply;
        ushort after = BinaryPrimitives.ReadUInt16BigEndian(echoRequest);
        ushort checksum = BinaryPrimitives.ReadUInt16BigEndian(echoRequest[2..]);
        BinaryPrimitives.WriteUInt16BigEndian(echoRequest[2..], InternetChecksum.Update(checksum, before, after));
        // RFC 1624 3: an update cannot tell the two zeroes of one's complement apart. Only data that are zero throughout have the positive one.
        if (!echoRequest.ContainsAnyExcept((byte)0))
            BinaryPrimitives.WriteUInt16BigEndian(echoRequest[2..], ushort.MaxValue);
    }

    /// <summary>Writes an echo request's header over a message whose data are already in place.</summary>
    public static void WriteEchoRequest(Span<byte> message, ushort identifier, ushort sequence)
    {
        message[0] = (byte)IcmpType.EchoRequest;
        message[1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(message[4..], identifier);
        BinaryPrimitives.WriteUInt16BigEndian(message[6..], sequence);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], InternetChecksum.Compute(message));
    }
}
