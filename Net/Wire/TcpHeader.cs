// RFC 9293 3.1: the TCP header.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>Control bits (RFC 9293 3.1, RFC 3168 for the two of congestion notification).</summary>
[Flags]
public enum TcpFlags : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>No more data from the sender.</summary>
    Fin = 0x01,

    /// <summary>Synchronise sequence numbers.</summary>
    Syn = 0x02,

    /// <summary>Reset the connection.</summary>
    Rst = 0x04,

    /// <summary>Push.</summary>
    Psh = 0x08,

    /// <summary>The acknowledgement field is significant.</summary>
    Ack = 0x10,

    /// <summary>The urgent pointer is significant.</summary>
    Urg = 0x20,

    /// <summary>ECN echo.</summary>
    Ece = 0x40,

    /// <summary>Congestion window reduced.</summary>
    Cwr = 0x80,
}

/// <summary>A validated TCP header with its options.</summary>
public readonly record struct TcpHeader(
    ushort SourcePort, ushort DestinationPort, SequenceNumber Sequence, SequenceNumber Acknowledgement,
    TcpFlags Flags, ushort Window, TcpOptions Options)
{
    /// <summary>Octets on the wire without options.</summary>
    public const int MinimumLength = 20;

    /// <summary>Octets on the wire with all options there is room for.</summary>
    public const int MaximumLength = 60;

    /// <summary>Octets on the wire.</summary>
    public int Length => MinimumLength + Options.Length;

    /// <summary>Whether a control bit is set.</summary>
    public bool Has(TcpFlags flag) => (Flags & flag) != 0;

    /// <summary>Reads a segment; <paramref name="headerLength"/> is where its data begin.</summary>
    public static WireError TryParse(
        ReadOnlySpan<byte> segment, IpAddress source, IpAddress destination, out TcpHeader header, out int headerLength)
    {
        WireError error = TryParseValidated(segment, out header, out headerLength);
        if (error != WireError.None)
            return error;

        ulong sum = InternetChecksum.AddPseudoHeader(0, source, destination, (byte)IpProtocol.Tcp, segment.Length);
        return InternetChecksum.Finish(InternetChecksum.Add(sum, segment)) == 0 ? WireError.None : WireError.BadChecksum;
    }

    /// <summary>Reads a segment whose checksum was verified before (by a layer below or the device).</summary>
    public static WireError TryParseValidated(ReadOnlySpan<byte> segment, out TcpHeader header, out int headerLength)
    {
        header = default;
        headerLength = 0;
        if (segment.Length < MinimumLength)
            return WireError.Truncated;

        headerLength = (segment[12] >> 4) * 4;
        if (headerLength < MinimumLength || headerLength > segment.Length)
            return WireError.BadLength;

        ushort sourcePort = BinaryPrimitives.ReadUInt16BigEndian(segment);
        ushort destinationPort = BinaryPrimitives.ReadUInt16BigEndian(segment[2..]);
        if (sourcePort == 0 || destinationPort == 0)
            return WireError.BadField;

        TcpOptions options = default;
        if (headerLength > MinimumLength &&
            TcpOptions.TryParse(segment[MinimumLength..headerLength], out options) is var error && error != WireError.None)
            return error;

        header = new(
            sourcePort, destinationPort,
            new(BinaryPrimitives.ReadUInt32BigEndian(segment[4..])), new(BinaryPrimitives.ReadUInt32BigEndian(segment[8..])),
            (TcpFlags)segment[13], BinaryPrimitives.ReadUInt16BigEndian(segment[14..]), options);
        return WireError.None;
    }

    /// <summary>Where the checksum stands.</summary>
    public const int ChecksumOffset = 16;

    /// <summary>Writes header, options and checksum over a segment whose data already stand after them.</summary>
    public void Write(Span<byte> segment, IpAddress source, IpAddress destination)
    {
        WriteWithoutChecksum(segment);
        ulong sum = InternetChecksum.AddPseudoHeader(0, source, destination, (byte)IpProtocol.Tcp, segment.Length);
        BinaryPrimitives.WriteUInt16BigEndian(segment[ChecksumOffset..], InternetChecksum.Finish(InternetChecksum.Add(sum, segment)));
    }

    /// <summary>Writes header and options of a segment of some length, with the pseudo-header's sum where the checksum goes: somebody below completes it.</summary>
    public void WriteIncomplete(Span<byte> header, int segmentLength, IpAddress source, IpAddress destination)
    {
        WriteWithoutChecksum(header);
        ulong sum = InternetChecksum.AddPseudoHeader(0, source, destination, (byte)IpProtocol.Tcp, segmentLength);
        BinaryPrimitives.WriteUInt16BigEndian(header[ChecksumOffset..], (ushort)~InternetChecksum.Finish(sum));
    }

    private void WriteWithoutChecksum(Span<byte> segment)
    {
        int headerLength = Length;
        BinaryPrimitives.WriteUInt16BigEndian(segment, SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(segment[2..], DestinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(segment[4..], Sequence.Value);
        BinaryPrimitives.WriteUInt32BigEndian(segment[8..], Acknowledgement.Value);
        segment[12] = (byte)(headerLength / 4 << 4);
        segment[13] = (byte)Flags;
        BinaryPrimitives.WriteUInt16BigEndian(segment[14..], Window);
        BinaryPrimitives.WriteUInt32BigEndian(segment[16..], 0);
        Options.Write(segment[MinimumLength..headerLength]);
    }
}
