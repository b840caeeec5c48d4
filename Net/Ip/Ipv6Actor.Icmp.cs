// RFC 4443: errors and echoes; RFC 4861 and RFC 3810: handing neighbour discovery and group membership to whom it concerns.
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

public sealed partial class Ipv6Actor
{
    private void ReceiveIcmp(FrameBuffer packet)
    {
        _icmpCounters.CountReceived();
        Ipv6View view = Ipv6View.OfValidated(packet.Data);
        Ipv6Address source = view.Source;
        Ipv6Address destination = view.Destination;
        byte hops = view.HopLimit;
        WireError error = Icmpv6Header.TryParse(view.Payload, source, destination, out Icmpv6Header header);
        if (error == WireError.None && header is { Type: Icmpv6Type.EchoRequest, Code: 0 } && !source.IsAny)
        {
            AnswerEcho(packet, header, source, destination);
            return;
        }

        if (error == WireError.None)
        {
            error = header.Type switch
            {
                Icmpv6Type.NeighborSolicitation => Solicited(view.Payload, header, source, destination, hops),
                Icmpv6Type.NeighborAdvertisement => Advertised(view.Payload, header, destination, hops),
                Icmpv6Type.RouterAdvertisement => RouterAdvertised(view.Payload, header, source, hops),
                Icmpv6Type.MulticastListenerQuery => Queried(view.Payload, source, hops),
                Icmpv6Type.DestinationUnreachable or Icmpv6Type.PacketTooBig or Icmpv6Type.TimeExceeded or Icmpv6Type.ParameterProblem =>
                    ErrorArrives(view.Payload, header, source.IsLoopback),
                _ => Ignore(),
            };
        }

        packet.Dispose();
        if (error != WireError.None)
            _icmpCounters.Drop(error);
    }

    private WireError Ignore()
    {
        _icmpCounters.Drop(DropCause.UnknownProtocol);
        return WireError.None;
    }

    // RFC 4861 6.1, 7.1: from a neighbour and from nobody further away.
    private bool IsFromNeighbor(in Icmpv6Header header, byte hops)
    {
        if (hops == 255 && header.Code == 0)
            return true;
        _icmpCounters.Drop(hops == 255 ? DropCause.Malformed : DropCause.HopLimit);
        return false;
    }

    private WireError Solicited(ReadOnlySpan<byte> message, in Icmpv6Header header, Ipv6Address source, Ipv6Address destination, byte hops)
    {
        if (!IsFromNeighbor(header, hops))
            return WireError.None;
        WireError error = NeighborSolicitation.TryParse(message, source, destination, out NeighborSolicitation solicitation);
        if (error != WireError.None)
            return error;
        if (!_addresses.TryGetState(solicitation.Target, out Ipv6AddressState state))
        {
            _icmpCounters.Drop(DropCause.NotForUs);
            return WireError.None;
        }

        if (state == Ipv6AddressState.Tentative)
        {
            // RFC 4862 5.4.3: somebody else tries it too. Somebody who asks from an address only wants to talk to whoever has it.
            if (source.IsAny)
                _addresses.Conflict(solicitation.Target, _now);
            return WireError.None;
        }

        if (state == Ipv6AddressState.Duplicate)
            return WireError.None;
        // RFC 4861 7.2.4: to one who has no address yet, through all nodes, unsolicited.
        Ipv6Address answerTo = source.IsAny ? Ipv6Address.AllNodes : source;
        NeighborAdvertisement answer = new(solicitation.Target, _link.Address, IsRouter: false, IsSolicited: !source.IsAny, Overrides: true);
        if (solicitation.SourceHardware is { } hardware)
            _neighbors.Learn(source, hardware, isRouter: false, _now);
        if (!_output.TryBegin(answer.Length, out FrameBuffer reply))
            return WireError.None;
        answer.Write(reply.Data, solicitation.Target, answerTo);
        _icmpCounters.CountSent();
        if (source.IsAny || solicitation.SourceHardware is not null)
        {
            _output.Send(
                reply, new(solicitation.Target, answerTo, IpProtocol.Icmpv6, 255), solicitation.SourceHardware ?? answerTo.MulticastHardware);
            return WireError.None;
        }

        // Without its link address the asker must be known, or be asked for.
        int length = reply.Length;
        new Ipv6Header(solicitation.Target, answerTo, IpProtocol.Icmpv6, 255).Write(reply.Prepend(Ipv6Header.Length), length);
        if (_link.TryBatch(reply, out FrameBatch batch))
            Transmit(batch, answerTo, solicitation.Target);
        return WireError.None;
    }

