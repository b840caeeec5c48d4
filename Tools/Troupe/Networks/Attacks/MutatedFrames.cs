// Random and mutated frames ("fuzzing"): a valid frame of every protocol the stack speaks, and then something that is not right with it.
using System.Buffers.Binary;

namespace Troupe.Tools.Networks.Attacks;

/// <summary>
/// Frames that are wrong in some way. Most have their checksums mended afterwards, so that the layer that is to notice is the one whose field was changed. The
/// n-th frame follows from the seed.
/// </summary>
public sealed class MutatedFrames
{
    private const int LongestFrame = 1514;
    private const int EthernetHeader = 14;
    private static readonly UInt128 _allNodes = AttackTarget.V6("ff02::1");

    private readonly FrameForge _forge;
    private readonly Random _random;
    private readonly Func<byte[]>[] _valid;

    /// <summary>Frames for a target.</summary>
    public MutatedFrames(AttackTarget target, int seed)
    {
        _forge = new(target, seed);
        _random = _forge.Random;
        var near = target.AttackerLinkLocal;
        _valid =
        [
            () => _forge.ArpRequest(target.Attacker, target.AttackerHardware), ArpReply,
            () => _forge.Ping(target.Attacker, _random.Next(1400)), () => _forge.Fragment(target.Attacker), Options, QuotedError,
            () => _forge.Udp(target.Attacker, 53, (ushort)_random.Next(65_536), DnsAnswer()), () => _forge.Udp(target.Attacker, 67, 68, Dhcp()),
            _forge.Syn, Segment, Segment, SelectiveAcknowledgement,
            () => _forge.Ping6(near), () => _forge.Fragment6(near), () => _forge.Solicitation(near, target.AttackerHardware), Advertisement, RouterAdvertisement,
            ListenerQuery, PacketTooBig, ExtensionHeaders, Segment6,
        ];
    }

    /// <summary>The next one.</summary>
    public byte[] Next()
    {
        byte[] frame;
        do
        {
            frame = Draw();
        }
        while (SpeaksForHonest(frame));
        return frame;
    }

