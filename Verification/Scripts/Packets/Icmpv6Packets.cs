// RFC 4443 and RFC 4861, as scripts write them.
using System.Buffers.Binary;
using Troupe.Net.Wire;

namespace Troupe.Verification.Scripts;

/// <summary>Echoes, neighbours and routers of IPv6. The peer is fe80::1 and the host's own address is what it gave itself or was configured with.</summary>
internal static class Icmpv6Packets
{
    private const uint Router = 0x8000_0000;
    private const uint Solicited = 0x4000_0000;
    private const uint Override = 0x2000_0000;

    private static readonly (string Name, byte Type)[] _types =
    [
        ("unreachable", 1), ("too-big", 2), ("echo", 128), ("echo-reply", 129), ("router-solicit", 133), ("router-advertise", 134), ("solicit", 135), ("advertise", 136),
    ];

    public static byte[] Build(Statement line, Bench bench)
    {
        byte type = Type(line);
        Ipv6Address source = Address(line, "src", bench) ?? Bench.PeerV6;
        Ipv6Address target = Address(line, "target", bench) ?? bench.HostV6;
        Ipv6Address destination = Address(line, "dst", bench) ?? type switch
        {
            135 => target.SolicitedNode,
            134 => Ipv6Address.AllNodes,
            _ => bench.HostV6,
        };
        MacAddress? hardware = line.Has("no-hardware") || source.IsAny ? null : ArpPackets.Hardware(line.Find("hardware")) ?? Bench.PeerHardware;
        byte[] body = type switch
        {
            135 or 136 => Neighbour(target, hardware, (byte)(type - 134)),
            134 => Advertisement(line, bench, hardware),
            _ => Flow.Octets(0, (int)line.Number("len", 32)),
        };
        uint value = type switch
        {
            136 => (line.Has("router") ? Router : 0) | (line.Has("solicited") ? Solicited : 0) | (line.Has("override") ? Override : 0),
            134 => (64u << 24) | (uint)line.Number("lifetime", 1800),
            128 or 129 => ((uint)line.Number("id", 0) << 16) | (uint)line.Number("number", 0),
            _ => 0,
        };
        byte[] message = [.. new byte[Icmpv6Header.Length], .. body];
        new Icmpv6Header((Icmpv6Type)type, (byte)line.Number("code", 0), value).Write(message, source, destination);
        if (line.Has("bad-sum"))
            message[2] ^= 0x55;
        byte[] packet = new byte[Ipv6Header.Length + message.Length];
        new Ipv6Header(source, destination, IpProtocol.Icmpv6, (byte)line.Number("hops", type >= 133 ? 255 : 64)).Write(packet, message.Length);
        message.CopyTo(packet, Ipv6Header.Length);
        return Ipv4Packets.Ethernet(EtherType.Ipv6, packet, destination.IsMulticast ? destination.MulticastHardware : null, ArpPackets.Hardware(line.Find("hardware")));
    }

    public static string? Mismatch(Statement line, Frame frame, Bench bench)
    {
        byte[] message = Message(frame);
        if (message[0] != Type(line))
            return $"its type is {message[0]}, not {Type(line)}";
        uint value = BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(4));
        if (Icmpv6Header.TryParse(message, Ipv6Address.Read(frame.Packet.AsSpan(8)), Ipv6Address.Read(frame.Packet.AsSpan(24)), out _) != WireError.None)
            return "its checksum is wrong";
        if (Address(line, "src", bench) is { } source && source != Ipv6Address.Read(frame.Packet.AsSpan(8)))
            return $"src={Ipv6Address.Read(frame.Packet.AsSpan(8))}, not {source}";
        if (Address(line, "dst", bench) is { } destination && destination != Ipv6Address.Read(frame.Packet.AsSpan(24)))
            return $"dst={Ipv6Address.Read(frame.Packet.AsSpan(24))}, not {destination}";
        if (Address(line, "target", bench) is { } target && target != Ipv6Address.Read(message.AsSpan(8)))
            return $"target={Ipv6Address.Read(message.AsSpan(8))}, not {target}";
        foreach ((string name, uint flag) in new[] { ("router", Router), ("solicited", Solicited), ("override", Override) })
        {
            if (line.Has(name) && (value & flag) == 0)
                return $"the flag {name} is missing";
            if (line.Has("-" + name) && (value & flag) != 0)
                return $"the flag {name} is there";
        }

