// IEEE 802.3 and RFC 894: the link layer; RFC 826: address resolution; RFC 5227: address conflicts.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ethernet;

/// <summary>
/// Gives frames of the device to the layer their type names, dropping when that layer is behind, and packets of the layers
/// above to the device, waiting for it. It waits for nobody but the device.
/// </summary>
public sealed class EthernetActor(
    EthernetConfiguration configuration, LinkResources link, ActorRef<NetworkDeviceMessage> device, IRandomness randomness,
    LayerCounters counters, LayerCounters arpCounters) : Actor<LinkMessage>, IStateful<EthernetLayerState>
{
    private readonly ArpCache _arp = new(configuration, arpCounters);
    private TimerHandle _tick;
    private ActorRef<IpMessage>? _ipv4;
    private ActorRef<IpMessage>? _ipv6;
    private readonly AddressDefense _defense = new(configuration, link.Address, randomness);
    private AddressConflictObserver? _observer;
    private Reply<bool> _isFree;
    private TimeSpan _tickAt = TimeSpan.MaxValue;

    /// <inheritdoc/>
    public EthernetLayerState ExportState()
    {
        // What waits holds frames of the device and does not go along; whoever sent it sends again, and the question is asked anew.
        EthernetLayerState state = new(_ipv4, _ipv6, _observer, _isFree, _defense.Export(), _arp.Export()) { Tick = _tick };
        _arp.DropUnresolved();
        return state;
    }

    /// <inheritdoc/>
    public void ImportState(EthernetLayerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (_ipv4, _ipv6, _observer, _isFree, _tick) = (state.Ipv4, state.Ipv6, state.Observer, state.IsFree, state.Tick);
        _defense.Import(state.Defense);
        _arp.Import(state.Neighbors);
        StartTick();
    }

    /// <inheritdoc/>
    protected override void Started() => _tick = Context.CreateTimer(LinkMessage.Tick());

    /// <inheritdoc/>
    protected override void Stopped() => _arp.Clear();

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(LinkMessage message)
    {
        switch (message.Kind)
        {
            case LinkMessageKind.Attach when message.Type == EtherType.Ipv4:
                _ipv4 = message.Layer;
                return default;
            case LinkMessageKind.Attach when message.Type == EtherType.Ipv6:
                _ipv6 = message.Layer;
                return default;
            case LinkMessageKind.Device:
                NetworkDeviceEvent news = message.DeviceEvent;
                if (news.Kind == NetworkDeviceEventKind.Received)
                    return ReceiveFrames(news.Frames);
                // All other events say whether the link is up; of none, it is false.
                link.State.Set(news.IsLinkUp);
                return default;
            case LinkMessageKind.Transmit:
                return Transmit(message.Frames, message.Address);
            case LinkMessageKind.TransmitTo:
                return SendFrames(message.Frames, message.Hardware, message.Type);
            case LinkMessageKind.SetAddress:
                _defense.Set(message.Address, Now);
                return TickAsync();
            case LinkMessageKind.Probe:
                return Probe(message.Address, message.IsFree);
            case LinkMessageKind.Observe:
                _observer = message.Observer;
                return default;
            case LinkMessageKind.Tick:
                _tickAt = TimeSpan.MaxValue;
                return TickAsync();
            default:
                return default;
        }
    }

    private TimeSpan Now => Context.Time.GetElapsedTime(0);

    private ValueTask ReceiveFrames(FrameBatch frames)
    {
        FrameBatch ipv4 = default;
        FrameBatch ipv6 = default;
        ValueTask answers = default;
        counters.CountReceived(frames.Count);
        long octets = 0;
        while (frames.TryTake(out FrameBuffer frame))
        {
            octets += frame.TotalLength;
            WireError error = EthernetHeader.TryParse(frame.Data, out EthernetHeader header);
            if (error != WireError.None)
            {
                counters.Drop(error);
                frame.Dispose();
                continue;
            }

            if (header.Destination != link.Address && !header.Destination.IsMulticast)
            {
                counters.Drop(DropCause.NotForUs);
                frame.Dispose();
                continue;
            }

            frame.TrimStart(EthernetHeader.Length);
            switch (header.Type)
            {
                case EtherType.Ipv4:
                    Add(ref ipv4, frame, _ipv4);
                    break;
                case EtherType.Ipv6 when _ipv6 is not null:
                    Add(ref ipv6, frame, _ipv6);
                    break;
                case EtherType.Arp:
                    answers = Then(answers, ArpArrives(frame));
                    break;
                default:
                    counters.Drop(DropCause.UnknownProtocol);
                    frame.Dispose();
                    break;
            }
        }

        frames.Dispose();
        counters.CountReceivedOctets(octets);
        if (!ipv4.IsNone)
            Deliver(ipv4, _ipv4);
        if (!ipv6.IsNone)
            Deliver(ipv6, _ipv6);
        return answers;
    }

    private void Add(ref FrameBatch packets, FrameBuffer frame, ActorRef<IpMessage>? layer)
    {
        if (!packets.IsNone && packets.IsFull)
        {
            FrameBatch full = packets;
            packets = default;
            Deliver(full, layer);
        }

        if (packets.IsNone)
        {
            if (!link.TryBatch(frame, out packets))
                counters.Drop(DropCause.NoBuffer);
        }
        else if (!packets.TryAdd(frame))
        {
            counters.Drop(DropCause.NoBuffer);
            frame.Dispose();
        }
    }

    private void Deliver(FrameBatch packets, ActorRef<IpMessage>? layer)
    {
        int count = packets.Count;
        if (layer is not null && layer.TryTell(IpMessage.Received(packets)))
            return;
        counters.Drop(DropCause.Overflow, count);
        packets.Dispose();
    }

    private ValueTask Transmit(FrameBatch packets, Ipv4Address neighbour)
    {
        if (neighbour == Ipv4Address.Broadcast)
            return SendFrames(packets, MacAddress.Broadcast);
        // RFC 1112 6.4: the low 23 bits of the group, behind a fixed prefix.
        if (neighbour.IsMulticast)
            return SendFrames(packets, new(0x0100_5E00_0000UL | (neighbour.Value & 0x7F_FFFF)));

        if (_arp.TryResolve(neighbour, Now, out MacAddress hardware, out bool ask))
            return Then(SendFrames(packets, hardware), ask ? SendArp(ArpPacket.Request(link.Address, _defense.Address, neighbour), MacAddress.Broadcast) : default);

        bool first = _arp.Wait(neighbour, packets, Now);
        StartTick();
        return first ? SendArp(ArpPacket.Request(link.Address, _defense.Address, neighbour), MacAddress.Broadcast) : default;
    }

    private ValueTask SendFrames(FrameBatch packets, MacAddress destination, EtherType type = EtherType.Ipv4)
    {
        EthernetHeader header = new(destination, link.Address, type);
        long octets = 0;
        for (int index = 0; index < packets.Count; index++)
        {
            header.Write(packets[index].Prepend(EthernetHeader.Length));
            octets += packets[index].TotalLength;
        }

        counters.CountSent(packets.Count);
        counters.CountSentOctets(octets);
        return device.TellAsync(NetworkDeviceMessage.Transmit(packets));
    }

    private ValueTask ArpArrives(FrameBuffer frame)
    {
        arpCounters.CountReceived();
        WireError error = ArpPacket.TryParse(frame.Data, out ArpPacket packet);
        frame.Dispose();
        if (error != WireError.None)
        {
            arpCounters.Drop(error);
            return default;
        }

        // Our own announcements come back from some switches.
        if (packet.SenderHardware == link.Address)
            return default;

        if (_defense.IsTaken(packet))
            _isFree.Set(false);
        ValueTask sent = default;
        if (_defense.Judge(packet, Now) is var claim and not AddressClaim.None)
        {
            // RFC 5227 2.4: whoever claims to be us is no neighbour.
            arpCounters.Drop(DropCause.Conflict);
            if (claim == AddressClaim.Defend)
                return SendArp(ArpPacket.Announce(link.Address, _defense.Address), MacAddress.Broadcast);
            _observer?.Conflict(_defense.Address);
            return default;
        }

        bool forUs = !_defense.Address.IsAny && packet.TargetProtocol == _defense.Address;
        if (_arp.Learn(packet, forUs, Now))
            sent = SendWaitingAsync(packet.SenderProtocol, packet.SenderHardware);
        if (forUs && packet.Operation == ArpOperation.Request)
            sent = Then(sent, SendArp(packet.ReplyFrom(link.Address), packet.SenderHardware));
        return sent;
    }

    private async ValueTask SendWaitingAsync(Ipv4Address neighbour, MacAddress hardware)
    {
        while (_arp.TryTakeWaiting(neighbour, out FrameBatch packets))
            await SendFrames(packets, hardware);
    }

    private ValueTask SendArp(in ArpPacket packet, MacAddress destination)
    {
        if (!link.Frames.TryRent(out FrameBuffer frame))
        {
            arpCounters.Drop(DropCause.NoBuffer);
            return default;
        }

        packet.Write(frame.Append(ArpPacket.Length));
        new EthernetHeader(destination, link.Address, EtherType.Arp).Write(frame.Prepend(EthernetHeader.Length));
        if (!link.TryBatch(frame, out FrameBatch batch))
        {
            arpCounters.Drop(DropCause.NoBuffer);
            return default;
        }

        arpCounters.CountSent();
        return device.TellAsync(NetworkDeviceMessage.Transmit(batch));
    }

    private async ValueTask TickAsync()
    {
        // The list is reused by the cache, but only by the next tick, which is a later message.
        foreach (Ipv4Address neighbour in _arp.Tick(Now))
            await SendArp(ArpPacket.Request(link.Address, _defense.Address, neighbour), MacAddress.Broadcast);
        bool isFree;
        while (_defense.TryTakeDue(Now, out ArpPacket packet, out isFree))
            await SendArp(packet, MacAddress.Broadcast);
        if (isFree)
            _isFree.Set(true);
        StartTick();
    }

    private ValueTask Probe(Ipv4Address address, Reply<bool> isFree)
    {
        // Who asked before gets no answer of its own: one address is found out about at a time.
        _isFree.Set(false);
        _isFree = isFree;
        if (_defense.TryProbe(address, Now))
            return TickAsync();
        isFree.Set(true);
        return default;
    }

    // The timer only moves forward; one that comes early finds nothing due.
    private void StartTick()
    {
        TimeSpan next = _defense.NextDeadline;
        if (_arp.HasUnresolved && Now + configuration.ArpRequestInterval is var ask && ask < next)
            next = ask;
        if (next >= _tickAt)
            return;
        _tickAt = next;
        TimeSpan wait = next - Now;
        _tick.Restart(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
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
