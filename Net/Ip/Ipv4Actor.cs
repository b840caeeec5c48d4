// RFC 791: the Internet Protocol; RFC 1122 3.2: what a host does with it. The parts: .Send (routes, path MTU, fragmentation), .Icmp (RFC 792), .Groups (RFC 3376).
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>What the IPv4 layer of an interface works with.</summary>
/// <param name="Link">What is rented from the device.</param>
/// <param name="Ethernet">The link layer.</param>
/// <param name="Internet">Limits and times shared with IPv6.</param>
/// <param name="Reassembly">Buffers for datagrams in fragments, shared with IPv6.</param>
/// <param name="Randomness">For identifications.</param>
/// <param name="Counters">Of IPv4.</param>
/// <param name="IcmpCounters">Of ICMP.</param>
/// <param name="IgmpCounters">Of IGMP.</param>
public sealed record Ipv4Surroundings(
    LinkResources Link, ActorRef<LinkMessage> Ethernet, InternetConfiguration Internet, FramePool Reassembly, IRandomness Randomness,
    LayerCounters Counters, LayerCounters IcmpCounters, LayerCounters IgmpCounters)
{
    /// <summary>Of what goes round within the host.</summary>
    public LayerCounters LoopbackCounters { get; init; } = new(LayerCounters.Loopback);
}

/// <summary>
/// Validates what the link received and gives it to the transport its protocol field names, dropping when that is behind;
/// gives segments a header and a next hop, waiting for the link.
/// </summary>
public sealed partial class Ipv4Actor : Actor<IpMessage>, IStateful<Ipv4LayerState>
{
    private readonly LinkResources _link;
    private readonly ActorRef<LinkMessage> _ethernet;
    private readonly InternetConfiguration _internet;
    private readonly LayerCounters _counters;
    private readonly LayerCounters _icmpCounters;
    private readonly LayerCounters _igmpCounters;
    private readonly LayerCounters _loopbackCounters;
    private readonly Transports _transports;
    private readonly RoutingTable _routes = new();
    private readonly Reassembler _reassembler;
    private readonly PathMtuTable _paths;
    private readonly Queue<(FrameBatch Packets, Ipv4Address Neighbour)> _outgoing = new();
    private readonly GroupMembership _groups;
    private RateLimit _errors;
    private TimerHandle _tick;
    private TimeSpan _tickAt = TimeSpan.MaxValue;
    private ushort _identification;
    private ushort _fragmentIdentification;

    /// <summary>A layer without an address.</summary>
    public Ipv4Actor(Ipv4Surroundings around)
    {
        ArgumentNullException.ThrowIfNull(around);
        _link = around.Link;
        _ethernet = around.Ethernet;
        _internet = around.Internet;
        _counters = around.Counters;
        _icmpCounters = around.IcmpCounters;
        _igmpCounters = around.IgmpCounters;
        _loopbackCounters = around.LoopbackCounters;
        _transports = new(_link, _counters);
        _reassembler = new(around.Internet, around.Reassembly, _counters);
        _paths = new(around.Internet.PathMtuEntries, around.Internet.PathMtuLifetime);
        _groups = new(around.Internet, _counters, around.Randomness);
        _errors = new(around.Internet.ErrorsPerSecond);
        // RFC 7739 for IPv6 and RFC 6864 5.2: where it begins is for nobody to guess.
        Span<byte> drawn = stackalloc byte[2];
        around.Randomness.Fill(drawn);
        _fragmentIdentification = (ushort)((drawn[0] << 8) | drawn[1]);
    }

    /// <inheritdoc/>
    public Ipv4LayerState ExportState()
    {
        // Their buffers are for the successor too; whoever sent the fragments sends again.
        _reassembler.Clear();
        return new(_routes.Configuration, _transports.Tcp, _transports.Udp, _identification) { Tick = _tick, Groups = _groups.Export() };
    }

