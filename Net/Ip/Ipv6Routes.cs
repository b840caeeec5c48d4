// RFC 4861 5.1, 5.2 and 6.3: default routers and on-link prefixes, and where a packet goes next.
using System.Collections.Immutable;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>The routes of one interface: prefixes on the link, the longest first, then default routers, those that answer first.</summary>
public sealed class Ipv6Routes(Ipv6Configuration configuration, LayerCounters counters)
{
    private readonly List<Prefix> _prefixes =
        [.. configuration.Addresses.Select(static given => new Prefix(given.Address, given.PrefixLength, TimeSpan.MaxValue)).OrderByDescending(static p => p.Length)];

    private readonly List<Router> _routers = configuration.Gateway is { } gateway ? [new(gateway, TimeSpan.MaxValue)] : [];

    private int _turn;
    private bool _changed = configuration.Gateway is not null || !configuration.Addresses.IsEmpty;

    /// <summary>When <see cref="Expire"/> must be called at the latest; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan NextDeadline { get; private set; } = TimeSpan.MaxValue;

    /// <summary>Default routers known.</summary>
    public int Routers => _routers.Count;

    /// <summary>Prefixes known to be on the link.</summary>
    public int Prefixes => _prefixes.Count;

    /// <summary>Whether the default routers or the prefixes changed since this was asked last; if so, what they are.</summary>
    public bool TryTakeRoutes(out ImmutableArray<Ipv6Address> routers, out ImmutableArray<Ipv6Network> prefixes)
    {
        routers = _changed ? [.. _routers.Select(static router => router.Address)] : [];
        prefixes = _changed ? [.. _prefixes.Select(static prefix => new Ipv6Network(prefix.Network, prefix.Length))] : [];
        bool changed = _changed;
        _changed = false;
        return changed;
    }

    /// <summary>The next hop for a destination that is no group; false when there is none.</summary>
    public bool TryRoute(Ipv6Address destination, NeighborCache neighbors, out Ipv6Address nextHop)
    {
        nextHop = destination;
        if (destination.IsLinkLocal)
            return true;
        foreach (Prefix prefix in _prefixes)
        {
            if (prefix.Network.Shares(destination, prefix.Length))
                return true;
        }

        if (_routers.Count == 0)
            return false;
        // RFC 4861 6.3.6: one that is known to be there, or else each in its turn, so that one that is gets found.
        foreach (Router router in _routers)
        {
            if (neighbors.IsProbablyReachable(router.Address))
            {
                nextHop = router.Address;
                return true;
            }
        }

        nextHop = _routers[_turn % _routers.Count].Address;
        return true;
    }

    /// <summary>RFC 4861 6.3.5: a router that does not answer gives way to the next.</summary>
    public void Lost(Ipv6Address neighbor)
    {
        if (_routers.Exists(router => router.Address == neighbor))
            _turn = (_turn + 1) % _routers.Count;
    }

    /// <summary>A router that says it is one for so long; with 0 it is one no longer.</summary>
    public void SetRouter(Ipv6Address router, TimeSpan lifetime, TimeSpan now)
    {
        int index = _routers.FindIndex(known => known.Address == router);
        _changed |= index < 0 || lifetime == TimeSpan.Zero;
        if (index >= 0 && _routers[index].Until != TimeSpan.MaxValue)
            _routers.RemoveAt(index);
        else if (index >= 0)
            return;
        if (lifetime > TimeSpan.Zero)
        {
            if (_routers.Count >= configuration.Routers)
                counters.Drop(DropCause.TableFull);
            else
                _routers.Insert(index >= 0 ? index : _routers.Count, new(router, now + lifetime));
        }

        Plan();
    }

    /// <summary>RFC 4861 6.3.4: a prefix that is on the link for so long; with 0 it is no longer.</summary>
    public void SetPrefix(in PrefixInformation information, TimeSpan now)
    {
        if (!information.IsOnLink || information.Prefix.IsLinkLocal || information.Prefix.IsMulticast || information.PrefixLength == 0)
            return;
        int length = information.PrefixLength;
        Ipv6Address network = information.Prefix;
        int index = _prefixes.FindIndex(known => known.Length == length && known.Network.Shares(network, length));
        if (index >= 0 && _prefixes[index].Until == TimeSpan.MaxValue && configuration.Addresses.Any(given => given.PrefixLength == length && given.Address.Shares(network, length)))
            return;
        _changed |= index < 0 || information.ValidSeconds == 0;
        if (index >= 0)
            _prefixes.RemoveAt(index);
        if (information.ValidSeconds > 0)
        {
            if (_prefixes.Count >= configuration.Prefixes)
            {
                counters.Drop(DropCause.TableFull);
            }
            else
            {
                TimeSpan until = information.ValidSeconds == uint.MaxValue ? TimeSpan.MaxValue : now + TimeSpan.FromSeconds(information.ValidSeconds);
                int place = _prefixes.FindIndex(known => known.Length < length);
                _prefixes.Insert(place < 0 ? _prefixes.Count : place, new(network, length, until));
            }
        }

        Plan();
    }

    /// <summary>The default routers, as a hot swap hands them on.</summary>
    public ImmutableArray<Ipv6RouterEntry> ExportRouters() => [.. _routers.Select(static router => new Ipv6RouterEntry(router.Address, router.Until))];

    /// <summary>The prefixes, as a hot swap hands them on.</summary>
    public ImmutableArray<Ipv6PrefixEntry> ExportPrefixes() =>
        [.. _prefixes.Select(static prefix => new Ipv6PrefixEntry(prefix.Network, prefix.Length, prefix.Until))];

    /// <summary>Takes over the routes of a predecessor, those given by hand among them.</summary>
    public void Import(ImmutableArray<Ipv6RouterEntry> routers, ImmutableArray<Ipv6PrefixEntry> prefixes)
    {
        _changed = true;
        _routers.Clear();
        _routers.AddRange(routers.Select(static router => new Router(router.Address, router.Until)));
        _prefixes.Clear();
        _prefixes.AddRange(prefixes.Select(static prefix => new Prefix(prefix.Network, prefix.Length, prefix.Until)));
        Plan();
    }

    /// <summary>Forgets what is over.</summary>
    public void Expire(TimeSpan now)
    {
        if (now < NextDeadline)
            return;
        _changed |= _prefixes.RemoveAll(prefix => prefix.Until <= now) > 0;
        _changed |= _routers.RemoveAll(router => router.Until <= now) > 0;
        Plan();
    }

    private void Plan()
    {
        NextDeadline = TimeSpan.MaxValue;
        foreach (Prefix prefix in _prefixes)
            NextDeadline = prefix.Until < NextDeadline ? prefix.Until : NextDeadline;
        foreach (Router router in _routers)
            NextDeadline = router.Until < NextDeadline ? router.Until : NextDeadline;
    }

    private sealed record Prefix(Ipv6Address Network, int Length, TimeSpan Until);

    private sealed record Router(Ipv6Address Address, TimeSpan Until);
}
