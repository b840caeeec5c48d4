// RFC 791, RFC 8200, RFC 9293, RFC 768: the fields that name a flow.
using System.Buffers.Binary;

namespace Troupe.Drivers.Network;

/// <summary>A number for the flow that a frame is of: the same for all its frames, so that they keep their order in one queue.</summary>
internal static class FlowHash
{
    private const int EthernetHeaderLength = FrameTransmission.EthernetHeaderLength;
    private const int TypeOffset = 12;
    private const ushort Ipv4 = 0x0800, Ipv6 = 0x86dd;
    private const byte Tcp = 6, Udp = 17;

    private const int Ipv4HeaderLength = 20, Ipv4FragmentOffset = 6, Ipv4ProtocolOffset = 9, Ipv4AddressesOffset = 12;

    /// <summary>MF and the offset, of which any says that the ports are not in each frame of the flow.</summary>
    private const int FragmentMask = 0x3fff;

    private const int Ipv6HeaderLength = 40, Ipv6NextHeaderOffset = 6, Ipv6AddressesOffset = 8;

    // The odd integer next to 2^64 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
    private const ulong Multiplier = 0x9e3779b97f4a7c15;

    /// <summary>One of so many queues, for a flow's number.</summary>
    public static int Queue(ReadOnlySpan<byte> frame, int count) => (int)(((ulong)Of(frame) * (uint)count) >> 32);

    /// <summary>The number; 0 for what is neither IPv4 nor IPv6.</summary>
    public static uint Of(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < EthernetHeaderLength + Ipv4HeaderLength)
        {
            return 0;
        }

        var packet = frame[EthernetHeaderLength..];
        switch (BinaryPrimitives.ReadUInt16BigEndian(frame[TypeOffset..]))
        {
            case Ipv4:
                var isFragment = (BinaryPrimitives.ReadUInt16BigEndian(packet[Ipv4FragmentOffset..]) & FragmentMask) != 0;
                return Mix(BinaryPrimitives.ReadUInt64LittleEndian(packet[Ipv4AddressesOffset..]), isFragment ? 0 : Ports(packet, packet[Ipv4ProtocolOffset], (packet[0] & 0xf) * 4));
            case Ipv6 when packet.Length >= Ipv6HeaderLength:
                var addresses = packet[Ipv6AddressesOffset..];
                var both = BinaryPrimitives.ReadUInt64LittleEndian(addresses) ^ BinaryPrimitives.ReadUInt64LittleEndian(addresses[8..])
                    ^ BinaryPrimitives.ReadUInt64LittleEndian(addresses[16..]) ^ BinaryPrimitives.ReadUInt64LittleEndian(addresses[24..]);
                return Mix(both, Ports(packet, packet[Ipv6NextHeaderOffset], Ipv6HeaderLength));
            default:
                return 0;
        }
    }

    private static uint Ports(ReadOnlySpan<byte> packet, byte protocol, int offset) =>
        protocol is Tcp or Udp && offset + sizeof(uint) <= packet.Length ? BinaryPrimitives.ReadUInt32BigEndian(packet[offset..]) : 0;

    /// <summary>The upper half: there, ports that follow each other lie far apart.</summary>
    private static uint Mix(ulong addresses, uint ports) => (uint)((((addresses * Multiplier) + ports) * Multiplier) >> 32);
}
