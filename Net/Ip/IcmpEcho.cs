// RFC 792 and RFC 1122 3.2.2.6: every host answers an echo with the same data.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>Turns echo requests into replies, in place.</summary>
public sealed class IcmpEcho(LayerCounters counters)
{
    /// <summary>
    /// Turns a validated packet into the reply's ICMP message, without IP header; false when it is no echo request, and the
    /// packet is given back.
    /// </summary>
    public bool TryAnswer([MovesWhen(false)] FrameBuffer packet, out Ipv4Address asker)
    {
        counters.CountReceived();
        Ipv4View view = Ipv4View.OfValidated(packet.Data);
        asker = view.Source;
        int headerLength = view.HeaderLength;
        WireError error = IcmpHeader.TryParse(view.Payload, out IcmpHeader header);
        if (error == WireError.None && header is { Type: IcmpType.EchoRequest, Code: 0 } && asker.IsUnicast)
        {
            packet.TrimStart(headerLength);
            IcmpHeader.TurnIntoReply(packet.Data);
            counters.CountSent();
            return true;
        }

        if (error != WireError.None)
            counters.Drop(error);
        else
            counters.Drop(DropCause.UnknownProtocol);
        packet.Dispose();
        return false;
    }
}
