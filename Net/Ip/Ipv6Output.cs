// RFC 8200 3 and RFC 2464: what the parts of the IPv6 layer send in one turn, in order.
using System.Diagnostics.CodeAnalysis;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>Packets on their way down. The parts of the layer put them in; its actor takes them out at the end of the turn.</summary>
public sealed class Ipv6Output(LinkResources link, LayerCounters counters)
{
    private readonly Queue<(FrameBatch Packets, MacAddress Hardware)> _packets = new();

    /// <summary>What is rented from the device.</summary>
    public LinkResources Link => link;

    /// <summary>Whether there is nothing to send.</summary>
    public bool IsEmpty => _packets.Count == 0;

    /// <summary>A frame with so many octets, all zero, for a message; counts when there is none.</summary>
    public bool TryBegin(int length, out FrameBuffer message)
    {
        if (!link.Frames.TryRent(out message))
        {
            counters.Drop(DropCause.NoBufferToSend);
            return false;
        }

        message.Append(length).Clear();
        return true;
    }

    /// <summary>Gives a message its header and puts it in the row.</summary>
    public void Send(FrameBuffer message, in Ipv6Header header, MacAddress hardware)
    {
        int length = message.Length;
        header.Write(message.Prepend(Ipv6Header.Length), length);
        Send(message, hardware);
    }

    /// <summary>Puts a packet in the row.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "Ownership moves to the queue.")]
    public void Send(FrameBuffer packet, MacAddress hardware)
    {
        if (link.TryBatch(packet, out FrameBatch batch))
            Send(batch, hardware);
        else
            counters.Drop(DropCause.NoBufferToSend);
    }

    /// <summary>Puts packets in the row.</summary>
    public void Send(FrameBatch packets, MacAddress hardware)
    {
        counters.CountSent(packets.Count);
        _packets.Enqueue((packets, hardware));
    }

    /// <summary>Takes the next out.</summary>
    public bool TryTake(out FrameBatch packets, out MacAddress hardware)
    {
        bool taken = _packets.TryDequeue(out (FrameBatch Packets, MacAddress Hardware) next);
        (packets, hardware) = next;
        return taken;
    }
}
