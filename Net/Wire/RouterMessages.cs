// RFC 4861 4.1, 4.2 and 4.6: router solicitations and advertisements; RFC 8106 5: DNS servers and search lists in them.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>Are there routers on this link?</summary>
public static class RouterSolicitation
{
    /// <summary>Octets on the wire with the asker's link address.</summary>
    public const int Length = 16;

    /// <summary>Writes the whole message.</summary>
    public static void Write(Span<byte> message, MacAddress hardware, Ipv6Address source, Ipv6Address destination)
    {
        NeighborOptions.WriteLinkLayer(message[8..], NeighborOption.SourceLinkLayer, hardware);
        new Icmpv6Header(Icmpv6Type.RouterSolicitation, 0).Write(message[..Length], source, destination);
    }
}

/// <summary>RFC 4861 4.6.2: a prefix of this link.</summary>
/// <param name="Prefix">The prefix, other bits as they came.</param>
/// <param name="PrefixLength">Its length.</param>
/// <param name="IsOnLink">L: addresses with it are neighbours.</param>
/// <param name="IsAutonomous">A: hosts make addresses from it.</param>
/// <param name="ValidSeconds">How long it is valid; all ones for ever.</param>
/// <param name="PreferredSeconds">How long addresses from it are preferred; all ones for ever.</param>
public readonly record struct PrefixInformation(
    Ipv6Address Prefix, int PrefixLength, bool IsOnLink, bool IsAutonomous, uint ValidSeconds, uint PreferredSeconds);

/// <summary>RFC 8106 5.1: a DNS server.</summary>
public readonly record struct RouterDnsServer(Ipv6Address Address, uint Seconds);

/// <summary>RFC 8106 5.2: a domain to try names in.</summary>
public readonly record struct RouterSearchDomain(string Domain, uint Seconds);

/// <summary>What a router says of itself and of the link. The lists are walked by enumerators, nothing is allocated for them.</summary>
public readonly ref struct RouterAdvertisement
{
    private readonly ReadOnlySpan<byte> _message;

    private RouterAdvertisement(ReadOnlySpan<byte> message) => _message = message;

    /// <summary>The hop limit to send with; 0 for unspecified.</summary>
    public byte HopLimit => _message[4];

    /// <summary>M: addresses come by DHCPv6.</summary>
    public bool IsManaged => (_message[5] & 0x80) != 0;

    /// <summary>O: other configuration comes by DHCPv6.</summary>
    public bool HasOtherConfiguration => (_message[5] & 0x40) != 0;

    /// <summary>How long this is a default router; 0 for not at all.</summary>
    public ushort LifetimeSeconds => BinaryPrimitives.ReadUInt16BigEndian(_message[6..]);

    /// <summary>How long a neighbour counts as reachable; 0 for unspecified.</summary>
    public uint ReachableMilliseconds => BinaryPrimitives.ReadUInt32BigEndian(_message[8..]);

    /// <summary>The time between solicitations; 0 for unspecified.</summary>
    public uint RetransmissionMilliseconds => BinaryPrimitives.ReadUInt32BigEndian(_message[12..]);

    /// <summary>The router's link address, if it says so.</summary>
    public MacAddress? SourceHardware =>
        NeighborOptions.TryFindLinkLayer(_message[16..], NeighborOption.SourceLinkLayer, out MacAddress? hardware) == WireError.None ? hardware : null;

    /// <summary>The link's MTU, if it says so.</summary>
    public uint? Mtu
    {
        get
        {
            ReadOnlySpan<byte> options = _message[16..];
            while (NeighborOptions.TryTake(ref options, out NeighborOption type, out ReadOnlySpan<byte> option))
            {
                if (type == NeighborOption.Mtu && option.Length == 8)
                    return BinaryPrimitives.ReadUInt32BigEndian(option[4..]);
            }

            return null;
        }
    }

    /// <summary>Reads a message whose fixed part was validated (RFC 4861 6.1.2, but for hop limit and source).</summary>
    public static WireError TryParse(ReadOnlySpan<byte> message, out RouterAdvertisement advertisement)
    {
        advertisement = default;
        if (message.Length < 16)
            return WireError.Truncated;
        ReadOnlySpan<byte> options = message[16..];
        while (options.Length > 0)
        {
            if (!NeighborOptions.TryTake(ref options, out _, out _))
                return WireError.BadOption;
        }

        advertisement = new(message);
        return WireError.None;
    }

    /// <summary>The prefixes, up to what fits; those that are malformed are left out. Answers how many there are.</summary>
    public int ReadPrefixes(Span<PrefixInformation> prefixes)
    {
        int count = 0;
        ReadOnlySpan<byte> options = _message[16..];
        while (count < prefixes.Length && NeighborOptions.TryTake(ref options, out NeighborOption type, out ReadOnlySpan<byte> option))
        {
            if (type != NeighborOption.PrefixInformation || option.Length != 32 || option[2] > 128)
                continue;
            prefixes[count++] = new(
                Ipv6Address.Read(option[16..]), option[2], (option[3] & 0x80) != 0, (option[3] & 0x40) != 0,
                BinaryPrimitives.ReadUInt32BigEndian(option[4..]), BinaryPrimitives.ReadUInt32BigEndian(option[8..]));
        }

        return count;
    }

    /// <summary>The DNS servers, up to what fits. Answers how many there are.</summary>
    public int ReadDnsServers(Span<RouterDnsServer> servers)
    {
        int count = 0;
        ReadOnlySpan<byte> options = _message[16..];
        while (NeighborOptions.TryTake(ref options, out NeighborOption type, out ReadOnlySpan<byte> option))
        {
            // RFC 8106 5.3.1: one address at least, whole ones only.
            if (type != NeighborOption.RecursiveDnsServer || option.Length < 24 || option.Length % 16 != 8)
                continue;
            uint seconds = BinaryPrimitives.ReadUInt32BigEndian(option[4..]);
            for (ReadOnlySpan<byte> rest = option[8..]; rest.Length > 0 && count < servers.Length; rest = rest[16..])
            {
                if (Ipv6Address.Read(rest) is { IsUnicast: true } address)
                    servers[count++] = new(address, seconds);
            }
        }

        return count;
    }

    /// <summary>The domains of the search lists, up to a number.</summary>
    public IReadOnlyList<RouterSearchDomain> ReadSearchDomains(int maximum)
    {
        List<RouterSearchDomain>? domains = null;
        ReadOnlySpan<byte> options = _message[16..];
        while (NeighborOptions.TryTake(ref options, out NeighborOption type, out ReadOnlySpan<byte> option))
        {
            if (type != NeighborOption.DnsSearchList || option.Length < 16)
                continue;
            uint seconds = BinaryPrimitives.ReadUInt32BigEndian(option[4..]);
            ReadOnlySpan<byte> names = option[8..];
            while ((domains?.Count ?? 0) < maximum && DomainNames.TryTake(ref names, out string domain))
                (domains ??= []).Add(new(domain, seconds));
        }

        return domains ?? [];
    }
}
