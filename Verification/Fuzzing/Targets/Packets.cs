using System.Buffers.Binary;
using Troupe.Net.Wire;

namespace Troupe.Verification.Fuzzing;

/// <summary>Valid packets to begin with, and checksums put right: random changes would never get past them.</summary>
internal static class Packets
{
    public static readonly Ipv4Address First = Ipv4Address.From(10, 0, 0, 1);
    public static readonly Ipv4Address Second = Ipv4Address.From(10, 0, 0, 2);
    public static readonly Ipv6Address FirstV6 = new(0xFE80UL << 48, 1);
    public static readonly Ipv6Address SecondV6 = new(0xFE80UL << 48, 2);

    public static byte[] Ethernet(EtherType type, byte[] payload)
    {
        byte[] frame = new byte[EthernetHeader.Length + payload.Length];
        new EthernetHeader(new(0x0200_0000_0002), new(0x0200_0000_0001), type).Write(frame);
        payload.CopyTo(frame, EthernetHeader.Length);
        return frame;
    }

    public static byte[] Ipv4(IpProtocol protocol, byte[] payload, bool more = false, int offset = 0)
    {
        byte[] packet = new byte[Ipv4Header.Length + payload.Length];
        new Ipv4Header(First, Second, protocol, 1, FragmentOffset: offset, MoreFragments: more).Write(packet, payload.Length);
        payload.CopyTo(packet, Ipv4Header.Length);
        return packet;
    }

    public static byte[] Ipv6(byte next, byte[] payload)
    {
        byte[] packet = new byte[Ipv6Header.Length + payload.Length];
        new Ipv6Header(FirstV6, SecondV6, (IpProtocol)next).Write(packet, payload.Length);
        payload.CopyTo(packet, Ipv6Header.Length);
        return packet;
    }

    /// <summary>Puts a checksum right that covers all of the bytes.</summary>
    public static byte[] WithChecksum(ReadOnlySpan<byte> bytes, int at, ulong sum = 0)
    {
        byte[] fixedUp = bytes.ToArray();
        if (fixedUp.Length < at + sizeof(ushort))
            return fixedUp;
        BinaryPrimitives.WriteUInt16BigEndian(fixedUp.AsSpan(at), 0);
        BinaryPrimitives.WriteUInt16BigEndian(fixedUp.AsSpan(at), InternetChecksum.Finish(InternetChecksum.Add(sum, fixedUp)));
        return fixedUp;
    }
}
