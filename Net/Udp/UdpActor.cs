// RFC 768 and RFC 1122 4.1: the User Datagram Protocol.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Udp;

/// <summary>Gives datagrams to whoever bound their port, dropping when that one is behind; sends datagrams, waiting for the internet layer.</summary>
public sealed class UdpActor(LinkResources link, InternetLayers internet, LayerCounters counters) : Actor<UdpMessage>, IStateful<UdpLayerState>
{
    private readonly Dictionary<ushort, UdpReceiver> _receivers = [];

    /// <inheritdoc/>
    public UdpLayerState ExportState() => new([.. _receivers.Select(static bound => new UdpBinding(bound.Key, bound.Value))]);

    /// <inheritdoc/>
    public void ImportState(UdpLayerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach (UdpBinding bound in state.Bindings)
            _receivers[bound.Port] = bound.Receiver;
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(UdpMessage message)
    {
        switch (message.Kind)
        {
            case UdpMessageKind.Received:
                ReceivePackets(message.Frames);
                return default;
            case UdpMessageKind.Send:
                return Send(message.Datagram);
            case UdpMessageKind.Bind:
                _receivers[message.Port] = message.Receiver!;
                return default;
            case UdpMessageKind.TryBind:
                message.Bound.Set(_receivers.TryAdd(message.Port, message.Receiver!));
                return default;
            case UdpMessageKind.Unbind:
                _receivers.Remove(message.Port);
                return default;
            case UdpMessageKind.Error when _receivers.TryGetValue(message.Error!.Local.Port, out UdpReceiver? sender):
                sender.Fail(message.Error);
                return default;
            default:
                return default;
        }
    }

    private void ReceivePackets(FrameBatch packets)
    {
        counters.CountReceived(packets.Count);
        while (packets.TryTake(out FrameBuffer packet))
        {
            IpView view = IpView.OfValidated(packet.Data);
            IpAddress source = view.Source;
            IpAddress destination = view.Destination;
            bool verified = (packet.Offload.Flags & FrameOffloadFlags.ChecksumVerified) != 0;
            WireError error = UdpHeader.TryParse(view.Payload, source, destination, verified, out UdpHeader header);
            if (error != WireError.None)
            {
                counters.Drop(error);
                packet.Dispose();
            }
            else if (!_receivers.TryGetValue(header.DestinationPort, out UdpReceiver? receiver))
            {
                counters.Drop(DropCause.NoListener);
                Refuse(packet, destination);
            }
            else
            {
                int headers = view.HeaderLength + UdpHeader.Length;
                packet.TrimStart(headers);
                packet.SetLength(header.PayloadLength);
                UdpDatagram datagram = new(packet, new(source, header.SourcePort), new(destination, header.DestinationPort));
                if (!receiver.TryDeliver(datagram))
                    NotTaken(datagram, headers, receiver.IsFor(datagram.Source, datagram.Destination));
            }
        }

        packets.Dispose();
    }

    private void NotTaken(UdpDatagram datagram, int headers, bool hasReceiver)
    {
        counters.Drop(hasReceiver ? DropCause.Overflow : DropCause.NoListener);
        if (hasReceiver)
        {
            datagram.Dispose();
            return;
        }

        FrameBuffer packet = datagram.Payload;
        // The headers still stand before the payload.
        packet.Prepend(headers);
        Refuse(packet, datagram.Destination.Address);
    }

    // RFC 1122 4.1.3.1: the sender is told by the internet layer, if it is not behind.
    private void Refuse(FrameBuffer packet, IpAddress destination)
    {
        if (!link.TryBatch(packet, out FrameBatch batch))
            return;
        IpMessage refusal = IpMessage.Refuse(batch);
        if (!internet.Of(destination).TryTell(refusal))
            refusal.Dispose();
    }

    private ValueTask Send(in UdpDatagram datagram)
    {
        FrameBuffer frame = datagram.Payload;
        int length = frame.Length;
        IpAddress source = datagram.Source.Address;
        IpAddress destination = datagram.Destination.Address;
        // Without an address a host sends from none: DHCP starts this way.
        if (source.IsAny && !internet.Addresses.TrySelectSource(destination, out source) && destination.IsIpv4)
            source = Ipv4Address.Any;
        frame.Prepend(UdpHeader.Length);
        new UdpHeader(datagram.Source.Port, datagram.Destination.Port, length).Write(frame.Data, source, destination);
        if (!link.TryBatch(frame, out FrameBatch batch))
        {
            counters.Drop(DropCause.NoBuffer);
            return default;
        }

        counters.CountSent();
        return internet.Of(destination).TellAsync(IpMessage.Send(batch, source, destination, IpProtocol.Udp, datagram.Options));
    }
}
