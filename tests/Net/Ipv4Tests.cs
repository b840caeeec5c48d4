// RFC 791, RFC 792, RFC 815, RFC 1122, RFC 1191, RFC 1858 and RFC 5227: whole frames in, whole frames out, in virtual time.
using System.Buffers.Binary;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using Xunit.Abstractions;

namespace Troupe.Net.Tests;

public sealed class Ipv4Tests(ITestOutputHelper output)
{
    private static readonly Ipv4Address Own = TwoStacks.SecondAddress;
    private static readonly Ipv4Address Peer = TwoStacks.FirstAddress;

    // RFC 791 3.2, RFC 815.
    [Fact]
    public void FragmentsInAnyOrderMakeOneDatagram()
    {
        int seed = SeededRandomness.NewSeed();
        output.WriteLine($"TROUPE_SEED={seed}");
        Random random = new(seed);
        RunWithPeer(async bench =>
        {
            for (ushort round = 1; round <= 20; round++)
            {
                byte[] echo = Echo(random.Next(2000, 9000));
                byte[][] fragments = Cut(echo, 8 * random.Next(20, 150), round);
                random.Shuffle(fragments);
                bench.Frames.Clear();
                await bench.SendAsync(fragments);
                byte[] whole = new byte[echo.Length];
                foreach (byte[] frame in Packets(bench))
                {
                    Ipv4View.TryParse(frame, out Ipv4View view);
                    Assert.Equal(0, frame[6] & 0x40);
                    view.Payload.CopyTo(whole.AsSpan(view.FragmentOffset));
                }

                Assert.Equal(WireError.None, IcmpHeader.TryParse(whole, out IcmpHeader header));
                Assert.Equal(IcmpType.EchoReply, header.Type);
                Assert.Equal(echo.AsSpan(4), whole.AsSpan(4));
            }
        });
    }

    // RFC 5722's rule for IPv4 too.
    [Fact]
    public void AnOverlapMakesADatagramBadAndADuplicateDoesNot() => RunWithPeer(async bench =>
    {
        byte[] echo = Echo(1000);
        byte[] first = Fragment(echo[..504], 0, true, 1);
        await bench.SendAsync(first, first, Fragment(echo[504..], 504, false, 1));
        Assert.Single(Packets(bench));
        bench.Frames.Clear();
        await bench.SendAsync(Fragment(echo[..504], 0, true, 2), Fragment(echo[496..], 496, false, 2), Fragment(echo[504..], 504, false, 2));
        Assert.Empty(Packets(bench));
        Assert.Equal(2, bench.Stack["IPv4"].Dropped(DropCause.Overlap));
    });

    // RFC 1858 3, RFC 3128: a cut TCP header; "ping of death"; a length that is no multiple of eight.
    [Fact]
    public void FragmentsThatCannotBeOfAnHonestDatagramAreDropped() => RunWithPeer(async bench =>
    {
        byte[] echo = Echo(1000);
        await bench.SendAsync(
            Fragment(echo[..8], 0, true, 1, IpProtocol.Tcp), Fragment(echo[..80], 8, true, 2, IpProtocol.Tcp), Fragment(echo[..800], 65_528, false, 3),
            Fragment(echo[..12], 0, true, 4));
        Assert.Equal(4, bench.Stack["IPv4"].Dropped(DropCause.Malformed));
        await bench.AdvanceAsync(60);
        Assert.Equal(0, bench.Stack["IPv4"].Dropped(DropCause.Timeout));
    });

    // RFC 1122 3.3.2: time exceeded, code 1, when the first fragment had come.
    [Fact]
    public void FragmentsThatStayAloneAreGivenUpAndTheSenderIsTold() => RunWithPeer(async bench =>
    {
        byte[] echo = Echo(1000);
        await bench.SendAsync(Fragment(echo[..504], 0, true, 1), Fragment(echo[504..], 504, false, 2));
        await bench.AdvanceAsync(29);
        Assert.Empty(Packets(bench));
        await bench.AdvanceAsync(2);
        byte[] error = Assert.Single(Packets(bench));
        Assert.Equal((11, 1), (error[20], error[21]));
        Assert.True(error.Length <= 576);
        Assert.Equal(2, bench.Stack["IPv4"].Dropped(DropCause.Timeout));
    });