        bool hasHardware = message.Length > (message[0] is 133 ? 8 : 24);
        if (line.Has("no-hardware") && hasHardware)
            return "it names a link address";
        if (line.Has("hardware") && !hasHardware)
            return "it names no link address";
        if (ArpPackets.Hardware(line.Find("to-hardware")) is { } to && frame.Destination != to)
            return $"it is sent to {frame.Destination}, not to {to}";
        return line.Mismatch("hops", frame.Packet[7]) ?? line.Mismatch("code", message[1]) ?? line.Mismatch("id", value >> 16) ?? line.Mismatch("number", value & 0xFFFF)
            ?? line.Mismatch("len", message.Length - 8);
    }

    public static string Describe(Frame frame)
    {
        byte[] message = Message(frame);
        string name = _types.FirstOrDefault(type => type.Type == message[0]).Name ?? $"type {message[0]}";
        string target = message[0] is 135 or 136 ? $" target={Ipv6Address.Read(message.AsSpan(8))}" : "";
        return $"icmp6 {name} code={message[1]} src={Ipv6Address.Read(frame.Packet.AsSpan(8))} dst={Ipv6Address.Read(frame.Packet.AsSpan(24))}{target} hops={frame.Packet[7]}";
    }

    private static byte[] Message(Frame frame)
    {
        int length = BinaryPrimitives.ReadUInt16BigEndian(frame.Packet.AsSpan(4));
        return frame.Packet[Ipv6Header.Length..(Ipv6Header.Length + length)];
    }

    private static byte[] Neighbour(Ipv6Address target, MacAddress? hardware, byte option)
    {
        byte[] body = new byte[16 + (hardware is null ? 0 : 8)];
        target.Write(body);
        if (hardware is { } address)
        {
            body[16] = option;
            body[17] = 1;
            address.Write(body.AsSpan(18));
        }

        return body;
    }

    private static byte[] Advertisement(Statement line, Bench bench, MacAddress? hardware)
    {
        byte[] body = new byte[8 + 8 + 32];
        body[8] = 1;
        body[9] = 1;
        (hardware ?? Bench.PeerHardware).Write(body.AsSpan(10));
        Span<byte> option = body.AsSpan(16);
        option[0] = 3;
        option[1] = 4;
        option[2] = 64;
        option[3] = 0xC0;
        BinaryPrimitives.WriteUInt32BigEndian(option[4..], 86_400);
        BinaryPrimitives.WriteUInt32BigEndian(option[8..], 14_400);
        (Address(line, "prefix", bench) ?? Bench.V6("2001:db8::")).Write(option[16..]);
        return body;
    }

    // "host" is the host's own link-local address, "host-group" the group in which it is asked for, "peer" the peer's.
    private static Ipv6Address? Address(Statement line, string key, Bench bench) => line.Find(key)?.Text switch
    {
        null => null,
        "host" => bench.HostV6,
        "host-group" => bench.HostV6.SolicitedNode,
        "peer" => Bench.PeerV6,
        "any" => default(Ipv6Address),
        _ => line.Find(key)!.Address<Ipv6Address>(Ipv6Address.TryParse),
    };

    private static byte Type(Statement line)
    {
        foreach ((string name, byte type) in _types)
        {
            if (line.Has(name))
                return type;
        }

        throw line.Verb.Wrong($"What message? There are {string.Join(", ", _types.Select(static type => type.Name))}.");
    }
}
