// RFC 826, 791, 792, 768, 9293, 8200, 4443, 4861, 3810: frames as an attacker writes them. What is here knows nothing of Net/Wire, which it is to test.
using System.Buffers.Binary;

namespace Troupe.Tools.Networks.Attacks;

/// <summary>TCP's flags, as they stand in a segment.</summary>
[Flags]
public enum ForgedFlags : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>FIN.</summary>
    Fin = 1,

    /// <summary>SYN.</summary>
    Syn = 2,

    /// <summary>RST.</summary>
    Rst = 4,

    /// <summary>PSH.</summary>
    Psh = 8,

    /// <summary>ACK.</summary>
    Ack = 16,

    /// <summary>URG.</summary>
    Urg = 32,
}

/// <summary>Writes the frames of attacks; what is drawn follows from a seed. Not for several threads.</summary>
public sealed class FrameForge(AttackTarget target, int seed)
{
    private const int ShortestFrame = 60;
    private const ushort Ipv4Type = 0x0800, ArpType = 0x0806, Ipv6Type = 0x86DD;

    private readonly Random _random = new(seed);

    /// <summary>Whom the frames are for.</summary>
    public AttackTarget Target => target;

    /// <summary>What draws.</summary>
    public Random Random => _random;

    /// <summary>An address from beyond the guest's network.</summary>
    public uint AnyAddress() => ((uint)_random.Next(11, 127) << 24) | (uint)_random.Next(1 << 24);

    /// <summary>An address of the guest's own network, of 16 bits.</summary>
    public uint NearAddress() => (target.Guest & 0xFFFF_0000) | (uint)_random.Next(0x100, 0xFFFF);

    /// <summary>A link-local address.</summary>
    public UInt128 NearLinkLocal() => ((UInt128)0xFE80 << 112) | (UInt128)(ulong)_random.NextInt64(long.MaxValue);

    /// <summary>An opening segment from anybody.</summary>
    public byte[] Syn() => Tcp(AnyAddress(), Port(), target.Port, (uint)_random.NextInt64(), 0, ForgedFlags.Syn, [2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7]);

    /// <summary>An echo request.</summary>
    public byte[] Ping(uint source, int length = 56)
    {
        var message = new byte[8 + length];
        message[0] = 8;
        _random.NextBytes(message.AsSpan(4));
        return Finish(Ipv4(PacketChecksums.Icmp, source, message));
    }

    /// <summary>An echo request to the guest's link-local address.</summary>
    public byte[] Ping6(UInt128 source)
    {
        var message = new byte[64];
        message[0] = 128;
        _random.NextBytes(message.AsSpan(4));
        return Finish(Ipv6(PacketChecksums.Icmpv6, source, target.GuestLinkLocal, message));
    }

    /// <summary>A fragment whose datagram will never be whole.</summary>
    public byte[] Fragment(uint source)
    {
        var part = new byte[8 * _random.Next(1, 180)];
        _random.NextBytes(part);
        var offset = _random.Next(0, 4000);
        return Finish(Ipv4(PacketChecksums.Udp, source, part, fragment: (ushort)(0x2000 | offset)));
    }

