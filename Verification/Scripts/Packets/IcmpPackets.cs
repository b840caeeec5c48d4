// RFC 792 and RFC 1191, and RFC 768, as scripts write them.
using System.Buffers.Binary;
using Troupe.Net.Wire;

namespace Troupe.Verification.Scripts;

/// <summary>Echoes and errors, datagrams of UDP, and packets of protocols that nobody knows.</summary>
internal static class IcmpPackets
{
    private static readonly (string Name, byte Type)[] _types =
    [
        ("echo", 8), ("echo-reply", 0), ("unreachable", 3), ("time-exceeded", 11), ("parameter-problem", 12), ("redirect", 5), ("quench", 4),
    ];

    public static IEnumerable<byte[]> Build(Statement line, Bench bench)
    {
        byte type = Type(line);
        byte[] body = type is 8 or 0 ? Flow.Octets(0, (int)line.Number("len", 32)) : Quote(line, bench);
        byte[] message = new byte[8 + body.Length];
        body.CopyTo(message, 8);
        message[0] = type;
        message[1] = (byte)line.Number("code", 0);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), (ushort)line.Number("id", 0));
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), (ushort)line.Number(type == 3 ? "mtu" : "number", 0));
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), InternetChecksum.Compute(message));
        if (line.Has("bad-sum"))
            message[3] ^= 1;
        return Ipv4Packets.Wrap(line, IpProtocol.Icmp, message);
    }

    public static string? Mismatch(Statement line, Frame frame)
    {
        byte[] message = frame.Payload;
        if (InternetChecksum.Compute(message) != 0)
            return "its checksum is wrong";
        if (message[0] != Type(line))
            return $"its type is {message[0]}, not {Type(line)}";
        return line.Mismatch("code", message[1]) ?? line.Mismatch("id", BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(4)))
            ?? line.Mismatch("number", BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(6))) ?? line.Mismatch("len", message.Length - 8)
            ?? line.Mismatch("quoted", message.Length - 8)
            ?? (message[0] is 0 && !Flow.Octets(0, message.Length - 8).AsSpan().SequenceEqual(message.AsSpan(8)) ? "its octets are not those of the echo" : null)
            ?? Ipv4Packets.Mismatch(line, frame);
    }

    public static IEnumerable<byte[]> BuildUdp(Statement line)
    {
        byte[] datagram = new byte[UdpHeader.Length + (int)line.Number("len", 0)];
        Flow.Octets(0, datagram.Length - UdpHeader.Length).CopyTo(datagram, UdpHeader.Length);
        new UdpHeader((ushort)line.Number("from", 4000), (ushort)line.Number("to", 9), datagram.Length - UdpHeader.Length)
            .Write(datagram, Ipv4Packets.Source(line), Ipv4Packets.Destination(line));
        if (line.Has("bad-sum"))
            datagram[6] ^= 0x55;
        return Ipv4Packets.Wrap(line, IpProtocol.Udp, datagram);
    }

    public static string? MismatchUdp(Statement line, Frame frame)
    {
        byte[] datagram = frame.Payload;
        return line.Mismatch("from", BinaryPrimitives.ReadUInt16BigEndian(datagram)) ?? line.Mismatch("to", BinaryPrimitives.ReadUInt16BigEndian(datagram.AsSpan(2)))
            ?? line.Mismatch("len", datagram.Length - UdpHeader.Length) ?? Ipv4Packets.Mismatch(line, frame);
    }

    public static IEnumerable<byte[]> BuildIp(Statement line) =>
        Ipv4Packets.Wrap(line, (IpProtocol)line.Number("proto", 253), Flow.Octets(0, (int)line.Number("len", 8)));

    public static string? MismatchIp(Statement line, Frame frame) =>
        line.Mismatch("proto", (byte)frame.Ip.Protocol) ?? line.Mismatch("len", frame.Ip.TotalLength - frame.Ip.HeaderLength) ?? Ipv4Packets.Mismatch(line, frame);

    public static string Describe(Frame frame)
    {
        byte[] message = frame.Payload;
        string name = _types.FirstOrDefault(type => type.Type == message[0]).Name ?? $"type {message[0]}";
        return $"icmp {name} code={message[1]} id={BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(4))} number={BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(6))} len={message.Length - 8} src={frame.Ip.Source} dst={frame.Ip.Destination}";
    }

    private static byte Type(Statement line)
    {
        foreach ((string name, byte type) in _types)
        {
            if (line.Has(name))
                return type;
        }

        throw line.Verb.Wrong($"What message? There are {string.Join(", ", _types.Select(static type => type.Name))}.");
    }

    // RFC 1122 3.2.2: the IP header and the first octets of what caused it, which is the host's last segment, with another sequence number if the line wants.
    private static byte[] Quote(Statement line, Bench bench)
    {
        Word? quote = line.Find("quote");
        Frame cause = bench.LastSegment(line.Flow) ?? throw line.Verb.Wrong("There is no segment of the host's yet that this could be about.");
        byte[] packet = cause.Packet[..(cause.Ip.HeaderLength + 8)];
        if (quote is { Text: not "last" })
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(cause.Ip.HeaderLength + 4), (bench.FlowOf(line.Flow).HostInitial ?? 0) + (uint)quote.Number);
        line.Find("quote-src")?.Address<Ipv4Address>(Ipv4Address.TryParse).Write(packet.AsSpan(12));
        return line.Find("quoted") is { } quoted ? packet[..(int)quoted.Number] : packet;
    }
}
