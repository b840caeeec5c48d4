using System.Collections.Immutable;
using Troupe.Net.Wire;

namespace Troupe.Verification.Fuzzing;

/// <summary>DHCP messages, a client's and a server's.</summary>
internal sealed class DhcpTarget() : FuzzTarget("dhcp")
{
    public override IEnumerable<byte[]> Seeds
    {
        get
        {
            byte[] bytes = new byte[600];
            DhcpMessage offer = new()
            {
                Type = DhcpMessageType.Offer,
                TransactionId = 7,
                YourAddress = Packets.Second,
                ClientHardware = new(0x0200_0000_0002),
                ServerIdentifier = Packets.First,
                Mask = new(0xFFFF_FF00),
                Gateway = Packets.First,
                NameServer = Packets.First,
                SecondNameServer = Packets.Second,
                Domain = "example.org",
                LeaseSeconds = 3600,
                RenewalSeconds = 1800,
                RebindingSeconds = 3000,
            };
            yield return bytes[..offer.WriteReply(bytes)];
            yield return bytes[..new DhcpMessage { Type = DhcpMessageType.Request, RequestedAddress = Packets.Second }.WriteRequest(bytes)];
        }
    }

    public override IReadOnlyList<byte[]> Words => [[1, 4], [3, 8], [6, 8], [15, 3, (byte)'a', (byte)'.', (byte)'b'], [50, 4], [51, 4], [53, 1, 5], [54, 4], [58, 4], [59, 4], [255], [0x63, 0x82, 0x53, 0x63]];

    public override void Run(ReadOnlySpan<byte> input)
    {
        byte[] written = new byte[1500];
        if (DhcpMessage.TryParseReply(input, out DhcpMessage reply) == WireError.None)
        {
            int length = reply.WriteReply(written);
            Require(DhcpMessage.TryParseReply(written.AsSpan(0, length), out DhcpMessage again) == WireError.None && again == reply, $"a reply changes when it is written: {reply} became {again}");
        }

        if (DhcpMessage.TryParseRequest(input, out DhcpMessage request) == WireError.None)
        {
            int length = request.WriteRequest(written);
            Require(DhcpMessage.TryParseRequest(written.AsSpan(0, length), out DhcpMessage again) == WireError.None && again == request, $"a request changes when it is written: {request} became {again}");
        }
    }
}

/// <summary>DHCPv6 messages.</summary>
internal sealed class Dhcpv6Target() : FuzzTarget("dhcpv6")
{
    private const int Entries = 8;

    public override IEnumerable<byte[]> Seeds
    {
        get
        {
            byte[] bytes = new byte[600];
            ImmutableArray<byte> identifier = Dhcpv6Message.IdentifierOf(new(0x0200_0000_0002));
            Dhcpv6Message reply = new()
            {
                Type = Dhcpv6MessageType.Reply,
                TransactionId = 7,
                ClientIdentifier = identifier,
                ServerIdentifier = identifier,
                NameServers = [Packets.FirstV6, Packets.SecondV6],
                Domains = ["example.org", "a.test"],
                RefreshSeconds = 600,
                LongestRetransmissionSeconds = 60,
                Status = 2,
            };
            yield return bytes[..reply.Write(bytes)];
            // A domain of one octet less than the longest, after which any octet may be made more.
            yield return [7, 0, 0, 1, 0, 24, 0, 254, .. DnsNames.Labels[0], .. DnsNames.Labels[0], .. DnsNames.Labels[0], 60, .. Enumerable.Repeat((byte)'d', 60), 0];
            yield return bytes[..new Dhcpv6Message { Type = Dhcpv6MessageType.InformationRequest, TransactionId = 9, ClientIdentifier = identifier }.Write(bytes)];
        }
    }

    public override IReadOnlyList<byte[]> Words => [[0, 1, 0, 10], [0, 2, 0, 10], [0, 8, 0, 2], [0, 13, 0, 2], [0, 23, 0, 16], [0, 24, 0, 5, 3, (byte)'a', (byte)'b', (byte)'c', 0], [0, 32, 0, 4], [0, 83, 0, 4], .. DnsNames.Labels];

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (Dhcpv6Message.TryParse(input, Entries, out Dhcpv6Message message) != WireError.None)
            return;
        Require(message.NameServers.Length <= Entries && message.Domains.Length <= Entries, "there is more than was asked for");
        foreach (string domain in message.Domains)
            Require(DnsName.Normalize(domain) is not null, $"'{domain}' is no domain");
        if (message.Type == Dhcpv6MessageType.InformationRequest)
            return;
        byte[] written = new byte[8192];
        int length = message.Write(written);
        Require(Dhcpv6Message.TryParse(written.AsSpan(0, length), Entries, out Dhcpv6Message again) == WireError.None, "a message cannot be read that was written");
        Require(
            (again.Type, again.TransactionId, again.Status, again.RefreshSeconds, again.LongestRetransmissionSeconds)
            == (message.Type, message.TransactionId, message.Status, message.RefreshSeconds, message.LongestRetransmissionSeconds)
            && again.ClientIdentifier.SequenceEqual(message.ClientIdentifier) && again.ServerIdentifier.SequenceEqual(message.ServerIdentifier)
            && again.NameServers.SequenceEqual(message.NameServers) && again.Domains.SequenceEqual(message.Domains),
            "a message changes when it is written");
    }
}