    /// <inheritdoc/>
    public void ImportState(Ipv4LayerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _routes.Configure(state.Configuration);
        (_transports.Tcp, _transports.Udp, _identification, _tick) = (state.Tcp, state.Udp, state.Identification, state.Tick);
        _groups.Import(state.Groups);
    }

    /// <inheritdoc/>
    protected override void Started() => _tick = Context.CreateTimer(IpMessage.Tick());

    /// <inheritdoc/>
    protected override void Stopped()
    {
        _reassembler.Clear();
        while (_outgoing.TryDequeue(out (FrameBatch Packets, Ipv4Address Neighbour) next))
            next.Packets.Dispose();
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(IpMessage message)
    {
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
                Send(message.Frames, message.Source.Ipv4, message.Destination, message.Protocol, message.Options);
                break;
            case IpMessageKind.Refuse:
                Refuse(message.Frames);
                break;
            case IpMessageKind.Join:
                _groups.TryJoin(message.Destination.Ipv4, Now);
                break;
            case IpMessageKind.Leave:
                _groups.Leave(message.Destination.Ipv4, Now);
                break;
            case IpMessageKind.Configure:
                return ConfigureAsync(message.Configuration);
            case IpMessageKind.Tick:
                _tickAt = TimeSpan.MaxValue;
                ExpireFragments();
                _groups.Expire(Now);
                break;
        }

        return EndTurn();
    }

    private TimeSpan Now => Context.Time.GetElapsedTime(0);

