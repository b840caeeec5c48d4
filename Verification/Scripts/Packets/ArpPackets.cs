// RFC 826 and RFC 5227, as scripts write them.
using System.Globalization;
using Troupe.Net.Wire;

namespace Troupe.Verification.Scripts;

/// <summary>Questions and answers of address resolution.</summary>
internal static class ArpPackets
{
    public static byte[] Build(Statement line)
    {
        MacAddress hardware = Hardware(line.Find("hardware")) ?? Bench.PeerHardware;
        Ipv4Address target = Address(line, "target", Bench.HostAddress);
        Ipv4Address sender = line.Has("probe") ? default : line.Has("announce") ? target : Address(line, "sender", Bench.PeerAddress);
        ArpPacket packet = new(
            line.Has("reply") ? ArpOperation.Reply : ArpOperation.Request, hardware, sender,
            line.Has("reply") ? Hardware(line.Find("to-hardware")) ?? Bench.HostHardware : default, target);
        byte[] bytes = new byte[ArpPacket.Length];
        packet.Write(bytes);
        MacAddress destination = Hardware(line.Find("ethernet")) ?? (line.Has("reply") ? Bench.HostHardware : MacAddress.Broadcast);
        return Ipv4Packets.Ethernet(EtherType.Arp, bytes, destination, hardware);
    }

    public static string? Mismatch(Statement line, Frame frame)
    {
        if (ArpPacket.TryParse(frame.Packet, out ArpPacket packet) is var error and not WireError.None)
            return $"it cannot be read: {error}";
        string kind = Kind(packet);
        string? wanted = new[] { "request", "reply", "probe", "announce" }.FirstOrDefault(line.Has) ?? throw line.Verb.Wrong("What? There are request, reply, probe and announce.");
        if (kind != wanted)
            return $"it is a {kind}, not a {wanted}";
        if (line.Has("sender") && Address(line, "sender", default) is var sender && packet.SenderProtocol != sender)
            return $"sender={packet.SenderProtocol}, not {sender}";
        if (line.Has("target") && Address(line, "target", default) is var target && packet.TargetProtocol != target)
            return $"target={packet.TargetProtocol}, not {target}";
        if (Hardware(line.Find("hardware")) is { } hardware && packet.SenderHardware != hardware)
            return $"hardware={packet.SenderHardware}, not {hardware}";
        if (Hardware(line.Find("to-hardware")) is { } asked && packet.TargetHardware != asked)
            return $"to-hardware={packet.TargetHardware}, not {asked}";
        return Hardware(line.Find("ethernet")) is { } destination && frame.Destination != destination ? $"ethernet={frame.Destination}, not {destination}" : null;
    }

    public static string Describe(Frame frame) => ArpPacket.TryParse(frame.Packet, out ArpPacket packet) == WireError.None
        ? $"arp {Kind(packet)} sender={packet.SenderProtocol} target={packet.TargetProtocol} hardware={packet.SenderHardware} to-hardware={packet.TargetHardware} ethernet={frame.Destination}"
        : "arp that cannot be read";

    private static string Kind(in ArpPacket packet) =>
        packet.Operation == ArpOperation.Reply ? "reply" : packet.SenderProtocol.IsAny ? "probe" : packet.IsAnnouncement ? "announce" : "request";

    private static Ipv4Address Address(Statement line, string key, Ipv4Address otherwise) => line.Find(key)?.Address<Ipv4Address>(Ipv4Address.TryParse) ?? otherwise;

    // "host", "peer" and "all" are short for those of the two ends and for everybody.
    public static MacAddress? Hardware(Word? word) => word?.Text switch
    {
        null => null,
        "host" => Bench.HostHardware,
        "peer" => Bench.PeerHardware,
        "all" => MacAddress.Broadcast,
        "none" => default(MacAddress),
        var text => ulong.TryParse(text.Replace(":", "", StringComparison.Ordinal), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value)
            ? new MacAddress(value)
            : throw word.Wrong($"'{text}' is no hardware address: 02:00:00:00:00:07, host, peer, all and none are."),
    };
}
