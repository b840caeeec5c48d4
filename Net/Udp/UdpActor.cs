// RFC 768 and RFC 1122 4.1: the User Datagram Protocol.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Udp;

/// <summary>Gives datagrams to whoever bound their port, dropping when that one is behind; sends datagrams, waiting for the internet layer.</summary>
public sealed class UdpActor(LinkResources link, ActorRef<IpMessage> ipv4, LayerCounters counters) : Actor<UdpMessage>
{
    private readonly Dictionary<ushort, UdpReceiver> _receivers = [];
    private Ipv4Address _address;

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
            case UdpMessageKind.Unbind:
                _receivers.Remove(message.Port);
                return default;
            case UdpMessageKind.SetAddress:
                _address = message.Address;
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
            Ipv4View view = Ipv4View.OfValidated(packet.Data);
            Ipv4Address source = view.Source;
            Ipv4Address destination = view.Destination;
            WireError error = UdpHeader.TryParse(view.Payload, source, destination, out UdpHeader header);
            if (error != WireError.None)
            {
                counters.Drop(error);
                packet.Dispose();
            }
            else if (!_receivers.TryGetValue(header.DestinationPort, out UdpReceiver? receiver))
            {
                counters.Drop(DropCause.NoListener);
                packet.Dispose();
            }
            else
            {
                packet.TrimStart(view.HeaderLength + UdpHeader.Length);
                packet.SetLength(header.PayloadLength);
                if (!receiver.TryDeliver(new(packet, new(source, header.SourcePort), new(destination, header.DestinationPort))))
                {
                    counters.Drop(DropCause.Overflow);
                    packet.Dispose();
                }
            }
        }

        packets.Dispose();
    }

    private ValueTask Send(in UdpDatagram datagram)
    {
        FrameBuffer frame = datagram.Payload;
        int length = frame.Length;
        Ipv4Address source = datagram.Source.Address.IsAny ? _address : datagram.Source.Address;
        Ipv4Address destination = datagram.Destination.Address;
        frame.Prepend(UdpHeader.Length);
        new UdpHeader(datagram.Source.Port, datagram.Destination.Port, length).Write(frame.Data, source, destination);
        if (!link.TryBatch(frame, out FrameBatch batch))
        {
            counters.Drop(DropCause.NoBuffer);
            return default;
        }

        counters.CountSent();
        return ipv4.TellAsync(IpMessage.Send(batch, source, destination, IpProtocol.Udp));
    }
}
