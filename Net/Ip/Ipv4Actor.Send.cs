// RFC 791 3.2 (fragmentation), RFC 1191 (path MTU), RFC 6864 (identification), RFC 1122 3.3.1 (routes).
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

public sealed partial class Ipv4Actor
{
    private void Send(FrameBatch segments, Ipv4Address source, IpAddress to, IpProtocol protocol, IpSendOptions options)
    {
        Ipv4Address destination = to.Ipv4;
        byte hops = options.HopLimit != 0 ? options.HopLimit : destination.IsMulticast ? (byte)1 : Ipv4Header.DefaultTimeToLive;
        Ipv4Header header = new(source, destination, protocol, 0, hops, options.TrafficClass);
        Ipv4Address neighbour = default;
        if (to.IsIpv4 && _routes.IsLocal(destination))
        {
            SendToSelf(segments, header);
            return;
        }

        // A stack without IPv6 gets its packets here, where no way leads on. RFC 1122 3.2.1.3: loopback's address belongs on no link.
        if (!to.IsIpv4 || source.IsLoopback || !_routes.TryRoute(destination, out neighbour))
        {
            _counters.Drop(DropCause.Unroutable, segments.Count);
            if (to.IsIpv4 && segments.Count > 0)
                Fail(TransportErrorKind.Unreachable, header, segments[0].Data, 0);
            segments.Dispose();
            return;
        }

        int mtu = _paths.Of(to, _link.MaximumTransmissionUnit, _paths.Count > 0 ? Now : default);
        bool fits = true;
        for (int index = 0; index < segments.Count; index++)
            fits &= LinkResources.LargestPacket(segments[index]) + Ipv4Header.Length <= mtu;
        if (!fits)
        {
            SendTooBig(segments, header, neighbour, mtu, options.MayFragment);
            return;
        }

        for (int index = 0; index < segments.Count; index++)
            Write(segments[index], header);
        Transmit(segments, neighbour);
    }

    // RFC 6864: of what is never fragmented the field means nothing; counting helps whoever reads a capture.
    private void Write([Actors.Borrowed] FrameBuffer segment, in Ipv4Header header)
    {
        int length = segment.TotalLength;
        (header with { Identification = ++_identification }).Write(segment.Prepend(Ipv4Header.Length), length);
    }

    private void Transmit(FrameBatch packets, Ipv4Address neighbour)
    {
        _counters.CountSent(packets.Count);
        _outgoing.Enqueue((packets, neighbour));
    }

    // Each on its own, since some fit.
    private void SendTooBig(FrameBatch segments, in Ipv4Header header, Ipv4Address neighbour, int mtu, bool mayFragment)
    {
        while (segments.TryTake(out FrameBuffer segment))
        {
            if (LinkResources.LargestPacket(segment) + Ipv4Header.Length <= mtu)
            {
                Write(segment, header);
                if (_link.TryBatch(segment, out FrameBatch one))
                    Transmit(one, neighbour);
                else
                    _counters.Drop(DropCause.NoBufferToSend);
                continue;
            }

            if (mayFragment && segment.Length <= Ipv4Header.MaximumTotalLength - Ipv4Header.Length)
            {
                SendFragments(segment, header, neighbour, mtu);
            }
            else
            {
                _counters.Drop(DropCause.TooBig);
                Fail(TransportErrorKind.TooBig, header, segment.Data, mtu);
            }

            segment.Dispose();
        }

        segments.Dispose();
    }

    private void SendFragments([Actors.Borrowed] FrameBuffer segment, in Ipv4Header header, Ipv4Address neighbour, int mtu)
    {
        int part = (mtu - Ipv4Header.Length) & ~7;
        // A counter of their own: RFC 6864 4.3 wants it not to come round while fragments may still be on their way.
        ushort identification = ++_fragmentIdentification;
        ReadOnlySpan<byte> data = segment.Data;
        FrameBatch batch = default;
        for (int offset = 0; offset < data.Length; offset += part)
        {
            ReadOnlySpan<byte> payload = data.Slice(offset, Math.Min(part, data.Length - offset));
            if (!_link.Frames.TryRent(out FrameBuffer frame))
            {
                // A datagram that lacks a fragment is lost; the rest would only be in the way.
                _counters.Drop(DropCause.NoBufferToSend);
                batch.Dispose();
                return;
            }

            frame.Append(payload);
            Ipv4Header own = header with { Identification = identification, FragmentOffset = offset, MoreFragments = offset + part < data.Length, MayFragment = true };
            own.Write(frame.Prepend(Ipv4Header.Length), payload.Length);
            if (!batch.IsNone && batch.IsFull)
            {
                FrameBatch full = batch;
                batch = default;
                Transmit(full, neighbour);
            }

            if (batch.IsNone)
            {
                if (_link.TryBatch(frame, out batch))
                    continue;
                _counters.Drop(DropCause.NoBufferToSend);
                return;
            }

            if (!batch.TryAdd(frame))
            {
                frame.Dispose();
                batch.Dispose();
                return;
            }
        }

        if (!batch.IsNone)
            Transmit(batch, neighbour);
    }

    // What is for ourselves goes round here, and up again.
    private void SendToSelf(FrameBatch segments, in Ipv4Header header)
    {
        _counters.CountSent(segments.Count);
        _counters.CountReceived(segments.Count);
        _loopbackCounters.CountSent(segments.Count);
        _loopbackCounters.CountReceived(segments.Count);
        long octets = 0;
        while (segments.TryTake(out FrameBuffer segment))
        {
            Write(segment, header);
            octets += segment.TotalLength;
            Deliver(segment, header.Protocol, unicast: true);
        }

        segments.Dispose();
        _loopbackCounters.CountSentOctets(octets);
        _loopbackCounters.CountReceivedOctets(octets);
        _transports.Flush();
    }

    private void Fail(TransportErrorKind kind, in Ipv4Header header, ReadOnlySpan<byte> segment, int mtu)
    {
        if (TransportErrors.TryRead(kind, header.Protocol, header.Source, header.Destination, segment, mtu) is { } error)
            _transports.Fail(error);
    }
}