    /// <summary>The same over IPv6.</summary>
    public byte[] Fragment6(UInt128 source)
    {
        var part = new byte[8 + (8 * _random.Next(1, 170))];
        _random.NextBytes(part);
        part[0] = PacketChecksums.Udp;
        part[1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(part.AsSpan(2), (ushort)((_random.Next(1, 4000) << 3) | 1));
        return Finish(Ipv6(44, source, target.GuestLinkLocal, part));
    }

    /// <summary>Somebody asks for the guest's link address and so says his own.</summary>
    public byte[] ArpRequest(uint source, ulong hardware)
    {
        var packet = new byte[28];
        ReadOnlySpan<byte> begin = [0, 1, 8, 0, 6, 4, 0, 1];
        begin.CopyTo(packet);
        WriteHardware(packet.AsSpan(8), hardware);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(14), source);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(24), target.Guest);
        return Ethernet(ArpType, packet, hardware);
    }

    /// <summary>The same by neighbour discovery.</summary>
    public byte[] Solicitation(UInt128 source, ulong hardware)
    {
        var message = new byte[32];
        message[0] = 135;
        BinaryPrimitives.WriteUInt128BigEndian(message.AsSpan(8), target.GuestLinkLocal);
        message[24] = 1;
        message[25] = 1;
        WriteHardware(message.AsSpan(26), hardware);
        return Finish(Ipv6(PacketChecksums.Icmpv6, source, target.GuestLinkLocal, message, hops: 255));
    }

    /// <summary>A hardware address of some station.</summary>
    public ulong AnyHardware() => 0x0200_0000_0000 | (ulong)_random.NextInt64(1L << 40);

    /// <summary>A port of a client's.</summary>
    public ushort Port() => (ushort)_random.Next(1024, 65_536);

    /// <summary>A segment.</summary>
    public byte[] Tcp(
        uint source, ushort sourcePort, ushort port, uint sequence, uint acknowledgement, ForgedFlags flags, ReadOnlySpan<byte> options = default, ReadOnlySpan<byte> data = default)
    {
        var padded = (options.Length + 3) & ~3;
        var segment = new byte[20 + padded + data.Length];
        BinaryPrimitives.WriteUInt16BigEndian(segment, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(2), port);
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(4), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(8), acknowledgement);
        segment[12] = (byte)((20 + padded) / 4 << 4);
        segment[13] = (byte)flags;
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(14), 64_240);
        options.CopyTo(segment.AsSpan(20));
        data.CopyTo(segment.AsSpan(20 + padded));
        return Finish(Ipv4(PacketChecksums.Tcp, source, segment));
    }

    /// <summary>A datagram.</summary>
    public byte[] Udp(uint source, ushort sourcePort, ushort port, ReadOnlySpan<byte> data)
    {
        var datagram = new byte[8 + data.Length];
        BinaryPrimitives.WriteUInt16BigEndian(datagram, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(2), port);
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(4), (ushort)datagram.Length);
        data.CopyTo(datagram.AsSpan(8));
        return Finish(Ipv4(PacketChecksums.Udp, source, datagram));
    }

    internal byte[] Ipv4(byte protocol, uint source, ReadOnlySpan<byte> payload, ushort fragment = 0, ReadOnlySpan<byte> options = default)
    {
        var header = 20 + options.Length;
        var packet = new byte[header + payload.Length];
        packet[0] = (byte)(0x40 | (header / 4));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)_random.Next(65_536));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), fragment);
        packet[8] = 64;
        packet[9] = protocol;
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(12), source);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(16), target.Guest);
        options.CopyTo(packet.AsSpan(20));
        payload.CopyTo(packet.AsSpan(header));
        return Ethernet(Ipv4Type, packet);
    }

    internal byte[] Ipv6(byte next, UInt128 source, UInt128 destination, ReadOnlySpan<byte> payload, byte hops = 64)
    {
        var packet = new byte[40 + payload.Length];
        packet[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)payload.Length);
        packet[6] = next;
        packet[7] = hops;
        BinaryPrimitives.WriteUInt128BigEndian(packet.AsSpan(8), source);
        BinaryPrimitives.WriteUInt128BigEndian(packet.AsSpan(24), destination);
        payload.CopyTo(packet.AsSpan(40));
        var isGroup = destination >> 120 == 0xFF;
        return Ethernet(Ipv6Type, packet, destination: isGroup ? 0x3333_0000_0000 | (ulong)(destination & uint.MaxValue) : target.GuestHardware);
    }

    internal byte[] Ethernet(ushort type, ReadOnlySpan<byte> payload, ulong? source = null, ulong? destination = null)
    {
        var frame = new byte[Math.Max(ShortestFrame, 14 + payload.Length)];
        WriteHardware(frame, destination ?? target.GuestHardware);
        WriteHardware(frame.AsSpan(6), source ?? target.AttackerHardware);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), type);
        payload.CopyTo(frame.AsSpan(14));
        return frame;
    }

    internal static byte[] Finish(byte[] frame)
    {
        PacketChecksums.Mend(frame);
        return frame;
    }

    internal static void WriteHardware(Span<byte> to, ulong hardware)
    {
        BinaryPrimitives.WriteUInt16BigEndian(to, (ushort)(hardware >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(to[2..], (uint)hardware);
    }
}