    private WireError Advertised(ReadOnlySpan<byte> message, in Icmpv6Header header, Ipv6Address destination, byte hops)
    {
        if (!IsFromNeighbor(header, hops))
            return WireError.None;
        WireError error = NeighborAdvertisement.TryParse(message, destination, out NeighborAdvertisement advertisement);
        if (error != WireError.None)
            return error;
        if (_addresses.TryGetState(advertisement.Target, out _))
            _addresses.Conflict(advertisement.Target, _now);
        else if (_neighbors.Advertise(advertisement, _now))
            _routes.SetRouter(advertisement.Target, TimeSpan.Zero, _now);
        return WireError.None;
    }

    private WireError RouterAdvertised(ReadOnlySpan<byte> message, in Icmpv6Header header, Ipv6Address source, byte hops)
    {
        if (!IsFromNeighbor(header, hops))
            return WireError.None;
        if (!source.IsLinkLocal)
            return WireError.BadAddress;
        WireError error = RouterAdvertisement.TryParse(message, out RouterAdvertisement advertisement);
        if (error == WireError.None)
            _discovery.Take(advertisement, source, _now);
        return error;
    }

    private WireError Queried(ReadOnlySpan<byte> message, Ipv6Address source, byte hops)
    {
        // RFC 3810 5.1.14: from a link-local address, over one hop.
        if (hops != 1 || !source.IsLinkLocal)
        {
            _icmpCounters.Drop(hops != 1 ? DropCause.HopLimit : DropCause.BadAddress);
            return WireError.None;
        }

        WireError error = MulticastListenerQuery.TryParse(message, out MulticastListenerQuery query);
        if (error == WireError.None)
            _groups.Query(query, _now);
        return error;
    }

    private void AnswerEcho(FrameBuffer packet, in Icmpv6Header request, Ipv6Address source, Ipv6Address destination)
    {
        // RFC 4443 4.2: from the address asked; a group's echo is answered from our own.
        IpAddress from = destination;
        if (destination.IsMulticast && !_around.Addresses.TrySelectSource(source, out from))
        {
            _icmpCounters.Drop(DropCause.Unroutable);
            packet.Dispose();
            return;
        }

        packet.TrimStart(Ipv6Header.Length);
        (request with { Type = Icmpv6Type.EchoReply }).Write(packet.Data, from.Ipv6, source);
        _icmpCounters.CountSent();
        if (_link.TryBatch(packet, out FrameBatch batch))
            Send(batch, from.Ipv6, source, (byte)IpProtocol.Icmpv6, new(MayFragment: true));
        else
            _icmpCounters.Drop(DropCause.NoBuffer);
    }

