// RFC 8200 4.5 and 5, RFC 4861 5.2, RFC 8201: headers, next hops, and what a path takes.
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

public sealed partial class Ipv6Actor
{
    private void Send(FrameBatch segments, Ipv6Address source, Ipv6Address destination, byte protocol, IpSendOptions options)
    {
        byte hops = options.HopLimit != 0 ? options.HopLimit : destination.IsMulticast ? (byte)1 : _discovery.HopLimit;
        Ipv6Header header = new(source, destination, (IpProtocol)protocol, hops, options.TrafficClass);
        if (destination.IsLoopback || _addresses.IsAssigned(destination))
        {
            SendToSelf(segments, header);
            return;
        }

        Ipv6Address nextHop = destination;
        bool routable = destination.IsMulticast || _routes.TryRoute(destination, _neighbors, out nextHop);
        // RFC 4291 2.5.3: neither loopback's address nor none belongs on a link. Addresses of a version without a layer end here too.
        if (!routable || source.IsLoopback || source.IsAny || !(destination.IsMulticast || destination.IsUnicast))
        {
            _counters.Drop(DropCause.Unroutable, segments.Count);
            if (!routable && segments.Count > 0)
                Fail(TransportErrorKind.Unreachable, header, segments[0].Data, 0);
            segments.Dispose();
            return;
        }

        int mtu = _paths.Of(destination, _discovery.Mtu, _now);
        bool fits = true;
        for (int index = 0; index < segments.Count; index++)
            fits &= LinkResources.LargestPacket(segments[index]) + Ipv6Header.Length <= mtu;
        if (!fits)
        {
            SendTooBig(segments, header, nextHop, mtu, options.MayFragment);
            return;
        }

        for (int index = 0; index < segments.Count; index++)
        {
            int length = segments[index].TotalLength;
            header.Write(segments[index].Prepend(Ipv6Header.Length), length);
        }

        Transmit(segments, nextHop, source);
    }

    private void Transmit(FrameBatch packets, Ipv6Address nextHop, Ipv6Address source)
    {
        if (nextHop.IsMulticast)
        {
            _output.Send(packets, nextHop.MulticastHardware);
            return;
        }

        // RFC 4861 7.2.2: asked from the packet's own address, if it is ours, so that the answer teaches the neighbour that one.
        _neighbors.Send(packets, nextHop, _addresses.IsAssigned(source) ? source : _addresses.LinkLocal, _now);
    }

    // Each on its own, since some fit.
    private void SendTooBig(FrameBatch segments, in Ipv6Header header, Ipv6Address nextHop, int mtu, bool mayFragment)
    {
        while (segments.TryTake(out FrameBuffer segment))
        {
            int length = segment.TotalLength;
            if (LinkResources.LargestPacket(segment) + Ipv6Header.Length <= mtu)
            {
                header.Write(segment.Prepend(Ipv6Header.Length), length);
                if (_link.TryBatch(segment, out FrameBatch one))
                    Transmit(one, nextHop, header.Source);
                else
                    _counters.Drop(DropCause.NoBufferToSend);
                continue;
            }

            if (mayFragment)
            {
                SendFragments(segment, header, nextHop, mtu);
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

    private void SendFragments([Actors.Borrowed] FrameBuffer segment, in Ipv6Header header, Ipv6Address nextHop, int mtu)
    {
        // All but the last are multiples of eight (RFC 8200 4.5).
        int part = (mtu - Ipv6Header.Length - Ipv6Extensions.FragmentLength) & ~7;
        uint identification = ++_identification;
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
            new Ipv6FragmentHeader((byte)header.NextHeader, offset, offset + part < data.Length, identification).Write(frame.Prepend(Ipv6Extensions.FragmentLength));
            int length = frame.Length;
            (header with { NextHeader = (IpProtocol)Ipv6Extensions.Fragment }).Write(frame.Prepend(Ipv6Header.Length), length);
            if (!batch.IsNone && batch.IsFull)
            {
                FrameBatch full = batch;
                batch = default;
                Transmit(full, nextHop, header.Source);
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
            Transmit(batch, nextHop, header.Source);
    }

    // What is for ourselves goes round here, and up again.
    private void SendToSelf(FrameBatch segments, in Ipv6Header header)
    {
        _counters.CountSent(segments.Count);
        _counters.CountReceived(segments.Count);
        LayerCounters loopback = _around.LoopbackCounters;
        loopback.CountSent(segments.Count);
        loopback.CountReceived(segments.Count);
        long octets = 0;
        while (segments.TryTake(out FrameBuffer segment))
        {
            int length = segment.TotalLength;
            header.Write(segment.Prepend(Ipv6Header.Length), length);
            octets += segment.TotalLength;
            Deliver(segment, (byte)header.NextHeader);
        }

        segments.Dispose();
        loopback.CountSentOctets(octets);
        loopback.CountReceivedOctets(octets);
        _transports.Flush();
    }

    private void Fail(TransportErrorKind kind, in Ipv6Header header, ReadOnlySpan<byte> segment, int mtu)
    {
        if (segment.Length >= 8 && TransportErrors.TryRead(kind, header.NextHeader, header.Source, header.Destination, segment, mtu) is { } error)
            _transports.Fail(error);
    }
}
