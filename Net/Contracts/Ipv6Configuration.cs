using System.Collections.Immutable;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>An IPv6 address with the length of its network's prefix.</summary>
public readonly record struct Ipv6Network(Ipv6Address Address, int PrefixLength)
{
    /// <summary>Reads "2001:db8::1/64".</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Ipv6Network network)
    {
        network = default;
        int slash = text.IndexOf('/');
        if (slash < 0 || !Ipv6Address.TryParse(text[..slash], out Ipv6Address address) ||
            !int.TryParse(text[(slash + 1)..], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int length) ||
            length > 128)
            return false;
        network = new(address, length);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Address}/{PrefixLength}");
}

/// <summary>How an interface does IPv6: its addresses, and the limits and times of neighbour discovery.</summary>
public sealed record Ipv6Configuration
{
    /// <summary>Addresses given by hand, beside those of routers' prefixes.</summary>
    public ImmutableArray<Ipv6Network> Addresses { get; init; } = [];

    /// <summary>A router given by hand.</summary>
    public Ipv6Address? Gateway { get; init; }

    /// <summary>Whether routers are listened to: their prefixes, routes and DNS servers.</summary>
    public bool AcceptsAdvertisements { get; init; } = true;

    /// <summary>RFC 7217: the secret from which interface identifiers follow. Without one it is drawn at each start, and so are the addresses.</summary>
    public UInt128? InterfaceSecret { get; init; }

    /// <summary>Neighbours remembered.</summary>
    public int Neighbors { get; init; } = 512;

    /// <summary>Batches of packets that wait for one neighbour's answer.</summary>
    public int NeighborWaitingBatches { get; init; } = 4;

    /// <summary>Packets that wait for any neighbour's answer: each holds a frame of the device's. Those that waited longest give way.</summary>
    public int NeighborWaitingPackets { get; init; } = 64;

    /// <summary>Default routers remembered.</summary>
    public int Routers { get; init; } = 8;

    /// <summary>On-link prefixes remembered.</summary>
    public int Prefixes { get; init; } = 16;

    /// <summary>Addresses, tentative ones included.</summary>
    public int MaximumAddresses { get; init; } = 16;

    /// <summary>Groups listened to.</summary>
    public int Groups { get; init; } = 64;

    /// <summary>DNS servers, and domains to search, taken from routers (RFC 8106 5.3.1: at least three).</summary>
    public int DnsEntries { get; init; } = 6;

    /// <summary>RFC 4862 5.1, DupAddrDetectTransmits: questions whether somebody has an address, before it is ours; 0 for not to ask.</summary>
    public int DuplicateAddressProbes { get; init; } = 1;

    /// <summary>RFC 4861 10, RetransTimer, until a router says otherwise.</summary>
    public TimeSpan RetransmissionTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>RFC 4861 10, REACHABLE_TIME, until a router says otherwise.</summary>
    public TimeSpan ReachableTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>RFC 4861 10, DELAY_FIRST_PROBE_TIME.</summary>
    public TimeSpan DelayFirstProbe { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>RFC 4861 10, MAX_MULTICAST_SOLICIT and MAX_UNICAST_SOLICIT.</summary>
    public int Solicitations { get; init; } = 3;

    /// <summary>RFC 4861 10, MAX_RTR_SOLICITATIONS, RTR_SOLICITATION_INTERVAL apart.</summary>
    public int RouterSolicitations { get; init; } = 3;

    /// <summary>RFC 4861 10, RTR_SOLICITATION_INTERVAL.</summary>
    public TimeSpan RouterSolicitationInterval { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>RFC 4861 10, MAX_RTR_SOLICITATION_DELAY: the first message of a host is delayed by less than this, at random.</summary>
    public TimeSpan InitialDelay { get; init; } = TimeSpan.FromSeconds(1);
}
