// RFC 791: the Internet Protocol; RFC 1122 3.2: what a host does with it. Fragments are dropped and counted.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>
/// Validates what the link received and gives it to the transport its protocol field names, dropping when that is behind;
/// gives segments a header and a next hop, waiting for the link.
/// </summary>
public sealed class Ipv4Actor(
    LinkResources link, ActorRef<LinkMessage> ethernet, LayerCounters counters, LayerCounters icmpCounters) : Actor<IpMessage>, IStateful<Ipv4LayerState>
{
    private readonly RoutingTable _routes = new();
    private readonly IcmpEcho _echo = new(icmpCounters);
    private ActorRef<TcpMessage>? _tcp;
    private ActorRef<UdpMessage>? _udp;
    private ushort _identification;

    /// <inheritdoc/>
    public Ipv4LayerState ExportState() => new(_routes.Configuration, _tcp, _udp, _identification);

    /// <inheritdoc/>
    public void ImportState(Ipv4LayerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _routes.Configure(state.Configuration);
        (_tcp, _udp, _identification) = (state.Tcp, state.Udp, state.Identification);
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(IpMessage message)
    {
        switch (message.Kind)
        {
            case IpMessageKind.AttachTcp:
                _tcp = message.Tcp;
                return default;
            case IpMessageKind.AttachUdp:
                _udp = message.Udp;
                return default;
            case IpMessageKind.Received:
                return ReceivePackets(message.Frames);
            case IpMessageKind.Send:
                return Send(message.Frames, message.Source.Ipv4, message.Destination.Ipv4, message.Protocol, message.Options);
            case IpMessageKind.Configure:
                _routes.Configure(message.Configuration);
                return ethernet.TellAsync(LinkMessage.SetAddress(_routes.Address));
            default:
                return default;
        }
    }

    private ValueTask ReceivePackets(FrameBatch packets, bool looped = false)
    {
        FrameBatch toTcp = default;
        FrameBatch toUdp = default;
        ValueTask answers = default;
        counters.CountReceived(packets.Count);
        while (packets.TryTake(out FrameBuffer packet))
        {
            if (!TryValidate(packet, looped, out bool broadcast, out IpProtocol protocol))
            {
                packet.Dispose();
                continue;
            }

            switch (protocol)
            {
                case IpProtocol.Tcp when !broadcast:
                    Add(ref toTcp, packet);
                    break;
                case IpProtocol.Udp:
                    Add(ref toUdp, packet);
                    break;
                case IpProtocol.Icmp when !broadcast:
                    if (_echo.TryAnswer(packet, out Ipv4Address asker))
                        answers = Then(answers, SendAnswer(packet, asker));
                    break;
                default:
                    counters.Drop(DropCause.UnknownProtocol);
                    packet.Dispose();
                    break;
            }
        }

        packets.Dispose();
        if (!toTcp.IsNone)
            DeliverToTcp(toTcp);
        if (!toUdp.IsNone)
            DeliverToUdp(toUdp);
        return answers;
    }

    private bool TryValidate([Borrowed] FrameBuffer packet, bool looped, out bool broadcast, out IpProtocol protocol)
    {
        broadcast = false;
        protocol = default;
        // What this host sent to itself has the loopback's addresses, which no link may bring; the header is our own.
        Ipv4View view = default;
        WireError error = looped ? WireError.None : Ipv4View.TryParse(packet.Data, out view);
        if (looped)
            view = Ipv4View.OfValidated(packet.Data);
        if (error != WireError.None)
        {
            counters.Drop(error);
            return false;
        }

        if (view.IsFragment)
        {
            counters.Drop(DropCause.Fragment);
            return false;
        }

        protocol = view.Protocol;
        // RFC 2131 4.1: until a host has an address it takes UDP for any, since a server may send to the one it offers.
        bool takesAny = !_routes.IsConfigured && protocol == IpProtocol.Udp && view.Destination.IsUnicast;
        if (!_routes.IsForUs(view.Destination, out broadcast) && !takesAny && !looped)
        {
            counters.Drop(DropCause.NotForUs);
            return false;
        }

        // RFC 1122 3.2.1.3: from a link, neither our own address nor the loopback's can be a source.
        if ((view.Source.IsAny && protocol != IpProtocol.Udp) || (!looped && !view.Source.IsAny && _routes.IsLocal(view.Source)))
        {
            counters.Drop(DropCause.BadAddress);
            return false;
        }

        // Ethernet pads to 60 octets; nobody above should see it.
        packet.SetLength(view.TotalLength);
        return true;
    }

    private void Add(ref FrameBatch batch, FrameBuffer packet)
    {
        if (batch.IsNone)
        {
            if (!link.TryBatch(packet, out batch))
                counters.Drop(DropCause.NoBuffer);
        }
        else if (!batch.TryAdd(packet))
        {
            // Batches of one pool are of one size, so what came in one batch fits one.
            counters.Drop(DropCause.NoBuffer);
            packet.Dispose();
        }
    }

    private void DeliverToTcp(FrameBatch packets)
    {
        // Counted before it moves.
        int count = packets.Count;
        if (_tcp is not { } tcp || !tcp.TryTell(TcpMessage.Received(packets)))
            Drop(packets, count);
    }

    private void DeliverToUdp(FrameBatch packets)
    {
        int count = packets.Count;
        if (_udp is not { } udp || !udp.TryTell(UdpMessage.Received(packets)))
            Drop(packets, count);
    }

    private void Drop(FrameBatch packets, int count)
    {
        counters.Drop(DropCause.Overflow, count);
        packets.Dispose();
    }

    private ValueTask SendAnswer(FrameBuffer message, Ipv4Address destination)
    {
        if (link.TryBatch(message, out FrameBatch batch))
            return Send(batch, _routes.Address, destination, IpProtocol.Icmp, default);
        icmpCounters.Drop(DropCause.NoBuffer);
        return default;
    }

    private ValueTask Send(FrameBatch segments, Ipv4Address source, Ipv4Address destination, IpProtocol protocol, IpSendOptions options)
    {
        bool local = _routes.IsLocal(destination);
        Ipv4Address neighbour = default;
        if (!local && !_routes.TryRoute(destination, out neighbour))
        {
            counters.Drop(DropCause.Unroutable, segments.Count);
            segments.Dispose();
            return default;
        }

        byte hops = options.HopLimit != 0 ? options.HopLimit : destination.IsMulticast ? (byte)1 : Ipv4Header.DefaultTimeToLive;
        for (int index = 0; index < segments.Count; index++)
        {
            FrameBuffer segment = segments[index];
            int length = segment.Length;
            // RFC 6864: never fragmented, so the field means nothing; counting helps whoever reads a capture.
            new Ipv4Header(source, destination, protocol, ++_identification, hops, options.TrafficClass)
                .Write(segment.Prepend(Ipv4Header.Length), length);
        }

        counters.CountSent(segments.Count);
        return local ? ReceivePackets(segments, looped: true) : ethernet.TellAsync(LinkMessage.Transmit(segments, neighbour));
    }

    private static ValueTask Then(ValueTask first, ValueTask second)
    {
        if (first.IsCompletedSuccessfully)
            return second;
        return second.IsCompletedSuccessfully ? first : BothAsync(first, second);

        static async ValueTask BothAsync(ValueTask first, ValueTask second)
        {
            await first;
            await second;
        }
    }
}
