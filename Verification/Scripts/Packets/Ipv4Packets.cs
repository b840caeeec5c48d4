// RFC 791, as scripts write it.
using System.Buffers.Binary;
using Troupe.Net.Wire;

namespace Troupe.Verification.Scripts;

/// <summary>What stands around the payload of every packet of IPv4: addresses, hops, marks, fragments.</summary>
internal static class Ipv4Packets
{
    private static ushort _identification;

    public static byte[] Ethernet(EtherType type, ReadOnlySpan<byte> payload, MacAddress? destination = null, MacAddress? source = null)
    {
        byte[] frame = new byte[Math.Max(60, EthernetHeader.Length + payload.Length)];
        new EthernetHeader(destination ?? Bench.HostHardware, source ?? Bench.PeerHardware, type).Write(frame);
        payload.CopyTo(frame.AsSpan(EthernetHeader.Length));
        return frame;
    }

    public static Ipv4Address Source(Statement line) => line.Find("src")?.Address<Ipv4Address>(Ipv4Address.TryParse) ?? Bench.PeerAddress;

    public static Ipv4Address Destination(Statement line) => line.Find("dst")?.Address<Ipv4Address>(Ipv4Address.TryParse) ?? Bench.HostAddress;

    /// <summary>The frames with a payload, in as many fragments as the line wants.</summary>
    public static IEnumerable<byte[]> Wrap(Statement line, IpProtocol protocol, byte[] payload)
    {
        ushort identification = ++_identification;
        int size = (int)line.Number("split", payload.Length);
        if (size <= 0 || (size < payload.Length && size % 8 != 0))
            throw line.Find("split")!.Wrong("Fragments are of a multiple of 8 octets.");
        long without = line.Number("without", 0);
        List<byte[]> frames = [];
        int number = 0;
        for (int offset = 0; offset == 0 || offset < payload.Length; offset += size)
        {
            number++;
            byte[] part = payload[offset..Math.Min(payload.Length, offset + size)];
            if (number != without)
                frames.Add(Fragment(line, protocol, part, identification, offset, offset + part.Length < payload.Length));
        }

        if (line.Has("reversed"))
            frames.Reverse();
        return frames;
    }

    public static string? Mismatch(Statement line, Frame frame)
    {
        Ipv4View view = frame.Ip;
        if (line.Has("src") && Source(line) is var source && view.Source != source)
            return $"src={view.Source}, not {source}";
        if (line.Has("dst") && Destination(line) is var destination && view.Destination != destination)
            return $"dst={view.Destination}, not {destination}";
        bool df = (frame.Packet[6] & 0x40) != 0;
        if (line.Has("df") && !df)
            return "it may be fragmented";
        return line.Mismatch("ttl", view.TimeToLive) ?? line.Mismatch("ecn", frame.TrafficClass & 3) ?? line.Mismatch("dscp", frame.TrafficClass >> 2);
    }

    private static byte[] Fragment(Statement line, IpProtocol protocol, byte[] part, ushort identification, int offset, bool more)
    {
        int options = (int)line.Number("ip-options", 0);
        byte[] packet = new byte[Ipv4Header.Length + options + part.Length];
        int trafficClass = (int)((line.Number("dscp", 0) << 2) | line.Number("ecn", 0));
        new Ipv4Header(
            Source(line), Destination(line), protocol, identification, (byte)line.Number("ttl", 64), (byte)trafficClass, offset, more, MayFragment: true)
            .Write(packet, options + part.Length);
        if (options > 0)
        {
            // No-operations, which a host steps over.
            packet.AsSpan(Ipv4Header.Length, options).Fill(1);
            packet[0] = (byte)(0x40 | ((Ipv4Header.Length + options) / 4));
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), 0);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), InternetChecksum.Compute(packet.AsSpan(0, Ipv4Header.Length + options)));
        }

        if (line.Has("version"))
            packet[0] = (byte)((packet[0] & 0xF) | ((int)line.Number("version", 4) << 4));
        if (line.Has("bad-ip-sum"))
            packet[10] ^= 1;
        part.CopyTo(packet, Ipv4Header.Length + options);
        return Ethernet(EtherType.Ipv4, packet);
    }
}
