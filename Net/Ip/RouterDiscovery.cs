// RFC 4861 6: asking for routers, and taking what they say of the link; RFC 8106: their DNS servers.
using System.Buffers.Binary;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>What is taken from routers. Everything in it is bounded and has an end.</summary>
public sealed class RouterDiscovery(
    Ipv6Configuration configuration, Ipv6Output output, NeighborCache neighbors, Ipv6Addresses addresses, Ipv6Routes routes, NameServers nameServers,
    IRandomness randomness)
{
    private const int PrefixesPerAdvertisement = 16;
    // RFC 4861 6.2.1: no router may say more.
    private static readonly TimeSpan LongestReachableTime = TimeSpan.FromHours(1);

    private readonly Dictionary<IpAddress, TimeSpan> _servers = [];
    private readonly Dictionary<string, TimeSpan> _domains = new(StringComparer.OrdinalIgnoreCase);
    private TimeSpan _nextSolicitation = TimeSpan.MaxValue;
    private int _solicitations;
    private bool _started;

    /// <summary>CurHopLimit.</summary>
    public byte HopLimit { get; private set; } = Ipv6Header.DefaultHopLimit;

    /// <summary>LinkMTU.</summary>
    public int Mtu { get; private set; } = output.Link.MaximumTransmissionUnit;

    /// <summary>
    /// O, or M, which says that too (RFC 4861 4.2): whether a router has said that DHCPv6 knows more of the link. Addresses are made from prefixes whatever
    /// it says.
    /// </summary>
    public bool HasOtherConfiguration { get; private set; }

    /// <summary>When <see cref="Expire"/> must be called at the latest; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan NextDeadline
    {
        get
        {
            TimeSpan next = _nextSolicitation;
            foreach (TimeSpan until in _servers.Values)
                next = until < next ? until : next;
            foreach (TimeSpan until in _domains.Values)
                next = until < next ? until : next;
            return next;
        }
    }

    /// <summary>What routers said, as a hot swap hands it on.</summary>
    public RouterDiscoveryState Export() => new(
        HopLimit, Mtu, neighbors.ReachableTime, neighbors.RetransmissionTime, HasOtherConfiguration, _started, _solicitations, _nextSolicitation,
        [.. _servers.Select(static known => new RouterServerEntry(known.Key, known.Value))],
        [.. _domains.Select(static known => new RouterDomainEntry(known.Key, known.Value))]);

    /// <summary>Takes over what a predecessor was told.</summary>
    public void Import(RouterDiscoveryState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (HopLimit, Mtu, HasOtherConfiguration) = (state.HopLimit, state.Mtu, state.HasOtherConfiguration);
        neighbors.ReachableTime = state.ReachableTime;
        neighbors.RetransmissionTime = addresses.RetransmissionTime = state.RetransmissionTime;
        (_started, _solicitations, _nextSolicitation) = (state.HasBegun, state.Solicitations, state.NextSolicitation);
        foreach (RouterServerEntry known in state.Servers)
            _servers[known.Address] = known.Until;
        foreach (RouterDomainEntry known in state.Domains)
            _domains[known.Domain] = known.Until;
    }

    /// <summary>A link-local address is ours: from now on routers are asked for (RFC 4861 6.3.7).</summary>
    public void Begin(TimeSpan now)
    {
        if (_started || !configuration.AcceptsAdvertisements)
            return;
        _started = true;
        if (configuration.RouterSolicitations > 0)
            _nextSolicitation = now + configuration.InitialDelay * Fraction();
    }

    /// <summary>Does what is due.</summary>
    public void Expire(TimeSpan now)
    {
        if (_nextSolicitation <= now)
        {
            _solicitations++;
            _nextSolicitation = _solicitations < configuration.RouterSolicitations ? now + configuration.RouterSolicitationInterval : TimeSpan.MaxValue;
            Solicit();
        }

        if (RemoveOver(_servers, now) | RemoveOver(_domains, now))
            Publish();
    }

    /// <summary>RFC 4861 6.3.4: what a router said; source and hop limit were looked at.</summary>
    public void Take(in RouterAdvertisement advertisement, Ipv6Address router, TimeSpan now)
    {
        if (!configuration.AcceptsAdvertisements)
            return;
        // RFC 4861 6.3.4: once said it holds; what is known is not forgotten for another router's silence.
        HasOtherConfiguration |= advertisement.HasOtherConfiguration || advertisement.IsManaged;
        if (advertisement.HopLimit != 0)
            HopLimit = advertisement.HopLimit;
        // RFC 4861 6.3.4: between half and one and a half times what the router says.
        TimeSpan reachable = TimeSpan.FromMilliseconds(advertisement.ReachableMilliseconds);
        if (reachable > TimeSpan.Zero && reachable <= LongestReachableTime)
            neighbors.ReachableTime = reachable * (0.5 + Fraction());
        // Not below what floods the link with questions, nor above what stops them.
        if (advertisement.RetransmissionMilliseconds is >= 100 and <= 60_000)
            neighbors.RetransmissionTime = addresses.RetransmissionTime = TimeSpan.FromMilliseconds(advertisement.RetransmissionMilliseconds);
        if (advertisement.Mtu is >= Ipv6Header.MinimumLinkMtu and var mtu && mtu <= (uint)output.Link.MaximumTransmissionUnit)
            Mtu = (int)mtu;
        if (advertisement.SourceHardware is { } hardware)
            neighbors.Learn(router, hardware, isRouter: true, now);
        routes.SetRouter(router, TimeSpan.FromSeconds(advertisement.LifetimeSeconds), now);
        if (advertisement.LifetimeSeconds > 0)
            _nextSolicitation = TimeSpan.MaxValue;

        Span<PrefixInformation> prefixes = stackalloc PrefixInformation[PrefixesPerAdvertisement];
        int count = advertisement.ReadPrefixes(prefixes);
        for (int index = 0; index < count; index++)
        {
            routes.SetPrefix(prefixes[index], now);
            addresses.Add(prefixes[index], now);
        }

        TakeDns(advertisement, now);
    }

    private void TakeDns(in RouterAdvertisement advertisement, TimeSpan now)
    {
        Span<RouterDnsServer> servers = stackalloc RouterDnsServer[configuration.DnsEntries];
        int count = advertisement.ReadDnsServers(servers);
        bool changed = false;
        for (int index = 0; index < count; index++)
            changed |= Set(_servers, servers[index].Address, servers[index].Seconds, now);
        foreach (RouterSearchDomain domain in advertisement.ReadSearchDomains(configuration.DnsEntries))
            changed |= Set(_domains, domain.Domain, domain.Seconds, now);
        if (changed)
            Publish();
    }

    private bool Set<TKey>(Dictionary<TKey, TimeSpan> table, TKey key, uint seconds, TimeSpan now) where TKey : notnull
    {
        if (seconds == 0)
            return table.Remove(key);
        TimeSpan until = seconds == uint.MaxValue ? TimeSpan.MaxValue : now + TimeSpan.FromSeconds(seconds);
        if (table.ContainsKey(key))
        {
            table[key] = until;
            return false;
        }

        return table.Count < configuration.DnsEntries && table.TryAdd(key, until);
    }

    private static bool RemoveOver<TKey>(Dictionary<TKey, TimeSpan> table, TimeSpan now) where TKey : notnull
    {
        bool removed = false;
        foreach ((TKey key, TimeSpan until) in table)
        {
            if (until <= now)
                removed |= table.Remove(key);
        }

        return removed;
    }

    private void Publish() => nameServers.SetRouters([.. _servers.Keys], [.. _domains.Keys]);

    private void Solicit()
    {
        if (!output.TryBegin(RouterSolicitation.Length, out FrameBuffer message))
            return;
        Ipv6Address source = addresses.LinkLocal;
        RouterSolicitation.Write(message.Data, output.Link.Address, source, Ipv6Address.AllRouters);
        output.Send(message, new(source, Ipv6Address.AllRouters, IpProtocol.Icmpv6, 255), Ipv6Address.AllRouters.MulticastHardware);
    }

    private double Fraction()
    {
        Span<byte> drawn = stackalloc byte[4];
        randomness.Fill(drawn);
        return BinaryPrimitives.ReadUInt32LittleEndian(drawn) / (double)uint.MaxValue;
    }
}
