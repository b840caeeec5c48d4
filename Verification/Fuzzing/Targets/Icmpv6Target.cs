using Troupe.Net.Wire;

namespace Troupe.Verification.Fuzzing;

/// <summary>ICMPv6: neighbour and router discovery with their options, multicast listener queries. The first octet chooses who the packet is from and to.</summary>
internal sealed class Icmpv6Target() : FuzzTarget("icmpv6")
{
    private static readonly MacAddress _hardware = new(0x0200_0000_0001);

    public override IEnumerable<byte[]> Seeds
    {
        get
        {
            byte[] solicitation = new byte[32];
            new NeighborSolicitation(Packets.SecondV6, _hardware).Write(solicitation, Packets.FirstV6, Packets.SecondV6);
            yield return [0, .. solicitation];
            byte[] advertisement = new byte[32];
            new NeighborAdvertisement(Packets.FirstV6, _hardware, true, true, true).Write(advertisement, Packets.FirstV6, Packets.SecondV6);
            yield return [0, .. advertisement];
            // RFC 4861 4.2: with a prefix, an MTU, a link address; RFC 8106: a DNS server and a domain.
            yield return
            [
                0, 134, 0, 0, 0, 64, 0xC0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0,
                3, 4, 64, 0xC0, 0, 0, 14, 16, 0, 0, 7, 8, 0, 0, 0, 0, 0x20, 1, 13, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                5, 1, 0, 0, 0, 0, 5, 0xDC, 1, 1, 2, 0, 0, 0, 0, 9,
                25, 3, 0, 0, 0, 0, 14, 16, 0x20, 1, 13, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53,
                31, 3, 0, 0, 0, 0, 14, 16, 7, (byte)'e', (byte)'x', (byte)'a', (byte)'m', (byte)'p', (byte)'l', (byte)'e', 3, (byte)'o', (byte)'r', (byte)'g', 0, 0, 0, 0,
            ];
            yield return [0, 130, 0, 0, 0, 0xFF, 0xFF, 0, 0, .. new byte[20]];
        }
    }

    public override void Run(ReadOnlySpan<byte> input)
    {
        InputReader reader = new(input);
        int choice = reader.Byte();
        Ipv6Address source = (choice & 1) != 0 ? Ipv6Address.Any : Packets.FirstV6;
        Ipv6Address destination = (choice & 2) != 0 ? Ipv6Address.AllNodes : (choice & 4) != 0 ? Packets.SecondV6.SolicitedNode : Packets.SecondV6;
        ReadOnlySpan<byte> rest = reader.Rest();
        Icmpv6Header.TryParse(rest, source, destination, out _);
        byte[] message = Packets.WithChecksum(rest, 2, InternetChecksum.AddPseudoHeader(0, source, destination, (byte)IpProtocol.Icmpv6, rest.Length));
        if (Icmpv6Header.TryParse(message, source, destination, out Icmpv6Header header) != WireError.None)
            return;
        byte[] written = [.. message];
        header.Write(written, source, destination);
        RequireSame(message, written, "message");
        switch (header.Type)
        {
            case Icmpv6Type.NeighborSolicitation:
                CheckSolicitation(message, source, destination);
                break;
            case Icmpv6Type.NeighborAdvertisement:
                CheckAdvertisement(message, source, destination);
                break;
            case Icmpv6Type.RouterAdvertisement:
                CheckRouter(message);
                break;
            case Icmpv6Type.MulticastListenerQuery:
                if (MulticastListenerQuery.TryParse(message, out MulticastListenerQuery query) == WireError.None)
                    Require(query.MaximumDelay >= TimeSpan.Zero && query.MaximumDelay <= TimeSpan.FromMilliseconds(8_387_584), "the delay is none that a query can ask for");
                break;
        }
    }

    private static void CheckSolicitation(byte[] message, Ipv6Address source, Ipv6Address destination)
    {
        if (NeighborSolicitation.TryParse(message, source, destination, out NeighborSolicitation solicitation) != WireError.None)
            return;
        byte[] written = new byte[solicitation.Length];
        solicitation.Write(written, source, destination);
        Require(NeighborSolicitation.TryParse(written, source, destination, out NeighborSolicitation again) == WireError.None && again == solicitation, "a solicitation changes when it is written");
    }

    private static void CheckAdvertisement(byte[] message, Ipv6Address source, Ipv6Address destination)
    {
        if (NeighborAdvertisement.TryParse(message, destination, out NeighborAdvertisement advertisement) != WireError.None)
            return;
        byte[] written = new byte[advertisement.Length];
        advertisement.Write(written, source, destination);
        Require(NeighborAdvertisement.TryParse(written, destination, out NeighborAdvertisement again) == WireError.None && again == advertisement, "an advertisement changes when it is written");
    }

    private static void CheckRouter(byte[] message)
    {
        if (RouterAdvertisement.TryParse(message, out RouterAdvertisement router) != WireError.None)
            return;
        PrefixInformation[] prefixes = new PrefixInformation[4];
        int count = router.ReadPrefixes(prefixes);
        foreach (PrefixInformation prefix in prefixes.AsSpan(0, count))
            Require(prefix.PrefixLength is >= 0 and <= 128, "a prefix is longer than an address");
        RouterDnsServer[] servers = new RouterDnsServer[3];
        foreach (RouterDnsServer server in servers.AsSpan(0, router.ReadDnsServers(servers)))
            Require(server.Address.IsUnicast, "a DNS server is no host");
        IReadOnlyList<RouterSearchDomain> domains = router.ReadSearchDomains(5);
        Require(domains.Count <= 5, "there are more domains than were asked for");
        foreach (RouterSearchDomain domain in domains)
            Require(DnsName.Normalize(domain.Domain) is not null, $"'{domain.Domain}' is no domain");
        _ = router.Mtu;
        _ = router.SourceHardware;
        _ = router.HopLimit + router.LifetimeSeconds + router.ReachableMilliseconds + router.RetransmissionMilliseconds;
    }
}
