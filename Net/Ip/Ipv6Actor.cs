// RFC 8200: the Internet Protocol, version 6. The parts: .Receive (validation, extension headers, fragments), .Send (routes, path MTU,
// fragmentation), .Icmp (RFC 4443). Neighbours, routers, addresses and groups have files of their own.
using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>What the IPv6 layer of an interface works with.</summary>
/// <param name="Link">What is rented from the device.</param>
/// <param name="Ethernet">The link layer.</param>
/// <param name="Configuration">Addresses, limits and times.</param>
/// <param name="Internet">Limits and times shared with IPv4.</param>
/// <param name="Reassembly">Buffers for datagrams in fragments, shared with IPv4.</param>
/// <param name="Addresses">Where the addresses that are ours are made known.</param>
/// <param name="NameServers">Where the routers' DNS servers are made known.</param>
/// <param name="Randomness">For delays, identifiers and identifications.</param>
/// <param name="Counters">Of IPv6.</param>
/// <param name="IcmpCounters">Of ICMPv6.</param>
public sealed record Ipv6Surroundings(
    LinkResources Link, ActorRef<LinkMessage> Ethernet, Ipv6Configuration Configuration, InternetConfiguration Internet, FramePool Reassembly,
    LocalAddresses Addresses, NameServers NameServers, IRandomness Randomness, LayerCounters Counters, LayerCounters IcmpCounters)
{
    /// <summary>Called once, in a turn of the layer, when a router has said that DHCPv6 knows more of the link and there is an address to ask from.</summary>
    public Action? OtherConfigurationFound { get; init; }

    /// <summary>Of what goes round within the host.</summary>
    public LayerCounters LoopbackCounters { get; init; } = new(LayerCounters.Loopback);
}

/// <summary>
/// Validates what the link received and gives it to the transport it names, dropping when that is behind; gives segments a header
/// and a next hop, waiting for the link; finds neighbours, routers and addresses of its own.
/// </summary>
public sealed partial class Ipv6Actor : Actor<IpMessage>, IStateful<Ipv6LayerState>
{
    private readonly Ipv6Surroundings _around;
    private readonly LinkResources _link;
    private readonly LayerCounters _counters;
    private readonly LayerCounters _icmpCounters;
    private readonly Transports _transports;
    private readonly Ipv6Output _output;
    private readonly MulticastListener _groups;
    private readonly Ipv6Addresses _addresses;
    private readonly NeighborCache _neighbors;
    private readonly Ipv6Routes _routes;
    private readonly RouterDiscovery _discovery;
    private readonly Reassembler _reassembler;
    private readonly PathMtuTable _paths;
    private RateLimit _errors;
    private TimerHandle _tick;
    private TimeSpan _tickAt = TimeSpan.MaxValue;
    private TimeSpan _now;
    private uint _identification;
    private bool _hasToldOfConfiguration;

    /// <summary>A layer without addresses; it makes its link-local one when it starts.</summary>
    public Ipv6Actor(Ipv6Surroundings around)
    {
        ArgumentNullException.ThrowIfNull(around);
        _around = around;
        _link = around.Link;
        _counters = around.Counters;
        _icmpCounters = around.IcmpCounters;
        _transports = new(_link, _counters);
        _output = new(_link, _counters);
        _groups = new(around.Configuration, _counters, _output, around.Randomness);
        _addresses = new(around.Configuration, _icmpCounters, _output, _groups, around.Randomness) { RetransmissionTime = around.Configuration.RetransmissionTime };
        _neighbors = new(around.Configuration, _icmpCounters, _output);
        _routes = new(around.Configuration, _icmpCounters);
        _discovery = new(around.Configuration, _output, _neighbors, _addresses, _routes, around.NameServers, around.Randomness);
        _reassembler = new(around.Internet, around.Reassembly, _counters);
        _paths = new(around.Internet.PathMtuEntries, around.Internet.PathMtuLifetime);
        _errors = new(around.Internet.ErrorsPerSecond);
        Span<byte> drawn = stackalloc byte[4];
        around.Randomness.Fill(drawn);
        _identification = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(drawn);
    }

    /// <inheritdoc/>
    public Ipv6LayerState ExportState()
    {
        // What holds frames does not go along; whoever sent them sends again.
        _neighbors.DropWaiting();
        _reassembler.Clear();
        return new(_transports.Tcp, _transports.Udp, _identification, _addresses.Secret, _discovery.Export())
        {
            Tick = _tick,
            HasToldOfConfiguration = _hasToldOfConfiguration,
            FirstVersionUntil = _groups.FirstVersionUntil,
            Addresses = _addresses.Export(),
            Groups = _groups.Export(),
            Neighbors = _neighbors.Export(),
            Routers = _routes.ExportRouters(),
            Prefixes = _routes.ExportPrefixes(),
        };
    }

