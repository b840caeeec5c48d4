using System.Buffers.Binary;
using Troupe.Net.Wire;

namespace Troupe.Verification.Fuzzing;

/// <summary>IPv4 headers and their options.</summary>
internal sealed class Ipv4Target() : FuzzTarget("ipv4")
{
    private const ushort ReservedFlag = 0x8000;

    public override IEnumerable<byte[]> Seeds =>
        [Packets.Ipv4(IpProtocol.Udp, new byte[20]), Packets.Ipv4(IpProtocol.Tcp, new byte[16], more: true), Packets.Ipv4(IpProtocol.Tcp, new byte[9], offset: 16)];

    public override void Run(ReadOnlySpan<byte> input)
    {
        Ipv4View.TryParse(input, out _);
        int headerLength = input.IsEmpty ? 0 : Math.Min(input.Length, (input[0] & 0x0F) * 4);
        byte[] packet = [.. Packets.WithChecksum(input[..headerLength], 10), .. input[headerLength..]];
        if (Ipv4View.TryParse(packet, out Ipv4View view) != WireError.None)
            return;
        Require(view.HeaderLength >= Ipv4Header.Length && view.TotalLength <= packet.Length, "it is longer than what came");
        Require(view.Payload.Length == view.TotalLength - view.HeaderLength, "the payload is not what follows the header");
        IpView either = IpView.OfValidated(packet);
        Require(either.Source == view.Source && either.Destination == view.Destination && either.Payload.Length == view.Payload.Length, "the view of both versions differs");
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(6));
        if (view.HeaderLength != Ipv4Header.Length || (flags & ReservedFlag) != 0)
            return;
        byte[] written = new byte[Ipv4Header.Length];
        new Ipv4Header(
            view.Source, view.Destination, view.Protocol, view.Identification, view.TimeToLive, packet[1], view.FragmentOffset, view.MoreFragments, (flags & 0x4000) == 0)
            .Write(written, view.Payload.Length);
        RequireSame(packet.AsSpan(0, Ipv4Header.Length), written, "header");
    }
}

/// <summary>IPv6 headers, extension headers and fragments.</summary>
internal sealed class Ipv6Target() : FuzzTarget("ipv6")
{
    public override IEnumerable<byte[]> Seeds =>
    [
        Packets.Ipv6(17, new byte[20]),
        Packets.Ipv6(0, [58, 0, 5, 2, 0, 0, 1, 0, 128, 0, 0, 0, 0, 0, 0, 0]),
        Packets.Ipv6(60, [43, 0, 1, 4, 0, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 1, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8]),
    ];

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (Ipv6View.TryParse(input, out Ipv6View view) != WireError.None)
            return;
        Require(view.TotalLength <= input.Length && view.Payload.Length == view.PayloadLength, "it is longer than what came");
        byte[] written = new byte[Ipv6Header.Length];
        new Ipv6Header(view.Source, view.Destination, (IpProtocol)view.NextHeader, view.HopLimit, IpView.OfValidated(input).TrafficClass).Write(written, view.PayloadLength);
        byte[] read = input[..Ipv6Header.Length].ToArray();
        // We send no flow labels.
        (read[1], read[2], read[3]) = ((byte)(read[1] & 0xF0), 0, 0);
        RequireSame(read, written, "header");

        ReadOnlySpan<byte> packet = input[..view.TotalLength];
        byte next = view.NextHeader;
        int offset = Ipv6Header.Length;
        for (int walks = 0; ; walks++)
        {
            Ipv6Walk walk = Ipv6Extensions.Walk(packet, next, offset, walks == 0);
            bool isProblem = walk.Result is Ipv6WalkResult.Problem or Ipv6WalkResult.ProblemUnlessMulticast;
            Require(isProblem || walk.Offset >= offset, "the walk went back");
            Require(walk.Offset <= packet.Length, "the walk left the packet");
            Require(!isProblem || walk.Offset < packet.Length, "the problem is outside of the packet");
            // RFC 4443 3.4: the pointer leads to the number that is not known there.
            Require(!isProblem || walk.ProblemCode != 1 || packet[walk.Offset] == walk.NextHeader, "the pointer leads elsewhere than to the number");
            Ipv6Walk past = Ipv6Extensions.Walk(packet, next, offset, walks == 0, judges: false);
            Require(past.Offset <= packet.Length, "the walk that does not judge left the packet");
            if (walk.Result != Ipv6WalkResult.Fragment)
                return;
            ReadOnlySpan<byte> header = packet.Slice(walk.Offset, Ipv6Extensions.FragmentLength);
            Ipv6FragmentHeader fragment = Ipv6FragmentHeader.Read(header);
            byte[] again = new byte[Ipv6Extensions.FragmentLength];
            fragment.Write(again);
            Require(Ipv6FragmentHeader.Read(again) == fragment, "a fragment header changes when it is written");
            (next, offset) = (fragment.NextHeader, walk.Offset + Ipv6Extensions.FragmentLength);
        }
    }
}

/// <summary>ICMP messages, and the answer to an echo made of one.</summary>
internal sealed class IcmpTarget() : FuzzTarget("icmp")
{
    public override IEnumerable<byte[]> Seeds
    {
        get
        {
            byte[] echo = new byte[24];
            IcmpHeader.WriteEchoRequest(echo, 7, 1);
            yield return echo;
            yield return Packets.WithChecksum([3, 4, 0, 0, 0, 0, 2, 0, .. Packets.Ipv4(IpProtocol.Udp, new byte[8])], 2);
        }
    }

    public override void Run(ReadOnlySpan<byte> input)
    {
        IcmpHeader.TryParse(input, out _);
        byte[] message = Packets.WithChecksum(input, 2);
        if (IcmpHeader.TryParse(message, out IcmpHeader header) != WireError.None)
            return;
        Require(IcmpHeader.NextHopMtu(message) is >= 0 and <= ushort.MaxValue, "the MTU is none");
        if (header.Type != IcmpType.EchoRequest)
            return;
        IcmpHeader.TurnIntoReply(message);
        Require(IcmpHeader.TryParse(message, out header) == WireError.None && header.Type == IcmpType.EchoReply, "the reply's checksum is wrong");
    }
}

/// <summary>IGMP messages.</summary>
internal sealed class IgmpTarget() : FuzzTarget("igmp")
{
    public override IEnumerable<byte[]> Seeds =>
        [Packets.WithChecksum([0x11, 100, 0, 0, 224, 0, 0, 251], 2), Packets.WithChecksum([0x11, 0xFF, 0, 0, 224, 0, 0, 251, 2, 125, 0, 1, 10, 0, 0, 1], 2)];

    public override void Run(ReadOnlySpan<byte> input)
    {
        IgmpMessage.TryParse(input, out _);
        byte[] message = Packets.WithChecksum(input, 2);
        if (IgmpMessage.TryParse(message, out _) != WireError.None || IgmpQuery.TryParse(message, out IgmpQuery query) != WireError.None)
            return;
        // RFC 3376 4.1.1: the largest code is 31,744 tenths of a second.
        Require(query.MaximumDelay >= TimeSpan.Zero && query.MaximumDelay <= TimeSpan.FromSeconds(3174.4), "the delay is none that a query can ask for");
        Require(query.Version is >= 1 and <= 3, "the version is none");
    }
}