    [Fact]
    public void FragmentsNeverCompletedHoldBoundedMemoryAndAnHonestSenderGetsThrough() => RunWithPeer(async bench =>
    {
        byte[] echo = Echo(1000);
        for (ushort id = 0; id < 1000; id++)
            await bench.SendAsync(Fragment(echo[..504], 0, true, id, source: new(0x0A00_0010u + id % 50u)));
        await bench.SendAsync(Fragment(echo[..504], 0, true, 5000), Fragment(echo[504..], 504, false, 5000));
        Assert.Single(Packets(bench));
        Assert.True(bench.Stack["IPv4"].Dropped(DropCause.TableFull) > 900);
    });

    // RFC 1122 3.2.1.8: options, sound or not, are not looked at.
    [Theory]
    [InlineData(new byte[] { 7, 7, 4, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 131, 0, 255, 255, 0, 0, 0, 0 })]
    public void OptionsAreIgnored(byte[] options) => RunWithPeer(async bench =>
    {
        byte[] packet = new byte[20 + options.Length + 40];
        byte[] echo = Echo(32);
        new Ipv4Header(Peer, Own, IpProtocol.Icmp, 1).Write(packet, options.Length + echo.Length);
        options.CopyTo(packet, 20);
        echo.CopyTo(packet, 20 + options.Length);
        packet[0] = (byte)(0x45 + (options.Length / 4));
        Mend(packet);
        await bench.SendAsync(RawHost.Ethernet(EtherType.Ipv4, packet));
        Assert.Equal(0, Assert.Single(Packets(bench))[20]);
    });

    // RFC 1122 3.2.2.1.
    [Fact]
    public void APortOrAProtocolNobodyHasIsRefused() => RunWithPeer(async bench =>
    {
        await bench.SendAsync(Udp(9), RawHost.Ip((IpProtocol)132, new byte[30]));
        Assert.Equal([(3, 2), (3, 3)], Packets(bench).Select(packet => ((int)packet[20], (int)packet[21])).Order());
    });

    // RFC 1122 3.2.2: none to a broadcast, none of an error, none of what is not the first fragment, and only so many a second.
    [Fact]
    public void ErrorsAreNotCausedByErrorsOrBroadcastsAndOnlySoManyASecond() => RunWithPeer(async bench =>
    {
        byte[] broadcast = Udp(9);
        Ipv4Address.From(10, 0, 0, 255).Write(broadcast.AsSpan(30));
        Mend(broadcast.AsSpan(14));
        BinaryPrimitives.WriteUInt16BigEndian(broadcast.AsSpan(40), 0);
        byte[] unreachable = new byte[36];
        unreachable[0] = 3;
        unreachable[1] = 1;
        BinaryPrimitives.WriteUInt16BigEndian(unreachable.AsSpan(2), InternetChecksum.Compute(unreachable));
        await bench.SendAsync(broadcast, RawHost.Ip(IpProtocol.Icmp, unreachable));
        Assert.Empty(Packets(bench));
        byte[] unknown = RawHost.Ip((IpProtocol)132, new byte[30]);
        await bench.SendAsync([.. Enumerable.Repeat(unknown, 500)]);
        Assert.Equal(100, Packets(bench).Count());
        Assert.Equal(400, bench.Stack["ICMP"].Dropped(DropCause.RateLimited));
    });

    // RFC 1191 3, 4 and 5; a router that does not say its MTU; nobody makes us send crumbs; after a while the link's size is tried again.
    [Theory]
    [InlineData(1300, 1300)]
    [InlineData(0, 1006)]
    [InlineData(100, 552)]
    public void APathThatTakesLessIsLearnedAndLargeDatagramsAreCut(ushort said, int expected) => RunWithPeer(async bench =>
    {
        Receiver receiver = new();
        await bench.Stack.Udp.TellAsync(UdpMessage.Bind(5000, receiver));
        await SendDatagramAsync(bench, 1400);
        byte[] sent = Assert.Single(Packets(bench));
        Assert.Equal(0x40, sent[6]);
        bench.Frames.Clear();
        await bench.SendAsync(TooBig(sent, said));
        TransportError error = Assert.Single(receiver.Errors);
        Assert.Equal((TransportErrorKind.TooBig, new IpEndPoint(Own, 5000), new IpEndPoint(Peer, 7), expected), (error.Kind, error.Local, error.Remote, error.MaximumTransmissionUnit));
        await SendDatagramAsync(bench, 1400);
        Assert.All(Packets(bench), packet => Assert.True(packet.Length <= expected));
        Assert.True(Packets(bench).Count() > 1);
        await bench.AdvanceAsync(601);
        await bench.SendAsync(Request());
        bench.Frames.Clear();
        await SendDatagramAsync(bench, 1400);
        Assert.Single(Packets(bench));
    });

