using System.Buffers.Binary;
using Troupe.Net.Wire;

namespace Troupe.Verification.Fuzzing;

/// <summary>UDP headers over both versions of IP.</summary>
internal sealed class UdpTarget() : FuzzTarget("udp")
{
    public override IEnumerable<byte[]> Seeds
    {
        get
        {
            byte[] datagram = new byte[20];
            new UdpHeader(4000, 53, 12).Write(datagram, Packets.First, Packets.Second);
            yield return [0, .. datagram];
            yield return [1, .. datagram];
        }
    }

    public override void Run(ReadOnlySpan<byte> input)
    {
        InputReader reader = new(input);
        bool isIpv4 = (reader.Byte() & 1) == 0;
        IpAddress source = isIpv4 ? Packets.First : Packets.FirstV6;
        IpAddress destination = isIpv4 ? Packets.Second : Packets.SecondV6;
        byte[] datagram = reader.Rest().ToArray();
        UdpHeader.TryParse(datagram, source, destination, out _);
        UdpHeader.TryParse(datagram, source, destination, isVerified: true, out _);
        int length = datagram.Length < UdpHeader.Length ? 0 : BinaryPrimitives.ReadUInt16BigEndian(datagram.AsSpan(4));
        if (length < UdpHeader.Length || length > datagram.Length)
            return;
        ulong sum = InternetChecksum.AddPseudoHeader(0, source, destination, (byte)IpProtocol.Udp, length);
        byte[] valid = Packets.WithChecksum(datagram.AsSpan(0, length), 6, sum);
        if (UdpHeader.TryParse(valid, source, destination, out UdpHeader header) != WireError.None)
            return;
        Require(header.PayloadLength == length - UdpHeader.Length, "the payload's length is not what the header says");
        byte[] written = [.. valid];
        header.Write(written, source, destination);
        // A sum of zero is written as all ones, and both are right.
        if (BinaryPrimitives.ReadUInt16BigEndian(valid.AsSpan(6)) != 0)
            RequireSame(valid, written, "datagram");
        Require(UdpHeader.TryParse(written, source, destination, out UdpHeader again) == WireError.None && again == header, "a header changes when it is written");
    }
}

/// <summary>TCP headers and their options.</summary>
internal sealed class TcpTarget() : FuzzTarget("tcp")
{
    public override IEnumerable<byte[]> Seeds
    {
        get
        {
            yield return Segment(TcpFlags.Syn, new() { MaximumSegmentSize = 1460, WindowScale = 7, SackPermitted = true, Timestamps = (1, 0) });
            SackBlocks sack = default;
            sack.TryAdd(new(new(10), new(20)));
            sack.TryAdd(new(new(40), new(50)));
            yield return Segment(TcpFlags.Ack, new() { Timestamps = (1, 2), Sack = sack });
            yield return Segment(TcpFlags.Ack, new() { UserTimeout = 0x8001 });
        }
    }

    public override IReadOnlyList<byte[]> Words => [[2, 4, 5, 0xB4], [3, 3, 7], [4, 2], [8, 10], [5, 10], [5, 18], [5, 26], [5, 34], [28, 4], [1], [0]];

    public override void Run(ReadOnlySpan<byte> input)
    {
        InputReader reader = new(input);
        bool isIpv4 = (reader.Byte() & 1) == 0;
        IpAddress source = isIpv4 ? Packets.First : Packets.FirstV6;
        IpAddress destination = isIpv4 ? Packets.Second : Packets.SecondV6;
        ReadOnlySpan<byte> rest = reader.Rest();
        TcpHeader.TryParse(rest, source, destination, out _, out _);
        byte[] segment = Packets.WithChecksum(rest, TcpHeader.ChecksumOffset, InternetChecksum.AddPseudoHeader(0, source, destination, (byte)IpProtocol.Tcp, rest.Length));
        if (TcpHeader.TryParse(segment, source, destination, out TcpHeader header, out int headerLength) != WireError.None)
            return;
        Require(headerLength is >= TcpHeader.MinimumLength and <= TcpHeader.MaximumLength && headerLength <= segment.Length, "the header is longer than the segment");
        // What was read in 40 octets need not fit them again: our layout pads each option to four. What fits must come back.
        if (header.Length > TcpHeader.MaximumLength)
            return;
        byte[] written = [.. new byte[header.Length], .. segment.AsSpan(headerLength)];
        header.Write(written, source, destination);
        Require(
            TcpHeader.TryParse(written, source, destination, out TcpHeader again, out int length) == WireError.None && again == header && length == header.Length,
            $"a header changes when it is written: {header} became {again}");
    }

    private static byte[] Segment(TcpFlags flags, TcpOptions options)
    {
        TcpHeader header = new(4000, 80, new(1), new(2), flags, 1000, options);
        byte[] segment = new byte[header.Length + 4];
        header.Write(segment, Packets.First, Packets.Second);
        return [0, .. segment];
    }
}
