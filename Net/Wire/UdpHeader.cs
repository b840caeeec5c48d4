// RFC 768: the User Datagram Protocol; RFC 8200 8.1: over IPv6.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>A validated UDP header.</summary>
public readonly record struct UdpHeader(ushort SourcePort, ushort DestinationPort, int PayloadLength)
{
    /// <summary>Octets on the wire.</summary>
    public const int Length = 8;

    /// <summary>Reads and validates a datagram; a zero checksum means the sender computed none, which IPv6 forbids (RFC 8200 8.1).</summary>
    public static WireError TryParse(ReadOnlySpan<byte> datagram, IpAddress source, IpAddress destination, out UdpHeader header) =>
        TryParse(datagram, source, destination, isVerified: false, out header);

    /// <summary>Reads and validates a datagram whose checksum may have been verified before (by a layer below or the device).</summary>
    public static WireError TryParse(ReadOnlySpan<byte> datagram, IpAddress source, IpAddress destination, bool isVerified, out UdpHeader header)
    {
        header = default;
        if (datagram.Length < Length)
            return WireError.Truncated;

        int length = BinaryPrimitives.ReadUInt16BigEndian(datagram[4..]);
        if (length < Length || length > datagram.Length)
            return WireError.BadLength;

        bool hasChecksum = BinaryPrimitives.ReadUInt16BigEndian(datagram[6..]) != 0;
        if (!hasChecksum && !source.IsIpv4 && !isVerified)
            return WireError.BadChecksum;
        if (hasChecksum && !isVerified)
        {
            ulong sum = InternetChecksum.AddPseudoHeader(0, source, destination, (byte)IpProtocol.Udp, length);
            if (InternetChecksum.Finish(InternetChecksum.Add(sum, datagram[..length])) != 0)
                return WireError.BadChecksum;
        }

        ushort destinationPort = BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]);
        if (destinationPort == 0)
            return WireError.BadField;

        header = new(BinaryPrimitives.ReadUInt16BigEndian(datagram), destinationPort, length - Length);
        return WireError.None;
    }

    /// <summary>Writes the header before a payload that is already in place.</summary>
    public void Write(Span<byte> datagram, IpAddress source, IpAddress destination)
    {
        int length = Length + PayloadLength;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, datagram.Length);
        BinaryPrimitives.WriteUInt16BigEndian(datagram, SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[2..], DestinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[4..], (ushort)length);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[6..], 0);
        ulong sum = InternetChecksum.AddPseudoHeader(0, source, destination, (byte)IpProtocol.Udp, length);
        ushort checksum = InternetChecksum.Finish(InternetChecksum.Add(sum, datagram[..length]));
        // A computed zero is sent as all ones, since zero stands for "none".
        BinaryPrimitives.WriteUInt16BigEndian(datagram[6..], checksum == 0 ? ushort.MaxValue : checksum);
    }
}