    // RFC 4443 2.4 d: the packet that caused it stands behind the fixed part; it must be one of ours.
    private WireError ErrorArrives(ReadOnlySpan<byte> message, in Icmpv6Header header, bool withinHost)
    {
        ReadOnlySpan<byte> quoted = message[Icmpv6Header.Length..];
        if (quoted.Length < Ipv6Header.Length + 8)
            return WireError.Truncated;
        if (quoted[0] >> 4 != 6)
            return WireError.BadVersion;
        Ipv6View view = Ipv6View.OfValidated(quoted);
        Ipv6Address source = view.Source;
        Ipv6Address destination = view.Destination;
        // From a link nobody says anything about what goes round in this host.
        if (!withinHost && (!_addresses.IsAssigned(source) || !destination.IsUnicast))
            return WireError.BadAddress;

        int mtu = 0;
        if (header.Type == Icmpv6Type.PacketTooBig)
        {
            // RFC 8201 4: less than any link takes is no path's MTU.
            if (header.Value < Ipv6Header.MinimumLinkMtu)
                return WireError.BadField;
            mtu = (int)Math.Min(header.Value, (uint)_discovery.Mtu);
            if (!_paths.TryLower(destination, mtu, _discovery.Mtu, _now))
                return WireError.None;
        }

        byte protocol = view.NextHeader;
        int offset = Ipv6Header.Length;
        if (protocol == Ipv6Extensions.Fragment)
        {
            Ipv6FragmentHeader fragment = Ipv6FragmentHeader.Read(quoted[offset..]);
            if (fragment.Offset != 0)
                return WireError.None;
            (protocol, offset) = (fragment.NextHeader, offset + Ipv6Extensions.FragmentLength);
        }

        TransportErrorKind kind = (header.Type, header.Code) switch
        {
            (Icmpv6Type.PacketTooBig, _) => TransportErrorKind.TooBig,
            (Icmpv6Type.TimeExceeded, _) => TransportErrorKind.TimeExceeded,
            (Icmpv6Type.ParameterProblem, _) => TransportErrorKind.ParameterProblem,
            (_, 4) => TransportErrorKind.PortUnreachable,
            (_, 1 or 5 or 6) => TransportErrorKind.Prohibited,
            _ => TransportErrorKind.Unreachable,
        };
        if (TransportErrors.TryRead(kind, (IpProtocol)protocol, source, destination, quoted[offset..], mtu) is { } error)
            _transports.Fail(error);
        return WireError.None;
    }

    private void Refuse(FrameBatch packets)
    {
        while (packets.TryTake(out FrameBuffer packet))
        {
            // RFC 4443 3.1, code 4.
            SendError(packet, Icmpv6Type.DestinationUnreachable, 4, 0, toGroups: false);
            packet.Dispose();
        }

        packets.Dispose();
    }

    // RFC 4443 2.4: not of an error, not to nobody, not of what went to a group but for two kinds, and only so many a second.
    private void SendError([Actors.Borrowed] FrameBuffer cause, Icmpv6Type type, byte code, uint value, bool toGroups)
    {
        Ipv6View view = Ipv6View.OfValidated(cause.Data);
        Ipv6Address destination = view.Source;
        if (!(destination.IsUnicast || destination.IsLoopback) || (view.Destination.IsMulticast && !toGroups) || IsError(cause.Data))
            return;
        IpAddress source = view.Destination;
        if (view.Destination.IsMulticast && !_around.Addresses.TrySelectSource(destination, out source))
            return;
        if (!_errors.TryTake(_now))
        {
            _icmpCounters.Drop(DropCause.RateLimited);
            return;
        }

        int quoted = Math.Min(cause.Length, Ipv6Header.MinimumLinkMtu - Ipv6Header.Length - Icmpv6Header.Length);
        if (!_output.TryBegin(Icmpv6Header.Length + quoted, out FrameBuffer message))
            return;
        cause.Data[..quoted].CopyTo(message.Data[Icmpv6Header.Length..]);
        new Icmpv6Header(type, code, value).Write(message.Data, source.Ipv6, destination);
        _icmpCounters.CountSent();
        if (_link.TryBatch(message, out FrameBatch batch))
            Send(batch, source.Ipv6, destination, (byte)IpProtocol.Icmpv6, default);
        else
            _icmpCounters.Drop(DropCause.NoBuffer);
    }

    // Errors and redirects cause none.
    private static bool IsError(ReadOnlySpan<byte> packet)
    {
        Ipv6Walk walk = Ipv6Extensions.Walk(packet, packet[6], Ipv6Header.Length, judges: false);
        return walk.Result == Ipv6WalkResult.Transport && walk.NextHeader == (byte)IpProtocol.Icmpv6 &&
            packet.Length > walk.Offset && (packet[walk.Offset] < 128 || packet[walk.Offset] == (byte)Icmpv6Type.Redirect);
    }
}
