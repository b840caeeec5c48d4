// RFC 3376 4 and RFC 2236 2: IGMP in packets of one hop, with a router alert (RFC 2113).
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

public sealed partial class Ipv4Actor
{
    private void ReceiveIgmp(FrameBuffer packet)
    {
        _igmpCounters.CountReceived();
        Ipv4View view = Ipv4View.OfValidated(packet.Data);
        WireError error = IgmpMessage.TryParse(view.Payload, out IgmpType type);
        // From the link: a message that came over a router is nobody's here.
        if (error == WireError.None && view.TimeToLive == 1)
        {
            if (type == IgmpType.Query)
            {
                error = IgmpQuery.TryParse(view.Payload, out IgmpQuery query);
                if (error == WireError.None)
                    _groups.Query(query, Now);
            }
            else if (type is IgmpType.ReportV1 or IgmpType.ReportV2)
            {
                _groups.Heard(Ipv4Address.Read(view.Payload[4..]), Now);
            }
        }

        packet.Dispose();
        if (error != WireError.None)
            _igmpCounters.Drop(error);
    }

    private void SendGroupReports()
    {
        while (_groups.TryTake(out GroupReport report))
        {
            if (!_link.Frames.TryRent(out FrameBuffer message))
            {
                _igmpCounters.Drop(DropCause.NoBuffer);
                continue;
            }

            bool leaves = report.Record == MulticastRecord.ChangeToInclude;
            if (report.Version == 3)
                IgmpMessage.WriteV3(message.Append(IgmpMessage.ReportV3Length), report.Record, report.Group);
            else
                IgmpMessage.Write(message.Append(IgmpMessage.Length), leaves ? IgmpType.Leave : report.Version == 2 ? IgmpType.ReportV2 : IgmpType.ReportV1, report.Group);
            Ipv4Address destination = report.Version == 3 ? Ipv4Address.AllIgmpRouters : leaves ? Ipv4Address.AllRouters : report.Group;
            int length = message.Length;
            // RFC 3376 4: before there is an address, from 0.0.0.0; precedence as internetwork control.
            new Ipv4Header(_routes.Address, destination, IpProtocol.Igmp, ++_identification, TimeToLive: 1, TrafficClass: 0xC0)
                .WriteWithRouterAlert(message.Prepend(Ipv4Header.LengthWithRouterAlert), length);
            if (!_link.TryBatch(message, out FrameBatch batch))
            {
                _igmpCounters.Drop(DropCause.NoBuffer);
                continue;
            }

            _igmpCounters.CountSent();
            Transmit(batch, destination);
        }
    }
}
