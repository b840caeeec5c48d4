// RFC 8200 3, 4 and 4.5: what arrives, without its extension headers, and whole.
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

public sealed partial class Ipv6Actor
{
    // RFC 7112 5: a first fragment that does not hold all headers.
    private const byte IncompleteHeaderChain = 3;

    private void ReceivePackets(FrameBatch packets)
    {
        _counters.CountReceived(packets.Count);
        while (packets.TryTake(out FrameBuffer packet))
        {
            WireError error = Ipv6View.TryParse(packet.Data, packet.TotalLength, out Ipv6View view);
            if (error != WireError.None)
            {
                _counters.Drop(error);
                packet.Dispose();
            }
            else if (!IsForUs(view.Destination))
            {
                _counters.Drop(DropCause.NotForUs);
                packet.Dispose();
            }
            else if (_addresses.IsAssigned(view.Source))
            {
                _counters.Drop(DropCause.BadAddress);
                packet.Dispose();
            }
            else if (packet.IsInPieces)
            {
                DeliverLarge(packet, view);
            }
            else
            {
                // Ethernet pads to 60 octets; nobody above should see it.
                packet.SetLength(view.TotalLength);
                Arrive(packet);
            }
        }

        packets.Dispose();
        _transports.Flush();
    }

    // Several segments that the device put together: nothing else comes in pieces.
    private void DeliverLarge(FrameBuffer packet, in Ipv6View view)
    {
        if (view.NextHeader == (byte)IpProtocol.Tcp && !view.Destination.IsMulticast && view.TotalLength == packet.TotalLength)
        {
            _transports.AddTcp(packet);
            return;
        }

        _counters.Drop(DropCause.Malformed);
        packet.Dispose();
    }

    private bool IsForUs(Ipv6Address destination) => destination.IsMulticast ? _groups.IsMember(destination) : _addresses.IsAssigned(destination);

    // A validated packet for us, from a link or from ourselves.
    private void Arrive(FrameBuffer packet)
    {
        byte next = Ipv6View.OfValidated(packet.Data).NextHeader;
        if (next is (byte)IpProtocol.Tcp or (byte)IpProtocol.Udp or (byte)IpProtocol.Icmpv6)
        {
            Deliver(packet, next);
            return;
        }

        Ipv6Walk walk = Ipv6Extensions.Walk(packet.Data, next, Ipv6Header.Length);
        switch (walk.Result)
        {
            case Ipv6WalkResult.Transport:
                StripTo(packet, walk);
                Deliver(packet, walk.NextHeader);
                break;
            case Ipv6WalkResult.Fragment:
                TakeFragment(packet, walk.Offset);
                break;
            default:
                Refuse(packet, walk);
                break;
        }
    }

    // Moves the fixed header over the extension headers: whoever reads the packet from here on finds none.
    private static void StripTo([Actors.Borrowed] FrameBuffer packet, in Ipv6Walk walk)
    {
        int extra = walk.Offset - Ipv6Header.Length;
        Span<byte> data = packet.Data;
        data[..Ipv6Header.Length].CopyTo(data[extra..]);
        packet.TrimStart(extra);
        Ipv6Header.SetPayload(packet.Data, walk.NextHeader, packet.Length - Ipv6Header.Length);
    }

    private void Refuse(FrameBuffer packet, in Ipv6Walk walk)
    {
        bool multicast = Ipv6View.OfValidated(packet.Data).Destination.IsMulticast;
        _counters.Drop(walk.Result is Ipv6WalkResult.Truncated ? DropCause.Truncated : DropCause.Malformed);
        bool tells = walk.Result == Ipv6WalkResult.Problem
            ? !multicast || walk.ProblemCode == 2
            : walk.Result == Ipv6WalkResult.ProblemUnlessMulticast && !multicast;
        if (tells)
            SendError(packet, Icmpv6Type.ParameterProblem, walk.ProblemCode, (uint)walk.Offset, toGroups: true);
        packet.Dispose();
    }

