// IEEE 802.3 and RFC 894: the link layer; RFC 826: address resolution.
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
    EthernetConfiguration configuration, LinkResources link, ActorRef<NetworkDeviceMessage> device,
    LayerCounters counters, LayerCounters arpCounters) : Actor<LinkMessage>
{
    private readonly ArpCache _arp = new(configuration, arpCounters);
    private TimerHandle _tick;
    private ActorRef<IpMessage>? _ipv4;
    private Ipv4Address _address;

    /// <inheritdoc/>
    protected override void Started() => _tick = Context.CreateTimer(LinkMessage.Tick());

    /// <inheritdoc/>
    protected override void Stopped() => _arp.Clear();

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(LinkMessage message)
    {
        switch (message.Kind)
        {
            case LinkMessageKind.Attach:
                _ipv4 = message.Ipv4;
                return default;
            case LinkMessageKind.Device when message.DeviceEvent.Kind == NetworkDeviceEventKind.Received:
                return ReceiveFrames(message.DeviceEvent.Frames);
            case LinkMessageKind.Transmit:
                return Transmit(message.Frames, message.Address);
            case LinkMessageKind.SetAddress:
                _address = message.Address;
                return _address.IsAny ? default : SendArp(ArpPacket.Announce(link.Address, _address), MacAddress.Broadcast);
            case LinkMessageKind.Tick:
                return TickAsync();
            default:
                return default;
        }
    }

    private TimeSpan Now => Context.Time.GetElapsedTime(0);

    private ValueTask ReceiveFrames(FrameBatch frames)
    {
        FrameBatch packets = default;
        ValueTask answers = default;
        counters.CountReceived(frames.Count);
        while (frames.TryTake(out FrameBuffer frame))
        {
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
                    if (packets.IsNone && !link.Batches.TryRent(out packets))
                    {
                        counters.Drop(DropCause.NoBuffer);
                        frame.Dispose();
                        break;
                    }

                    if (!packets.TryAdd(frame))
                    {
                        Deliver(packets);
                        packets = default;
                        if (!link.TryBatch(frame, out packets))
                            counters.Drop(DropCause.NoBuffer);
                    }

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
        if (!packets.IsNone)
            Deliver(packets);
        return answers;
    }

    private void Deliver(FrameBatch packets)
    {
        int count = packets.Count;
        if (_ipv4 is { } ipv4 && ipv4.TryTell(IpMessage.Received(packets)))
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
            return Then(SendFrames(packets, hardware), ask ? SendArp(ArpPacket.Request(link.Address, _address, neighbour), MacAddress.Broadcast) : default);

        bool first = _arp.Wait(neighbour, packets, Now);
        StartTick();
        return first ? SendArp(ArpPacket.Request(link.Address, _address, neighbour), MacAddress.Broadcast) : default;
    }

    private ValueTask SendFrames(FrameBatch packets, MacAddress destination)
    {
        EthernetHeader header = new(destination, link.Address, EtherType.Ipv4);
        for (int index = 0; index < packets.Count; index++)
            header.Write(packets[index].Prepend(EthernetHeader.Length));
        counters.CountSent(packets.Count);
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

        bool forUs = !_address.IsAny && packet.TargetProtocol == _address;
        ValueTask sent = default;
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
            await SendArp(ArpPacket.Request(link.Address, _address, neighbour), MacAddress.Broadcast);
        StartTick();
    }

    private void StartTick()
    {
        if (_arp.HasUnresolved && !_tick.IsActive)
            _tick.Restart(configuration.ArpRequestInterval);
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