    [Fact]
    public void AnErrorAboutSomebodyElsesPacketIsDropped() => RunWithPeer(async bench =>
    {
        Receiver receiver = new();
        await bench.Stack.Udp.TellAsync(UdpMessage.Bind(5000, receiver));
        await SendDatagramAsync(bench, 100);
        byte[] sent = Assert.Single(Packets(bench));
        sent[15] ^= 1;
        await bench.SendAsync(TooBig(sent, 1300), TooBig(sent[..24], 1300));
        Assert.Empty(receiver.Errors);
        Assert.Equal(1, bench.Stack["ICMP"].Dropped(DropCause.BadAddress));
        Assert.Equal(1, bench.Stack["ICMP"].Dropped(DropCause.Truncated));
    });

    // RFC 1122 4.2.3.9: what a port unreachable is about.
    [Fact]
    public void ARefusedDatagramIsToldToWhoSentIt() => RunWithPeer(async bench =>
    {
        Receiver receiver = new();
        await bench.Stack.Udp.TellAsync(UdpMessage.Bind(5000, receiver));
        await SendDatagramAsync(bench, 100);
        byte[] quoted = Assert.Single(Packets(bench));
        byte[] error = new byte[8 + 28];
        quoted.AsSpan(0, 28).CopyTo(error.AsSpan(8));
        new IcmpHeader(IcmpType.DestinationUnreachable, 3).Write(error);
        await bench.SendAsync(RawHost.Ip(IpProtocol.Icmp, error));
        Assert.Equal(TransportErrorKind.PortUnreachable, Assert.Single(receiver.Errors).Kind);
    });

    // RFC 1122 3.2.1.3 g.
    [Fact]
    public void WhatIsForThisHostGoesRoundInsideIt() => RunWithPeer(async bench =>
    {
        Receiver receiver = new();
        await bench.Stack.Udp.TellAsync(UdpMessage.Bind(7, receiver));
        foreach (Ipv4Address destination in new[] { Ipv4Address.From(127, 0, 0, 1), Ipv4Address.From(127, 1, 2, 3), Own })
            await SendDatagramAsync(bench, 100, destination);
        Assert.Equal([Ipv4Address.From(127, 0, 0, 1), Ipv4Address.From(127, 0, 0, 1), (IpAddress)Own], receiver.Sources);
        Assert.Empty(bench.Frames);
        await SendDatagramAsync(bench, 9000, Own);
        Assert.Equal(4, receiver.Sources.Count);
    });

    // RFC 4632 5.1: the longest prefix decides.
    [Theory]
    [InlineData("10.0.0.77", "10.0.0.77")]
    [InlineData("192.0.2.1", "10.0.0.1")]
    [InlineData("172.16.5.5", "10.0.0.3")]
    [InlineData("172.16.9.9", "10.0.0.4")]
    public void TheLongestPrefixDecidesTheNextHop(string destination, string neighbour) => FrameBench.Run(
        async bench =>
        {
            bench.Frames.Clear();
            Ipv4Address.TryParse(destination, out Ipv4Address to);
            Ipv4Address.TryParse(neighbour, out Ipv4Address expected);
            await SendDatagramAsync(bench, 10, to);
            Assert.Contains(bench.Frames, frame => RawHost.IsArp(frame, ArpOperation.Request, expected));
        },
        new()
        {
            Ipv6 = null,
            Static = new(new(Own, 24), Peer)
            {
                Routes =
                [
                    new(new(Ipv4Address.From(172, 16, 0, 0), 12), Ipv4Address.From(10, 0, 0, 4)),
                    new(new(Ipv4Address.From(172, 16, 5, 0), 24), Ipv4Address.From(10, 0, 0, 3)),
                ],
            },
        });

    // RFC 5227 2.3: twice, two seconds apart.
    [Fact]
    public void AnAddressIsAnnouncedTwice() => FrameBench.Run(async bench =>
    {
        await bench.AdvanceAsync(1.9);
        Assert.Single(bench.Frames, IsAnnouncement);
        await bench.AdvanceAsync(10);
        Assert.Equal(2, bench.Frames.Count(IsAnnouncement));
    });