    /// <inheritdoc/>
    public void ImportState(Ipv6LayerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _now = Now;
        (_transports.Tcp, _transports.Udp, _identification, _tick) = (state.Tcp, state.Udp, state.Identification, state.Tick);
        _hasToldOfConfiguration = state.HasToldOfConfiguration;
        _groups.Import(state.Groups);
        _groups.FirstVersionUntil = state.FirstVersionUntil;
        _addresses.Import(state.Addresses, state.InterfaceSecret, _now);
        _discovery.Import(state.Discovery);
        _neighbors.Import(state.Neighbors, _now);
        _routes.Import(state.Routers, state.Prefixes);
        // The first turn plans what is due; it comes at once.
        _tickAt = _now;
        _tick.Restart(TimeSpan.Zero);
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _now = Now;
        _tick = Context.CreateTimer(IpMessage.Tick());
        _addresses.Start(_now);
        // The first turn sends what the start put in the row.
        _tick.Restart(TimeSpan.Zero);
        _tickAt = _now;
    }

    /// <inheritdoc/>
    protected override void Stopped()
    {
        _neighbors.Clear();
        _reassembler.Clear();
        while (_output.TryTake(out FrameBatch packets, out _))
            packets.Dispose();
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(IpMessage message)
    {
        _now = Now;
        switch (message.Kind)
        {
            case IpMessageKind.AttachTcp:
                _transports.Tcp = message.Tcp;
                break;
            case IpMessageKind.AttachUdp:
                _transports.Udp = message.Udp;
                break;
            case IpMessageKind.Received:
                ReceivePackets(message.Frames);
                break;
            case IpMessageKind.Send:
                Send(message.Frames, message.Source.Ipv6, message.Destination.Ipv6, (byte)message.Protocol, message.Options);
                break;
            case IpMessageKind.Refuse:
                Refuse(message.Frames);
                break;
            case IpMessageKind.Join:
                _groups.TryJoin(message.Destination.Ipv6, _now);
                break;
            case IpMessageKind.Leave:
                _groups.Leave(message.Destination.Ipv6, _now);
                break;
            case IpMessageKind.Tick:
                _tickAt = TimeSpan.MaxValue;
                Expire();
                break;
        }

        return EndTurn();
    }

    private TimeSpan Now => Context.Time.GetElapsedTime(0);

    private void Expire()
    {
        _addresses.Expire(_now);
        _groups.Expire(_now);
        _routes.Expire(_now);
        _discovery.Expire(_now);
        foreach (Ipv6Address lost in _neighbors.Expire(_now))
            _routes.Lost(lost);
        ExpireFragments();
    }

    private ValueTask EndTurn()
    {
        if (_addresses.TakeChange())
        {
            _around.Addresses.SetIpv6([.. _addresses.Assigned]);
            if (!_addresses.LinkLocal.IsAny)
                _discovery.Begin(_now);
        }

        if (_routes.TryTakeRoutes(out ImmutableArray<Ipv6Address> routers, out ImmutableArray<Ipv6Network> prefixes))
            _around.Addresses.SetIpv6Routes(routers, prefixes);
        if (!_hasToldOfConfiguration && _discovery.HasOtherConfiguration && !_addresses.LinkLocal.IsAny)
        {
            _hasToldOfConfiguration = true;
            _around.OtherConfigurationFound?.Invoke();
        }

        TimeSpan next = Earliest(
            Earliest(_addresses.NextDeadline, _groups.NextDeadline), Earliest(_routes.NextDeadline, _discovery.NextDeadline));
        next = Earliest(next, Earliest(_neighbors.NextDeadline, _reassembler.NextDeadline));
        // The timer only moves forward; one that comes early finds nothing due.
        if (next < _tickAt)
        {
            _tickAt = next;
            TimeSpan wait = next - _now;
            _tick.Restart(wait < TimeSpan.Zero ? TimeSpan.Zero : wait > LongestWait ? LongestWait : wait);
        }

        if (_output.IsEmpty)
            return default;
        _output.TryTake(out FrameBatch packets, out MacAddress hardware);
        ValueTask sent = _around.Ethernet.TellAsync(LinkMessage.TransmitTo(packets, EtherType.Ipv6, hardware));
        return _output.IsEmpty ? sent : SendRestAsync(sent);
    }

    // Clocks cannot count further than 49 days; an early look changes nothing.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private async ValueTask SendRestAsync(ValueTask first)
    {
        await first;
        while (_output.TryTake(out FrameBatch packets, out MacAddress hardware))
            await _around.Ethernet.TellAsync(LinkMessage.TransmitTo(packets, EtherType.Ipv6, hardware));
    }

    private static TimeSpan Earliest(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
