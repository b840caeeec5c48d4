// RFC 792 and RFC 1122 3.2.2: echoes and errors; RFC 1191: what a path takes; RFC 1812 4.3.2.8: not too many errors.
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

public sealed partial class Ipv4Actor
{
    // RFC 1812 4.3.2.3: as much of the packet as fits 576 octets.
    private const int LongestQuote = 576 - Ipv4Header.Length - IcmpHeader.Length;

    // RFC 1191 7.1: what paths usually take, for routers that do not say.
    private static ReadOnlySpan<ushort> Plateaus => [32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 508, 296, 68];

    private void ReceiveIcmp(FrameBuffer packet)
    {
        _icmpCounters.CountReceived();
        Ipv4View view = Ipv4View.OfValidated(packet.Data);
        Ipv4Address asker = view.Source;
        Ipv4Address asked = view.Destination;
        WireError error = IcmpHeader.TryParse(view.Payload, out IcmpHeader header);
        if (error == WireError.None && header is { Type: IcmpType.EchoRequest, Code: 0 } && (asker.IsUnicast || asker.IsLoopback))
        {
            // RFC 1122 3.2.2.6: the same data, from the address asked.
            packet.TrimStart(view.HeaderLength);
            IcmpHeader.TurnIntoReply(packet.Data);
            _icmpCounters.CountSent();
            if (_link.TryBatch(packet, out FrameBatch batch))
                Send(batch, asked, asker, IpProtocol.Icmp, new(MayFragment: true));
            else
                _icmpCounters.Drop(DropCause.NoBuffer);
            return;
        }

        if (error == WireError.None)
        {
            if (header.Type is IcmpType.DestinationUnreachable or IcmpType.TimeExceeded or IcmpType.ParameterProblem)
                error = ErrorArrives(view.Payload, header, asker.IsLoopback);
            else
                _icmpCounters.Drop(DropCause.UnknownProtocol);
        }

        packet.Dispose();
        if (error != WireError.None)
            _icmpCounters.Drop(error);
    }

    // RFC 1122 3.2.2: the header and the first octets of the packet that caused it; it must be one of ours.
    private WireError ErrorArrives(ReadOnlySpan<byte> message, in IcmpHeader header, bool withinHost)
    {
        ReadOnlySpan<byte> quoted = message[IcmpHeader.Length..];
        if (quoted.Length < Ipv4Header.Length)
            return WireError.Truncated;
        Ipv4View view = Ipv4View.OfValidated(quoted);
        int headerLength = view.HeaderLength;
        if (quoted[0] >> 4 != 4 || headerLength < Ipv4Header.Length)
            return WireError.BadVersion;
        if (quoted.Length < headerLength + 8)
            return WireError.Truncated;
        Ipv4Address source = view.Source;
        Ipv4Address destination = view.Destination;
        // From a link nobody says anything about what goes round in this host.
        if (!withinHost && (!_routes.IsConfigured || source != _routes.Address || !destination.IsUnicast))
            return WireError.BadAddress;

        int mtu = 0;
        if (header is { Type: IcmpType.DestinationUnreachable, Code: IcmpHeader.FragmentationNeeded })
        {
            mtu = IcmpHeader.NextHopMtu(message) is var said and > 0 ? said : PlateauBelow(view.TotalLength);
            mtu = Math.Max(mtu, _internet.MinimumPathMtu);
            if (!_paths.TryLower(destination, mtu, _link.MaximumTransmissionUnit, Now))
                return WireError.None;
        }

        TransportErrorKind kind = (header.Type, header.Code) switch
        {
            (IcmpType.DestinationUnreachable, IcmpHeader.FragmentationNeeded) => TransportErrorKind.TooBig,
            (IcmpType.TimeExceeded, _) => TransportErrorKind.TimeExceeded,
            (IcmpType.ParameterProblem, _) => TransportErrorKind.ParameterProblem,
            (_, 2 or 3) => TransportErrorKind.PortUnreachable,
            (_, 9 or 10 or 13) => TransportErrorKind.Prohibited,
            _ => TransportErrorKind.Unreachable,
        };
        if (view.FragmentOffset == 0 &&
            TransportErrors.TryRead(kind, view.Protocol, source, destination, quoted[headerLength..], mtu) is { } error)
            _transports.Fail(error);
        return WireError.None;
    }

    private static int PlateauBelow(int length)
    {
        foreach (ushort plateau in Plateaus)
        {
            if (plateau < length)
                return plateau;
        }

        return Plateaus[^1];
    }

    private void Refuse(FrameBatch packets)
    {
        while (packets.TryTake(out FrameBuffer packet))
        {
            // RFC 1122 4.1.3.1: port unreachable, of what was sent to us alone.
            if (_routes.IsLocal(Ipv4View.OfValidated(packet.Data).Destination))
                SendError(packet, IcmpType.DestinationUnreachable, 3);
            packet.Dispose();
        }

        packets.Dispose();
    }

    // RFC 1122 3.2.2: none of an error, none to nobody, and only so many a second.
    private void SendError([Actors.Borrowed] FrameBuffer cause, IcmpType type, byte code)
    {
        Ipv4View view = Ipv4View.OfValidated(cause.Data);
        Ipv4Address destination = view.Source;
        Ipv4Address source = view.Destination;
        bool isError = view.Protocol == IpProtocol.Icmp && (view.Payload.IsEmpty || (IcmpType)view.Payload[0] is not (IcmpType.EchoRequest or IcmpType.EchoReply));
        if (isError || !(destination.IsUnicast || destination.IsLoopback))
            return;
        if (!_errors.TryTake(Now))
        {
            _icmpCounters.Drop(DropCause.RateLimited);
            return;
        }

        if (!_link.Frames.TryRent(out FrameBuffer message))
        {
            _icmpCounters.Drop(DropCause.NoBuffer);
            return;
        }

        int quoted = Math.Min(cause.Length, LongestQuote);
        message.Append(IcmpHeader.Length + quoted).Clear();
        cause.Data[..quoted].CopyTo(message.Data[IcmpHeader.Length..]);
        new IcmpHeader(type, code).Write(message.Data);
        _icmpCounters.CountSent();
        if (_link.TryBatch(message, out FrameBatch batch))
            Send(batch, source, destination, IpProtocol.Icmp, default);
        else
            _icmpCounters.Drop(DropCause.NoBuffer);
    }
}
