// RFC 1122 3.3 and RFC 8200: what an internet layer hands to the transports above it.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>The transports above an internet layer. What came in one batch goes up in one a transport; who is behind loses it, and that is counted.</summary>
internal sealed class Transports(LinkResources link, LayerCounters counters)
{
    private FrameBatch _toTcp;
    private FrameBatch _toUdp;

    public ActorRef<TcpMessage>? Tcp { get; set; }

    public ActorRef<UdpMessage>? Udp { get; set; }

    public void AddTcp(FrameBuffer packet) => Add(ref _toTcp, packet);

    public void AddUdp(FrameBuffer packet) => Add(ref _toUdp, packet);

    /// <summary>Hands up what was added.</summary>
    public void Flush()
    {
        if (!_toTcp.IsNone)
        {
            FrameBatch packets = _toTcp;
            _toTcp = default;
            // Counted before it moves.
            int count = packets.Count;
            if (Tcp is not { } tcp || !tcp.TryTell(TcpMessage.Received(packets)))
                Drop(packets, count);
        }

        if (!_toUdp.IsNone)
        {
            FrameBatch packets = _toUdp;
            _toUdp = default;
            int count = packets.Count;
            if (Udp is not { } udp || !udp.TryTell(UdpMessage.Received(packets, (byte)link.InterfaceIndex)))
                Drop(packets, count);
        }
    }

    /// <summary>Tells a transport of a packet that did not arrive.</summary>
    public void Fail(TransportError error)
    {
        bool told = error.Protocol switch
        {
            IpProtocol.Tcp => Tcp is { } tcp && tcp.TryTell(TcpMessage.Failed(error)),
            IpProtocol.Udp => Udp is { } udp && udp.TryTell(UdpMessage.Failed(error)),
            _ => true,
        };
        if (!told)
            counters.Drop(DropCause.ErrorNotTold);
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
            // More than one batch's worth, when packets go round in this host.
            Flush();
            Add(ref batch, packet);
        }
    }

    private void Drop(FrameBatch packets, int count)
    {
        counters.Drop(DropCause.Overflow, count);
        packets.Dispose();
    }
}
