// RFC 768 and RFC 1122 4.1: the User Datagram Protocol.
using System.Diagnostics.CodeAnalysis;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Udp;

/// <summary>Gives datagrams to whoever bound their port, dropping when that one is behind; sends datagrams, waiting for the internet layer.</summary>
public sealed class UdpActor(InternetLayers internet, LayerCounters counters) : Actor<UdpMessage>, IStateful<UdpLayerState>
{
    // A port that is bound on one interface alone has a key of its own.
    private readonly Dictionary<int, UdpReceiver> _receivers = [];

    /// <inheritdoc/>
    public UdpLayerState ExportState() => new([.. _receivers.Select(static bound => new UdpBinding((ushort)bound.Key, bound.Value, bound.Key >> 16))]);

    /// <inheritdoc/>
    public void ImportState(UdpLayerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        foreach (UdpBinding bound in state.Bindings)
            _receivers[KeyOf(bound.Port, bound.Interface)] = bound.Receiver;
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(UdpMessage message)
    {
        switch (message.Kind)
        {
            case UdpMessageKind.Received:
                ReceivePackets(message.Frames, message.Interface);
                return default;
            case UdpMessageKind.Send:
                return Send(message.Datagram);
            case UdpMessageKind.Bind:
                _receivers[KeyOf(message.Port, message.Interface)] = message.Receiver!;
                return default;
            case UdpMessageKind.TryBind:
                message.Bound.Set(!IsBoundOnOne(message.Port) && _receivers.TryAdd(message.Port, message.Receiver!));
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

    private static int KeyOf(ushort port, int interfaceIndex) => (interfaceIndex << 16) | port;

    private bool IsBoundOnOne(ushort port)
    {
        foreach (InternetInterface one in internet.Interfaces)
        {
            if (_receivers.ContainsKey(KeyOf(port, one.Index)))
                return true;
        }

        return false;
    }

    private bool TryFind(ushort port, byte interfaceIndex, [NotNullWhen(true)] out UdpReceiver? receiver) =>
        _receivers.TryGetValue(port, out receiver) || _receivers.TryGetValue(KeyOf(port, interfaceIndex), out receiver);

    private void ReceivePackets(FrameBatch packets, byte interfaceIndex)
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
            else if (!TryFind(header.DestinationPort, interfaceIndex, out UdpReceiver? receiver))
            {
                counters.Drop(DropCause.NoListener);
                Refuse(packet, destination);
            }
            else
            {
                int headers = view.HeaderLength + UdpHeader.Length;
                packet.TrimStart(headers);
                packet.SetLength(header.PayloadLength);
                UdpDatagram datagram = new(
                    packet, new(source, header.SourcePort), new(destination, header.DestinationPort), new(MayFragment: true, Interface: interfaceIndex));
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
        InternetInterface taker = internet.Of(default, destination);
        if (!taker.Link.TryBatch(packet, out FrameBatch batch))
            return;
        IpMessage refusal = IpMessage.Refuse(batch);
        if (!taker.LayerOf(destination).TryTell(refusal))
            refusal.Dispose();
    }

    private ValueTask Send(in UdpDatagram datagram)
    {
        FrameBuffer frame = datagram.Payload;
        int length = frame.Length;
        IpAddress source = datagram.Source.Address;
        IpAddress destination = datagram.Destination.Address;
        // Without an address a host sends from none: DHCP starts this way.
        if (source.IsAny && !internet.TrySelectSource(destination, datagram.Interface, out source) && destination.IsIpv4)
            source = Ipv4Address.Any;
        InternetInterface sender = internet.Of(source, destination, datagram.Interface);
        frame.Prepend(UdpHeader.Length);
        new UdpHeader(datagram.Source.Port, datagram.Destination.Port, length).Write(frame.Data, source, destination);
        if (!sender.Link.TryBatch(frame, out FrameBatch batch))
        {
            counters.Drop(DropCause.NoBuffer);
            return default;
        }

        counters.CountSent();
        return sender.LayerOf(destination).TellAsync(IpMessage.Send(batch, source, destination, IpProtocol.Udp, datagram.Options));
    }
}
