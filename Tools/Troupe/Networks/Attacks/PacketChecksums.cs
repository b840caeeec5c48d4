// RFC 1071, and the pseudo headers of RFC 9293 3.1 and RFC 8200 8.1.
using System.Buffers.Binary;

namespace Troupe.Tools.Networks.Attacks;

/// <summary>Checksums of forged packets, which need not be sound otherwise.</summary>
internal static class PacketChecksums
{
    public const byte Icmp = 1, Tcp = 6, Udp = 17, Icmpv6 = 58;

    private const int EthernetHeader = 14, Ipv4Header = 20, Ipv6Header = 40;

    /// <summary>The Internet checksum over octets, begun with a sum.</summary>
    public static ushort Compute(ReadOnlySpan<byte> octets, long sum = 0)
    {
        for (; octets.Length >= 2; octets = octets[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(octets);
        }

        if (octets.Length > 0)
        {
            sum += octets[0] << 8;
        }

        while (sum > ushort.MaxValue)
        {
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        }

        return (ushort)~sum;
    }

    /// <summary>Makes the checksums of a frame right, of its IP header and its transport, as far as its lengths allow.</summary>
    public static void Mend(Span<byte> frame)
    {
        if (frame.Length < EthernetHeader + Ipv4Header)
        {
            return;
        }

        var packet = frame[EthernetHeader..];
        switch (BinaryPrimitives.ReadUInt16BigEndian(frame[12..]))
        {
            case 0x0800:
                MendIpv4(packet);
                break;
            case 0x86DD when packet.Length > Ipv6Header:
                var length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(packet[4..]), packet.Length - Ipv6Header);
                MendTransport(packet.Slice(Ipv6Header, length), packet[6], packet.Slice(8, 32));
                break;
        }
    }

    private static void MendIpv4(Span<byte> packet)
    {
        var header = (packet[0] & 15) * 4;
        if (header < Ipv4Header || header > packet.Length)
        {
            return;
        }

        packet.Slice(10, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], Compute(packet[..header]));
        var total = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(packet[2..]), packet.Length);
        if (total > header)
        {
            MendTransport(packet[header..total], packet[9], packet.Slice(12, 8));
        }
    }

    private static void MendTransport(Span<byte> segment, byte protocol, ReadOnlySpan<byte> addresses)
    {
        var at = protocol switch { Icmp or Icmpv6 => 2, Tcp => 16, Udp => 6, _ => -1 };
        if (at < 0 || segment.Length < at + 2)
        {
            return;
        }

        segment.Slice(at, 2).Clear();
        long sum = 0;
        if (protocol != Icmp)
        {
            sum = protocol + segment.Length + ((ushort)~Compute(addresses));
        }

        BinaryPrimitives.WriteUInt16BigEndian(segment[at..], Compute(segment, sum));
    }
}