    private void Deliver(FrameBuffer packet, byte protocol)
    {
        switch ((IpProtocol)protocol)
        {
            case IpProtocol.Tcp when !Ipv6View.OfValidated(packet.Data).Destination.IsMulticast:
                _transports.AddTcp(packet);
                break;
            case IpProtocol.Udp:
                _transports.AddUdp(packet);
                break;
            case IpProtocol.Icmpv6:
                ReceiveIcmp(packet);
                break;
            default:
                _counters.Drop(DropCause.UnknownProtocol);
                // RFC 8200 4: an unrecognized next header; the field that names it stands in the fixed header now.
                SendError(packet, Icmpv6Type.ParameterProblem, 1, 6, toGroups: false);
                packet.Dispose();
                break;
        }
    }

    private void TakeFragment(FrameBuffer packet, int offset)
    {
        Ipv6View view = Ipv6View.OfValidated(packet.Data);
        Ipv6FragmentHeader fragment = Ipv6FragmentHeader.Read(packet.Data[offset..]);
        ReadOnlySpan<byte> part = packet.Data[(offset + Ipv6Extensions.FragmentLength)..];
        if (fragment.IsAtomic)
        {
            ArriveWhole(packet, fragment.NextHeader, offset + Ipv6Extensions.FragmentLength);
            return;
        }

        if (fragment.More && part.Length % 8 != 0)
        {
            _counters.Drop(DropCause.Malformed);
            SendError(packet, Icmpv6Type.ParameterProblem, 0, 4, toGroups: false);
            packet.Dispose();
            return;
        }

        // RFC 7112: what cannot be judged by its first fragment is not put together.
        if (fragment.Offset == 0 && !HasWholeChain(part, fragment.NextHeader))
        {
            _counters.Drop(DropCause.Malformed);
            SendError(packet, Icmpv6Type.ParameterProblem, IncompleteHeaderChain, 0, toGroups: false);
            packet.Dispose();
            return;
        }

        DatagramKey key = new(view.Source, view.Destination, fragment.Identification, 0);
        Ipv6Header header = new(view.Source, view.Destination, (IpProtocol)fragment.NextHeader, view.HopLimit);
        bool whole = _reassembler.TryAdd(
            key, fragment.NextHeader, fragment.Offset, fragment.More, part, _now, out FrameBuffer datagram, out byte protocol);
        packet.Dispose();
        if (!whole)
            return;
        int length = datagram.Length;
        (header with { NextHeader = (IpProtocol)protocol }).Write(datagram.Prepend(Ipv6Header.Length), length);
        ArriveWhole(datagram, protocol, Ipv6Header.Length);
    }

    private static bool HasWholeChain(ReadOnlySpan<byte> part, byte next)
    {
        Ipv6Walk walk = Ipv6Extensions.Walk(part, next, 0, first: false);
        int needed = (IpProtocol)walk.NextHeader switch { IpProtocol.Tcp => 20, IpProtocol.Udp or IpProtocol.Icmpv6 => 8, _ => 0 };
        return walk.Result != Ipv6WalkResult.Truncated && (walk.Result != Ipv6WalkResult.Transport || part.Length >= walk.Offset + needed);
    }

    // The headers behind a fragment header; another fragment header there is somebody's game.
    private void ArriveWhole(FrameBuffer packet, byte next, int offset)
    {
        Ipv6Walk walk = Ipv6Extensions.Walk(packet.Data, next, offset, first: false);
        if (walk.Result == Ipv6WalkResult.Transport)
        {
            StripTo(packet, walk);
            Deliver(packet, walk.NextHeader);
        }
        else
        {
            Refuse(packet, walk);
        }
    }

    private void ExpireFragments()
    {
        while (_reassembler.TryExpire(_now, out DatagramKey key, out byte protocol, out FrameBuffer first))
        {
            if (first.IsNone)
                continue;
            // RFC 8200 4.5: code 1, with the beginning of what arrived.
            first.SetLength(Math.Min(first.Length, Ipv6Header.MinimumLinkMtu));
            int length = first.Length;
            new Ipv6Header(key.Source.Ipv6, key.Destination.Ipv6, (IpProtocol)protocol).Write(first.Prepend(Ipv6Header.Length), length);
            SendError(first, Icmpv6Type.TimeExceeded, 1, 0, toGroups: false);
            first.Dispose();
        }
    }
}