    private ValueTask EndTurn()
    {
        SendGroupReports();
        // The timer only moves forward; one that comes early finds nothing due.
        TimeSpan next = _reassembler.NextDeadline < _groups.NextDeadline ? _reassembler.NextDeadline : _groups.NextDeadline;
        if (next < _tickAt)
        {
            _tickAt = next;
            TimeSpan wait = next - Now;
            _tick.Restart(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        }

        if (!_outgoing.TryDequeue(out (FrameBatch Packets, Ipv4Address Neighbour) outgoing))
            return default;
        ValueTask sent = _ethernet.TellAsync(LinkMessage.Transmit(outgoing.Packets, outgoing.Neighbour));
        return _outgoing.Count == 0 ? sent : SendRestAsync(sent);
    }

    private async ValueTask ConfigureAsync(InterfaceConfiguration? configuration)
    {
        _routes.Configure(configuration);
        await _ethernet.TellAsync(LinkMessage.SetAddress(_routes.Address));
        _groups.Restate(Now);
        await EndTurn();
    }

    private async ValueTask SendRestAsync(ValueTask first)
    {
        await first;
        while (_outgoing.TryDequeue(out (FrameBatch Packets, Ipv4Address Neighbour) next))
            await _ethernet.TellAsync(LinkMessage.Transmit(next.Packets, next.Neighbour));
    }

    private void ReceivePackets(FrameBatch packets)
    {
        _counters.CountReceived(packets.Count);
        while (packets.TryTake(out FrameBuffer packet))
        {
            WireError error = Ipv4View.TryParse(packet.Data, packet.TotalLength, out Ipv4View view);
            if (error != WireError.None)
            {
                _counters.Drop(error);
                packet.Dispose();
            }
            else if (!IsAcceptable(view, out bool unicast))
            {
                packet.Dispose();
            }
            else if (packet.IsInPieces)
            {
                DeliverLarge(packet, view, unicast);
            }
            else if (view.IsFragment)
            {
                TakeFragment(packet, unicast);
            }
            else
            {
                // Ethernet pads to 60 octets; nobody above should see it.
                packet.SetLength(view.TotalLength);
                Deliver(packet, view.Protocol, unicast);
            }
        }

        packets.Dispose();
        _transports.Flush();
    }

    // Several segments that the device put together: nothing else comes in pieces.
    private void DeliverLarge(FrameBuffer packet, in Ipv4View view, bool unicast)
    {
        if (unicast && view.Protocol == IpProtocol.Tcp && !view.IsFragment && view.TotalLength == packet.TotalLength)
        {
            _transports.AddTcp(packet);
            return;
        }

        _counters.Drop(DropCause.Malformed);
        packet.Dispose();
    }

    private bool IsAcceptable(in Ipv4View view, out bool unicast)
    {
        Ipv4Address destination = view.Destination;
        bool forUs = _routes.IsForUs(destination, out bool broadcast);
        unicast = forUs && !broadcast;
        // RFC 2131 4.1: until a host has an address it takes UDP for any, since a server may send to the one it offers.
        bool takesAny = !_routes.IsConfigured && view.Protocol == IpProtocol.Udp && destination.IsUnicast;
        bool group = destination.IsMulticast && _groups.IsMember(destination);
        if (!forUs && !takesAny && !group)
        {
            _counters.Drop(DropCause.NotForUs);
            return false;
        }

        // RFC 1122 3.2.1.3: from a link, our own address cannot be a source.
        if ((view.Source.IsAny && view.Protocol != IpProtocol.Udp) || (!view.Source.IsAny && view.Source == _routes.Address))
        {
            _counters.Drop(DropCause.BadAddress);
            return false;
        }

        return true;
    }

    private void Deliver(FrameBuffer packet, IpProtocol protocol, bool unicast)
    {
        switch (protocol)
        {
            case IpProtocol.Tcp when unicast:
                _transports.AddTcp(packet);
                break;
            case IpProtocol.Udp:
                _transports.AddUdp(packet);
                break;
            case IpProtocol.Icmp when unicast:
                ReceiveIcmp(packet);
                break;
            case IpProtocol.Igmp:
                ReceiveIgmp(packet);
                break;
            default:
                _counters.Drop(DropCause.UnknownProtocol);
                // RFC 1122 3.2.2.1: protocol unreachable.
                if (unicast)
                    SendError(packet, IcmpType.DestinationUnreachable, 2);
                packet.Dispose();
                break;
        }
    }

    private void TakeFragment(FrameBuffer packet, bool unicast)
    {
        Ipv4View view = Ipv4View.OfValidated(packet.Data);
        ReadOnlySpan<byte> part = view.Payload;
        int offset = view.FragmentOffset;
        // RFC 1858 3 and RFC 3128: a TCP header is cut by nobody honest.
        if (view.Protocol == IpProtocol.Tcp && (offset == 8 || (offset == 0 && part.Length < 16)))
        {
            _counters.Drop(DropCause.Malformed);
            packet.Dispose();
            return;
        }

        Ipv4Address source = view.Source;
        Ipv4Address destination = view.Destination;
        bool whole = _reassembler.TryAdd(
            new(source, destination, view.Identification, (byte)view.Protocol), (byte)view.Protocol, offset, view.MoreFragments, part, Now,
            out FrameBuffer datagram, out byte protocol);
        Ipv4Header header = new(source, destination, view.Protocol, view.Identification, view.TimeToLive);
        packet.Dispose();
        if (!whole)
            return;
        // Options are not put together, since nobody reads them.
        int length = datagram.Length;
        header.Write(datagram.Prepend(Ipv4Header.Length), length);
        Deliver(datagram, (IpProtocol)protocol, unicast);
    }

    private void ExpireFragments()
    {
        while (_reassembler.TryExpire(Now, out DatagramKey key, out byte protocol, out FrameBuffer first))
        {
            if (first.IsNone)
                continue;
            // RFC 1122 3.3.2: code 1, when the first fragment had come.
            int length = first.Length;
            new Ipv4Header(key.Source.Ipv4, key.Destination.Ipv4, (IpProtocol)protocol, (ushort)key.Identification)
                .Write(first.Prepend(Ipv4Header.Length), length);
            if (_routes.IsForUs(key.Destination.Ipv4, out bool broadcast) && !broadcast)
                SendError(first, IcmpType.TimeExceeded, 1);
            first.Dispose();
        }
    }
}