    // RFC 826: the sender's protocol address.
    private bool SpeaksForHonest(ReadOnlySpan<byte> frame) =>
        frame.Length >= EthernetHeader + 18 && BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) == 0x0806 &&
        BinaryPrimitives.ReadUInt32BigEndian(frame[(EthernetHeader + 14)..]) == _forge.Target.Honest;

    private byte[] Draw()
    {
        if (_random.Next(16) == 0)
        {
            var noise = new byte[_random.Next(EthernetHeader, LongestFrame + 1)];
            _random.NextBytes(noise);
            return noise;
        }

        var frame = _valid[_random.Next(_valid.Length)]();
        for (var changes = _random.Next(1, 4); changes > 0; changes--)
        {
            frame = Change(frame);
        }

        if (_random.Next(4) != 0)
        {
            PacketChecksums.Mend(frame);
        }

        return frame;
    }

    private byte[] Change(byte[] frame)
    {
        // Now and then somebody else's frame; mostly what is behind the link header.
        var first = _random.Next(32) == 0 || frame.Length <= EthernetHeader ? 0 : EthernetHeader;
        // Headers are where the fields are.
        var last = _random.Next(4) == 0 ? frame.Length : Math.Min(frame.Length, EthernetHeader + 80);
        var at = _random.Next(first, last);
        switch (_random.Next(8))
        {
            case 0 or 1:
                frame[at] ^= (byte)(1 << _random.Next(8));
                return frame;
            case 2:
                frame[at] = ((byte[])[0, 1, 0x7F, 0x80, 0xFE, 0xFF])[_random.Next(6)];
                return frame;
            case 3:
                frame[at] = (byte)_random.Next(256);
                return frame;
            case 4 when at + 2 <= frame.Length:
                BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(at), ((ushort[])[0, 1, 7, 8, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF])[_random.Next(8)]);
                return frame;
            case 5 when at + 4 <= frame.Length:
                BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(at), (uint)_random.NextInt64());
                return frame;
            case 6:
                return frame[..Math.Max(EthernetHeader, at)];
            case 7 when frame.Length < LongestFrame:
                // A piece of it once more, in its middle.
                var copied = Math.Min(_random.Next(1, 64), Math.Min(frame.Length - at, LongestFrame - frame.Length));
                return [.. frame[..at], .. frame[at..(at + copied)], .. frame[at..]];
            default:
                return frame;
        }
    }

    private byte[] ArpReply()
    {
        var frame = _forge.ArpRequest(_forge.Target.Attacker, _forge.Target.AttackerHardware);
        frame[21] = 2;
        return frame;
    }

    private byte[] Options() => FrameForge.Finish(_forge.Ipv4(
        PacketChecksums.Icmp, _forge.Target.Attacker, [8, 0, 0, 0, 0, 1, 0, 1], options: ((byte[][])[[7, 7, 4, 0, 0, 0, 0, 0], [68, 8, 5, 0, 0, 0, 0, 0], [1, 1, 1, 0], [131, 3, 4, 0]])[_random.Next(4)]));

    // An ICMP error about a segment that the guest may have sent.
    private byte[] QuotedError()
    {
        var message = new byte[8 + 28];
        message[0] = ((byte[])[3, 3, 11, 12])[_random.Next(4)];
        message[1] = (byte)_random.Next(5);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), (ushort)_random.Next(1600));
        var quoted = message.AsSpan(8);
        quoted[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(quoted[2..], 1500);
        quoted[8] = 64;
        quoted[9] = PacketChecksums.Tcp;
        BinaryPrimitives.WriteUInt32BigEndian(quoted[12..], _forge.Target.Guest);
        BinaryPrimitives.WriteUInt32BigEndian(quoted[16..], _forge.Target.Attacker);
        BinaryPrimitives.WriteUInt16BigEndian(quoted[20..], _forge.Target.Port);
        BinaryPrimitives.WriteUInt16BigEndian(quoted[22..], _forge.Port());
        return FrameForge.Finish(_forge.Ipv4(PacketChecksums.Icmp, _forge.Target.Attacker, message));
    }

    private byte[] DnsAnswer()
    {
        // "a.example", one question, one address behind a pointer to it.
        ReadOnlySpan<byte> body = [1, (byte)'a', 7, (byte)'e', (byte)'x', (byte)'a', (byte)'m', (byte)'p', (byte)'l', (byte)'e', 0, 0, 1, 0, 1, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];
        return [(byte)_random.Next(256), (byte)_random.Next(256), 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, .. body];
    }

    private byte[] Dhcp()
    {
        var message = new byte[300];
        message[0] = 2;
        message[1] = 1;
        message[2] = 6;
        _random.NextBytes(message.AsSpan(4, 4));
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(16), _forge.Target.Guest);
        FrameForge.WriteHardware(message.AsSpan(28), _forge.Target.GuestHardware);
        ReadOnlySpan<byte> options = [0x63, 0x82, 0x53, 0x63, 53, 1, 2, 54, 4, 10, 0, 0, 1, 51, 4, 0, 0, 2, 0, 1, 4, 255, 255, 255, 0, 3, 4, 10, 0, 0, 1, 6, 8, 10, 0, 0, 1, 10, 0, 0, 2, 15, 3, (byte)'a', (byte)'b', (byte)'c', 255];
        options.CopyTo(message.AsSpan(236));
        return message;
    }

    private byte[] Segment() => _forge.Tcp(
        _forge.Target.Attacker, (ushort)_random.Next(4000, 4010), _forge.Target.Port, (uint)_random.NextInt64(), (uint)_random.NextInt64(), (ForgedFlags)_random.Next(64),
        data: new byte[_random.Next(3) * 200]);

    private byte[] SelectiveAcknowledgement()
    {
        var options = new byte[4 + 24];
        _random.NextBytes(options);
        (options[0], options[1], options[2], options[3]) = (1, 1, 5, 26);
        return _forge.Tcp(_forge.Target.Attacker, 4000, _forge.Target.Port, 1, (uint)_random.NextInt64(), ForgedFlags.Ack, options);
    }

    private byte[] Icmp6(byte type, ReadOnlySpan<byte> body, byte hops, UInt128? destination = null)
    {
        byte[] message = [type, 0, 0, 0, .. body];
        return FrameForge.Finish(_forge.Ipv6(PacketChecksums.Icmpv6, _forge.Target.AttackerLinkLocal, destination ?? _forge.Target.GuestLinkLocal, message, hops));
    }

    private byte[] Advertisement()
    {
        var body = new byte[28];
        body[0] = (byte)_random.Next(256);
        BinaryPrimitives.WriteUInt128BigEndian(body.AsSpan(4), _forge.Target.AttackerLinkLocal);
        (body[20], body[21]) = (2, 1);
        FrameForge.WriteHardware(body.AsSpan(22), _forge.Target.AttackerHardware);
        return Icmp6(136, body, 255);
    }

    private byte[] RouterAdvertisement()
    {
        var body = new byte[12 + 8 + 32 + 24];
        (body[0], body[2], body[3]) = (64, 7, 8);
        var at = 12;
        (body[at], body[at + 1]) = (5, 1);
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(at + 4), 1400);
        at += 8;
        (body[at], body[at + 1], body[at + 2], body[at + 3]) = (3, 4, 64, 0xC0);
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(at + 4), 7200);
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(at + 8), 3600);
        BinaryPrimitives.WriteUInt128BigEndian(body.AsSpan(at + 16), AttackTarget.V6("2001:db8::") | ((UInt128)(uint)_random.Next() << 64));
        at += 32;
        (body[at], body[at + 1]) = (25, 3);
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(at + 4), 600);
        BinaryPrimitives.WriteUInt128BigEndian(body.AsSpan(at + 8), (UInt128)(ulong)_random.NextInt64());
        return Icmp6(134, body, 255, _allNodes);
    }

    private byte[] ListenerQuery() => Icmp6(130, [0, 100, 0, 0, .. new byte[16], 2, 125, 0, 0], 1, _allNodes);

    private byte[] PacketTooBig()
    {
        var body = new byte[4 + 40 + 20];
        BinaryPrimitives.WriteUInt32BigEndian(body, (uint)_random.Next(2000));
        (body[4], body[9], body[10], body[11]) = (0x60, 100, PacketChecksums.Tcp, 64);
        BinaryPrimitives.WriteUInt128BigEndian(body.AsSpan(12), _forge.Target.GuestLinkLocal);
        BinaryPrimitives.WriteUInt128BigEndian(body.AsSpan(28), _forge.Target.AttackerLinkLocal);
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(44), _forge.Target.Port);
        return Icmp6((byte)_random.Next(1, 5), body, 64);
    }

    // Hop-by-hop, destination options and a routing header before an echo.
    private byte[] ExtensionHeaders()
    {
        byte[] chain = [60, 0, 5, 2, 0, 0, 1, 0, 43, 0, 1, 4, 0, 0, 0, 0, PacketChecksums.Icmpv6, 0, 4, 0, 0, 0, 0, 0, 128, 0, 0, 0, 0, 1, 0, 1];
        return _forge.Ipv6(0, _forge.Target.AttackerLinkLocal, _forge.Target.GuestLinkLocal, chain);
    }

    private byte[] Segment6()
    {
        var segment = new byte[20];
        BinaryPrimitives.WriteUInt16BigEndian(segment, _forge.Port());
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(2), _forge.Target.Port);
        BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(4), (uint)_random.NextInt64());
        (segment[12], segment[13], segment[14]) = (0x50, (byte)_random.Next(64), 255);
        return FrameForge.Finish(_forge.Ipv6(PacketChecksums.Tcp, _forge.Target.AttackerLinkLocal, _forge.Target.GuestLinkLocal, segment));
    }
}