    // RFC 5227 2.4 b: said once more; whoever claims our address is not believed and not learned.
    [Fact]
    public void AnAddressIsDefendedOnceInTenSeconds() => FrameBench.Run(async bench =>
    {
        await bench.AdvanceAsync(10);
        bench.Frames.Clear();
        byte[] claim = RawHost.Arp(ArpPacket.Announce(RawHost.TestHardware, Own));
        await bench.SendAsync(claim);
        Assert.Single(bench.Frames, IsAnnouncement);
        await bench.SendAsync(claim, claim);
        Assert.Single(bench.Frames, IsAnnouncement);
        await bench.AdvanceAsync(11);
        await bench.SendAsync(claim);
        Assert.Equal(2, bench.Frames.Count(IsAnnouncement));
        Assert.Equal(4, bench.Stack["ARP"].Dropped(DropCause.Conflict));
    });

    // RFC 5227 2.1: probes have no sender address; RFC 2131 3.1 5: a taken one is declined.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ALeasedAddressIsProbedBeforeItIsUsed(bool taken) => FrameBench.Run(
        async bench =>
        {
            await AnswerDhcpAsync(bench, DhcpMessageType.Offer);
            await AnswerDhcpAsync(bench, DhcpMessageType.Acknowledge);
            bench.Frames.Clear();
            await bench.AdvanceAsync(1.01);
            Assert.Single(bench.Frames, IsProbe);
            Assert.True(bench.Stack.Addresses.Ipv4.IsEmpty);
            if (taken)
                await bench.SendAsync(RawHost.Arp(ArpPacket.Announce(RawHost.TestHardware, Own)));
            await bench.AdvanceAsync(7);
            Assert.Equal(taken, bench.Stack.Addresses.Ipv4.IsEmpty);
            Assert.Equal(taken ? 1 : 3, bench.Frames.Count(IsProbe));
            Assert.Equal(taken, bench.Frames.Any(frame => Question(frame)?.Type == DhcpMessageType.Decline));
        },
        new() { Ipv6 = null, Ethernet = new() { AddressProbes = 3 } });

    // RFC 5227 2.4 c.
    [Fact]
    public void ALeasedAddressThatSomebodyKeepsUsingIsDeclined() => FrameBench.Run(
        async bench =>
        {
            await AnswerDhcpAsync(bench, DhcpMessageType.Offer);
            await AnswerDhcpAsync(bench, DhcpMessageType.Acknowledge);
            Assert.False(bench.Stack.Addresses.Ipv4.IsEmpty);
            Assert.Equal("10.0.0.1 10.0.0.53", string.Join(' ', bench.Stack.NameServers.Servers));
            Assert.Equal("example.org", Assert.Single(bench.Stack.NameServers.SearchDomains));
            byte[] claim = RawHost.Arp(ArpPacket.Announce(RawHost.TestHardware, Own));
            await bench.SendAsync(claim, claim);
            Assert.True(bench.Stack.Addresses.Ipv4.IsEmpty);
            Assert.Contains(bench.Frames, frame => Question(frame)?.Type == DhcpMessageType.Decline);
            bench.Frames.Clear();
            await bench.AdvanceAsync(11);
            Assert.Equal(DhcpMessageType.Discover, Question(bench.Frames.Last(frame => Question(frame) is not null))?.Type);
        },
        new() { Ipv6 = null });

    private static async Task AnswerDhcpAsync(FrameBench bench, DhcpMessageType type)
    {
        await bench.Test.WhenIdle();
        DhcpMessage question = bench.Frames.Select(Question).OfType<DhcpMessage>().Last();
        byte[] datagram = new byte[608];
        int length = new DhcpMessage
        {
            Type = type,
            TransactionId = question.TransactionId,
            ClientHardware = question.ClientHardware,
            YourAddress = Own,
            ServerIdentifier = Peer,
            Mask = Ipv4Address.From(255, 255, 255, 0),
            NameServer = Peer,
            SecondNameServer = Ipv4Address.From(10, 0, 0, 53),
            Domain = "example.org",
            LeaseSeconds = 600,
        }.WriteReply(datagram.AsSpan(8));
        datagram = datagram[..(8 + length)];
        new UdpHeader(67, 68, length).Write(datagram, Peer, Own);
        await bench.SendAsync(RawHost.Ip(IpProtocol.Udp, datagram));
    }

    private static DhcpMessage? Question(byte[] frame) =>
        frame.Length > 42 && frame[12] == 8 && frame[13] == 0 && frame[23] == (byte)IpProtocol.Udp &&
        DhcpMessage.TryParseRequest(frame.AsSpan(42), out DhcpMessage question) == WireError.None ? question : null;

    private static bool IsAnnouncement(byte[] frame) =>
        frame[12] == 8 && frame[13] == 6 && ArpPacket.TryParse(frame.AsSpan(14), out ArpPacket packet) == WireError.None && packet.IsAnnouncement;

    private static bool IsProbe(byte[] frame) =>
        frame[12] == 8 && frame[13] == 6 && ArpPacket.TryParse(frame.AsSpan(14), out ArpPacket packet) == WireError.None && packet.SenderProtocol.IsAny;

    private static void RunWithPeer(Func<FrameBench, Task> scenario) => FrameBench.Run(
        async bench =>
        {
            await bench.SendAsync(Request());
            await bench.AdvanceAsync(5);
            bench.Frames.Clear();
            await scenario(bench);
        },
        new() { Ipv6 = null, Static = new(new(Own, 24), Peer) });

    private static byte[] Request() => RawHost.Arp(ArpPacket.Request(RawHost.TestHardware, Peer, Own));

    private static IEnumerable<byte[]> Packets(FrameBench bench) =>
        bench.Frames.Where(static frame => frame[12] == 8 && frame[13] == 0).Select(static frame => frame[14..]);

    private static byte[] Echo(int length)
    {
        byte[] message = new byte[8 + length];
        for (int index = 8; index < message.Length; index++)
            message[index] = (byte)(index * 7);
        IcmpHeader.WriteEchoRequest(message, 7, 9);
        return message;
    }

    private static byte[] Udp(ushort port)
    {
        byte[] datagram = new byte[12];
        new UdpHeader(1000, port, 4).Write(datagram, Peer, Own);
        return RawHost.Ip(IpProtocol.Udp, datagram);
    }

    private static byte[] Fragment(
        ReadOnlySpan<byte> part, int offset, bool more, ushort identification, IpProtocol protocol = IpProtocol.Icmp, Ipv4Address? source = null)
    {
        byte[] packet = new byte[20 + part.Length];
        part.CopyTo(packet.AsSpan(20));
        new Ipv4Header(source ?? Peer, Own, protocol, identification, FragmentOffset: offset, MoreFragments: more, MayFragment: true).Write(packet, part.Length);
        return RawHost.Ethernet(EtherType.Ipv4, packet);
    }

    private static byte[][] Cut(byte[] message, int part, ushort identification) =>
    [
        .. Enumerable.Range(0, (message.Length + part - 1) / part).Select(index => Fragment(
            message.AsSpan(index * part, Math.Min(part, message.Length - (index * part))), index * part, (index + 1) * part < message.Length, identification)),
    ];

    private static byte[] TooBig(ReadOnlySpan<byte> packet, ushort mtu)
    {
        byte[] error = new byte[8 + Math.Min(packet.Length, 28)];
        packet[..(error.Length - 8)].CopyTo(error.AsSpan(8));
        new IcmpHeader(IcmpType.DestinationUnreachable, IcmpHeader.FragmentationNeeded).Write(error);
        BinaryPrimitives.WriteUInt16BigEndian(error.AsSpan(6), mtu);
        BinaryPrimitives.WriteUInt16BigEndian(error.AsSpan(2), 0);
        BinaryPrimitives.WriteUInt16BigEndian(error.AsSpan(2), InternetChecksum.Compute(error));
        return RawHost.Ip(IpProtocol.Icmp, error);
    }

    private static void Mend(Span<byte> packet)
    {
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], InternetChecksum.Compute(packet[..((packet[0] & 15) * 4)]));
    }

    private static async Task SendDatagramAsync(FrameBench bench, int length, Ipv4Address? to = null)
    {
        Drivers.Contracts.FramePool pool = length > 1500
            ? Drivers.Contracts.FramePool.Create(new() { FrameCount = 1, FrameSize = 16_384 })
            : bench.Stack.Link.Frames;
        Assert.True(pool.TryRent(out Drivers.Contracts.FrameBuffer payload));
        payload.Append(length).Clear();
        await bench.Stack.Udp.TellAsync(UdpMessage.Send(new(payload, new(default, 5000), new(to ?? Peer, 7))));
        await bench.Test.WhenIdle();
    }

    private sealed class Receiver : UdpReceiver
    {
        public List<TransportError> Errors { get; } = [];

        public List<IpAddress> Sources { get; } = [];

        public override bool TryDeliver([Actors.MovesWhen(true)] in UdpDatagram datagram)
        {
            Sources.Add(datagram.Source.Address);
            datagram.Dispose();
            return true;
        }

        public override void Fail(TransportError error) => Errors.Add(error);
    }
}
