// RFC 2131, as scripts write it.
using Troupe.Net.Wire;

namespace Troupe.Verification.Scripts;

/// <summary>What a server says, and what a client asks.</summary>
internal static class DhcpPackets
{
    private static readonly (string Name, DhcpMessageType Type)[] _types =
    [
        ("discover", DhcpMessageType.Discover), ("offer", DhcpMessageType.Offer), ("request", DhcpMessageType.Request), ("ack", DhcpMessageType.Acknowledge),
        ("nak", DhcpMessageType.NegativeAcknowledge), ("decline", DhcpMessageType.Decline),
    ];

    public static IEnumerable<byte[]> Build(Statement line, Bench bench)
    {
        DhcpMessageType type = Type(line);
        bool grants = type is DhcpMessageType.Offer or DhcpMessageType.Acknowledge;
        DhcpMessage message = new()
        {
            Type = type,
            TransactionId = bench.Transaction + (uint)line.Number("xid", 0),
            ClientHardware = ArpPackets.Hardware(line.Find("hardware")) ?? Bench.HostHardware,
            YourAddress = line.Find("your")?.Address<Ipv4Address>(Ipv4Address.TryParse) ?? (grants ? Bench.HostAddress : default),
            ServerIdentifier = line.Has("no-server") ? null : Optional(line, "server") ?? Bench.PeerAddress,
            Mask = grants ? Optional(line, "mask") ?? Ipv4Address.From(255, 255, 255, 0) : null,
            Gateway = Optional(line, "router"),
            NameServer = Optional(line, "dns"),
            LeaseSeconds = line.Find("lease") is { } lease ? (uint)lease.Number : grants ? 3600 : null,
            RenewalSeconds = line.Find("t1") is { } t1 ? (uint)t1.Number : null,
            RebindingSeconds = line.Find("t2") is { } t2 ? (uint)t2.Number : null,
        };
        byte[] bytes = new byte[600];
        int length = message.WriteReply(bytes);
        byte[] datagram = new byte[UdpHeader.Length + length];
        bytes.AsSpan(0, length).CopyTo(datagram.AsSpan(UdpHeader.Length));
        Ipv4Address destination = line.Find("dst")?.Address<Ipv4Address>(Ipv4Address.TryParse) ?? Ipv4Address.Broadcast;
        new UdpHeader(DhcpMessage.ServerPort, DhcpMessage.ClientPort, length).Write(datagram, Bench.PeerAddress, destination);
        byte[] packet = new byte[Ipv4Header.Length + datagram.Length];
        new Ipv4Header(Bench.PeerAddress, destination, IpProtocol.Udp, 1).Write(packet, datagram.Length);
        datagram.CopyTo(packet, Ipv4Header.Length);
        return [Ipv4Packets.Ethernet(EtherType.Ipv4, packet, destination == Ipv4Address.Broadcast ? MacAddress.Broadcast : null)];
    }

    public static string? Mismatch(Statement line, Frame frame)
    {
        if (DhcpMessage.TryParseRequest(frame.Payload.AsSpan(UdpHeader.Length), out DhcpMessage message) is var error and not WireError.None)
            return $"it cannot be read: {error}";
        if (message.Type != Type(line))
            return $"it is {message.Type}, not {Type(line)}";
        if (line.Has("no-server") && message.ServerIdentifier is { } server)
            return $"it names the server {server}";
        if (line.Has("no-requested") && message.RequestedAddress is { } requested)
            return $"it asks for {requested}";
        if (line.Has("broadcast") && !message.Broadcast)
            return "it does not ask for a broadcast";
        return AddressMismatch(line, "server", message.ServerIdentifier) ?? AddressMismatch(line, "requested", message.RequestedAddress)
            ?? AddressMismatch(line, "client", message.ClientAddress) ?? AddressMismatch(line, "dst", frame.Ip.Destination)
            ?? (message.ClientHardware == Bench.HostHardware ? null : $"hardware={message.ClientHardware}") ?? line.Mismatch("secs", message.Seconds);
    }

    public static string Describe(Frame frame)
    {
        ReadOnlySpan<byte> bytes = frame.Payload.AsSpan(UdpHeader.Length);
        if ((frame.IsFromHost ? DhcpMessage.TryParseRequest(bytes, out DhcpMessage message) : DhcpMessage.TryParseReply(bytes, out message)) != WireError.None)
            return "dhcp that cannot be read";
        string name = _types.FirstOrDefault(type => type.Type == message.Type).Name ?? message.Type.ToString();
        return $"dhcp {name} xid={message.TransactionId:x8} client={message.ClientAddress} your={message.YourAddress} requested={message.RequestedAddress} server={message.ServerIdentifier} dst={frame.Ip.Destination}";
    }

    private static string? AddressMismatch(Statement line, string key, Ipv4Address? actual) =>
        Optional(line, key) is { } wanted && wanted != actual ? $"{key}={actual}, not {wanted}" : null;

    private static Ipv4Address? Optional(Statement line, string key) => line.Find(key)?.Address<Ipv4Address>(Ipv4Address.TryParse);

    private static DhcpMessageType Type(Statement line)
    {
        foreach ((string name, DhcpMessageType type) in _types)
        {
            if (line.Has(name))
                return type;
        }

        throw line.Verb.Wrong($"What message? There are {string.Join(", ", _types.Select(static type => type.Name))}.");
    }
}
