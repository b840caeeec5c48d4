// RFC 8200, RFC 4443, RFC 5722, RFC 6946, RFC 7112, RFC 8201: whole frames in, whole frames out, in virtual time.
using System.Buffers.Binary;
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using Xunit.Abstractions;
using static Troupe.Net.Tests.FrameBench;

namespace Troupe.Net.Tests;

public sealed class Ipv6Tests(ITestOutputHelper output)
{
    private const byte Options = 60;
    private const byte Routing = 43;

    // RFC 4443 4.2.
    [Fact]
    public void AnEchoIsAnsweredWithItsData() => RunWithPeer(async bench =>
    {
        await bench.SendAsync(Echo(Peer, bench.LinkLocal, 0x1234_5678, 1000));
        Ipv6Frame reply = bench.Ipv6.Single();
        Assert.True(reply.IsIcmp(Icmpv6Type.EchoReply));
        Assert.Equal(0x1234_5678u, BinaryPrimitives.ReadUInt32BigEndian(reply.Payload.AsSpan(4)));
        Assert.Equal(1008, reply.Payload.Length);
        Assert.Equal(WireError.None, Icmpv6Header.TryParse(reply.Payload, reply.Source, reply.Destination, out _));
    });

    // RFC 8200 4.1, 4.3, 4.4, 4.6: hop-by-hop first, destination options and a routing header with nothing left may stand before the transport.
    [Fact]
    public void ExtensionHeadersAreSteppedOver() => RunWithPeer(async bench =>
    {
        await bench.SendAsync(WithHeaders(bench, [(0, [1, 4, 0, 0, 0, 0]), (Options, [0, 0, 0x1E, 2, 9, 9]), (Routing, [4, 0, 0, 0, 0, 0])]));
        Assert.True(bench.Ipv6.Single().IsIcmp(Icmpv6Type.EchoReply));
    });

    // RFC 8200 4.2: the two highest bits of an option nobody knows.
    [Theory]
    [InlineData(0x1F, false, true, 0)]
    [InlineData(0x5F, false, false, 0)]
    [InlineData(0x9F, false, false, 1)]
    [InlineData(0xDF, false, false, 1)]
    [InlineData(0x9F, true, false, 1)]
    [InlineData(0xDF, true, false, 0)]
    public void AnUnknownOptionSaysWhatBecomesOfThePacket(byte option, bool multicast, bool answered, int problems) => RunWithPeer(async bench =>
    {
        await bench.SendAsync(WithHeaders(bench, [(Options, [option, 4, 0, 0, 0, 0])], multicast ? Ipv6Address.AllNodes : null));
        Assert.Equal(answered, bench.Ipv6.Any(frame => frame.IsIcmp(Icmpv6Type.EchoReply)));
        List<Ipv6Frame> errors = [.. bench.Ipv6.Where(frame => frame.IsIcmp(Icmpv6Type.ParameterProblem))];
        Assert.Equal(problems, errors.Count);
        Assert.All(errors, error => Assert.Equal((2, 42u), (error.Payload[1], BinaryPrimitives.ReadUInt32BigEndian(error.Payload.AsSpan(4)))));
    });

    // RFC 8200 4.4 with segments left (RFC 5095 for type 0); 4: hop-by-hop options elsewhere than first, and an unknown header.
    [Theory]
    [InlineData(Routing, 0, 1, 0, 42u)]
    [InlineData(Routing, 4, 1, 0, 42u)]
    [InlineData(253, 0, 0, 1, 6u)]
    public void AHeaderThatAHostDoesNotTakeIsRefused(byte next, byte type, byte left, byte code, uint pointer) => RunWithPeer(async bench =>
    {
        await bench.SendAsync(WithHeaders(bench, [(next, [type, left, 0, 0, 0, 0])]));
        Ipv6Frame error = bench.Ipv6.Single();
        Assert.True(error.IsIcmp(Icmpv6Type.ParameterProblem));
        Assert.Equal((code, pointer), (error.Payload[1], BinaryPrimitives.ReadUInt32BigEndian(error.Payload.AsSpan(4))));
    });

    // RFC 8883 and RFC 8504 5.3 let a host stop.
    [Fact]
    public void AnEndlessChainOfHeadersOrOptionsIsNotWalked() => RunWithPeer(async bench =>
    {
        (byte, byte[])[] many = [.. Enumerable.Range(0, 100).Select(_ => (Options, new byte[] { 1, 4, 0, 0, 0, 0 }))];
        byte[] padding = new byte[254];
        await bench.SendAsync(WithHeaders(bench, many), WithHeaders(bench, [(Options, padding)]));
        Assert.Empty(bench.Ipv6);
        Assert.Equal(2, bench.Stack["IPv6"].Dropped(DropCause.Malformed));
    });

    // RFC 8200 4.5.
    [Fact]
    public void FragmentsInAnyOrderMakeOneDatagram()
    {
        int seed = SeededRandomness.NewSeed();
        output.WriteLine($"TROUPE_SEED={seed}");
        Random random = new(seed);
        RunWithPeer(async bench =>
        {
            for (uint round = 1; round <= 20; round++)
            {
                byte[] echo = EchoMessage(bench, random.Next(2000, 9000));
                byte[][] fragments = Cut(bench, echo, 8 * random.Next(20, 150), round);
                random.Shuffle(fragments);
                bench.Frames.Clear();
                await bench.SendAsync(fragments);
                byte[] reply = await ReassembledReplyAsync(bench);
                Assert.Equal(echo.AsSpan(4), reply.AsSpan(4));
            }

            Assert.Equal(0, bench.Stack.Link.Frames.MisuseCount);
        });
    }

    // RFC 6946: it waits for nobody.
    [Fact]
    public void AnAtomicFragmentIsAWholePacket() => RunWithPeer(async bench =>
    {
        byte[] echo = EchoMessage(bench, 100);
        await bench.SendAsync(Fragment(bench, echo, 0, false, 7));
        Assert.True(bench.Ipv6.Single().IsIcmp(Icmpv6Type.EchoReply));
    });

    // RFC 5722 and RFC 8200 4.5: nothing of it is delivered, whatever comes later; an exact duplicate does no harm.
    [Fact]
    public void AnOverlapMakesADatagramBadAndADuplicateDoesNot() => RunWithPeer(async bench =>
    {
        byte[] echo = EchoMessage(bench, 1000);
        byte[] first = Fragment(bench, echo[..504], 0, true, 1);
        byte[] second = Fragment(bench, echo[504..], 504, false, 1);
        await bench.SendAsync(first, first, second);
        Assert.True(bench.Ipv6.Single().IsIcmp(Icmpv6Type.EchoReply));
        bench.Frames.Clear();
        await bench.SendAsync(
            Fragment(bench, echo[..504], 0, true, 2), Fragment(bench, echo[496..], 496, false, 2), Fragment(bench, echo[504..], 504, false, 2));
        Assert.Empty(bench.Ipv6);
        Assert.Equal(2, bench.Stack["IPv6"].Dropped(DropCause.Overlap));
        Assert.Equal(1, bench.Stack["IPv6"].Dropped(DropCause.Duplicate));
    });

    // RFC 8200 4.5: code 1 when the first fragment had come, silence otherwise.
    [Fact]
    public void FragmentsThatStayAloneAreGivenUpAndTheSenderIsTold() => RunWithPeer(async bench =>
    {
        byte[] echo = EchoMessage(bench, 1000);
        await bench.SendAsync(Fragment(bench, echo[..504], 0, true, 1), Fragment(bench, echo[504..], 504, false, 2));
        await bench.AdvanceAsync(25);
        Assert.DoesNotContain(bench.Ipv6, frame => frame.IsIcmp(Icmpv6Type.TimeExceeded));
        await bench.SendAsync(Solicit(Peer, bench.LinkLocal));
        await bench.AdvanceAsync(10);
        Ipv6Frame error = bench.Ipv6.Single(frame => frame.IsIcmp(Icmpv6Type.TimeExceeded));
        Assert.Equal(1, error.Payload[1]);
        Assert.Equal(2, bench.Stack["IPv6"].Dropped(DropCause.Timeout));
    });

    // RFC 7112; RFC 8200 4.5 for the length; beyond 65,535 ("ping of death").
    [Fact]
    public void FragmentsThatCannotBeOfAnHonestDatagramAreDropped() => RunWithPeer(async bench =>
    {
        byte[] echo = EchoMessage(bench, 1000);
        byte[] headless = Fragment(bench, [58, 1, 1, 4, 0, 0, 0, 0], 0, true, 1);
        headless[54] = Options;
        await bench.SendAsync(
            headless, Fragment(bench, echo[..100], 0, true, 2), Fragment(bench, echo[..800], 65_528, false, 3),
            Fragment(bench, [], 8, true, 4));
        Assert.Equal(4, bench.Stack["IPv6"].Dropped(DropCause.Malformed));
        Assert.Equal([0u, 4u], bench.Ipv6.Select(error => BinaryPrimitives.ReadUInt32BigEndian(error.Payload.AsSpan(4))).Order());
    });

    [Fact]
    public void FragmentsNeverCompletedHoldBoundedMemoryAndAnHonestSenderGetsThrough() => RunWithPeer(async bench =>
    {
        byte[] echo = EchoMessage(bench, 1000);
        for (uint id = 0; id < 1000; id++)
        {
            byte[] fragment = Fragment(bench, echo[..504], 0, true, id);
            new Ipv6Address(0xFE80UL << 48, (id % 50) + 0x1000).Write(fragment.AsSpan(22));
            await bench.SendAsync(fragment);
        }

        await bench.SendAsync(Fragment(bench, echo[..504], 0, true, 5000), Fragment(bench, echo[504..], 504, false, 5000));
        Assert.True(bench.Ipv6.Single().IsIcmp(Icmpv6Type.EchoReply));
        Assert.True(bench.Stack["IPv6"].Dropped(DropCause.TableFull) > 900);
    });

    // RFC 4443 3.1 code 4, 3.4 code 1.
    [Fact]
    public void APortOrAProtocolNobodyHasIsRefused() => RunWithPeer(async bench =>
    {
        byte[] datagram = new byte[12];
        new UdpHeader(1000, 9, 4).Write(datagram, Peer, bench.LinkLocal);
        await bench.SendAsync(Ipv6Packet(Peer, bench.LinkLocal, (byte)IpProtocol.Udp, datagram), Ipv6Packet(Peer, bench.LinkLocal, 132, datagram));
        Assert.Equal(
            [(Icmpv6Type.DestinationUnreachable, 4), (Icmpv6Type.ParameterProblem, 1)],
            bench.Ipv6.Select(frame => ((Icmpv6Type)frame.Payload[0], (int)frame.Payload[1])).Order());
        Assert.All(bench.Ipv6, frame => Assert.True(frame.Packet.Length <= 1280));
    });

    // RFC 4443 2.4 e and f.
    [Fact]
    public void ErrorsAreNotCausedByErrorsOrGroupsAndOnlySoManyASecond() => RunWithPeer(async bench =>
    {
        byte[] datagram = new byte[12];
        new UdpHeader(1000, 9, 4).Write(datagram, Peer, Ipv6Address.AllNodes);
        byte[] error = WithHeaders(bench, [(Options, [0x9F, 4, 0, 0, 0, 0])]);
        // The echo behind the option becomes an error.
        error[14 + 40 + 8] = (byte)Icmpv6Type.DestinationUnreachable;
        await bench.SendAsync(Ipv6Packet(Peer, Ipv6Address.AllNodes, (byte)IpProtocol.Udp, datagram), error, Ipv6Packet(default, bench.LinkLocal, 132, datagram));
        Assert.Empty(bench.Ipv6);
        byte[] unknown = Ipv6Packet(Peer, bench.LinkLocal, 132, datagram);
        await bench.SendAsync([.. Enumerable.Repeat(unknown, 500)]);
        Assert.Equal(100, bench.Ipv6.Count());
        Assert.Equal(400, bench.Stack["ICMPv6"].Dropped(DropCause.RateLimited));
    });

    // RFC 4291 2.7, 2.5.3; RFC 4942 2.2.
    [Theory]
    [InlineData("ff02::1")]
    [InlineData("::1")]
    [InlineData("::ffff:10.0.0.1")]
    public void ASourceThatMayNotStandThereIsDropped(string source) => RunWithPeer(async bench =>
    {
        await bench.SendAsync(Echo(V6(source), bench.LinkLocal), Echo(bench.LinkLocal, bench.LinkLocal));
        Assert.Equal(2, bench.Stack["IPv6"].Dropped(DropCause.BadAddress));
        Assert.Empty(bench.Ipv6);
    });

    // RFC 8201 4: what a router reports is taken, never above the link nor below 1280, and told to the transport.
    [Fact]
    public void APathThatTakesLessIsLearnedAndLargeDatagramsAreCut() => RunWithPeer(async bench =>
    {
        Receiver receiver = new();
        await bench.Stack.Udp.TellAsync(UdpMessage.Bind(5000, receiver));
        await SendDatagramAsync(bench, 1400);
        Assert.Equal(1448, bench.Ipv6.Single().Packet.Length);
        byte[] sent = bench.Ipv6.Single().Packet;
        bench.Frames.Clear();

        await bench.SendAsync(TooBig(bench, sent, 1279), TooBig(bench, sent, 1300));
        TransportError error = Assert.Single(receiver.Errors);
        Assert.Equal(
            new(TransportErrorKind.TooBig, IpProtocol.Udp, new(bench.LinkLocal, 5000), new(Peer, 7), BinaryPrimitives.ReadUInt32BigEndian(sent.AsSpan(44)), 1300), error);
        await SendDatagramAsync(bench, 1400);
        Assert.Equal(2, bench.Ipv6.Count());
        Assert.All(bench.Ipv6, frame => Assert.True(frame.Packet.Length <= 1300 && frame.Next == Ipv6Extensions.Fragment));
        bench.Frames.Clear();

        // RFC 8201 5.3: after a while the link's size is tried again.
        await bench.AdvanceAsync(601);
        await bench.SendAsync(Solicit(Peer, bench.LinkLocal));
        bench.Frames.Clear();
        await SendDatagramAsync(bench, 1400);
        Assert.Single(bench.Ipv6);
    });

    // RFC 4443 2.4 d: what quotes a packet that is not ours is forged.
    [Fact]
    public void AnErrorAboutSomebodyElsesPacketIsDropped() => RunWithPeer(async bench =>
    {
        Receiver receiver = new();
        await bench.Stack.Udp.TellAsync(UdpMessage.Bind(5000, receiver));
        await SendDatagramAsync(bench, 100);
        byte[] sent = bench.Ipv6.Single().Packet;
        sent[30] ^= 1;
        await bench.SendAsync(TooBig(bench, sent, 1300));
        sent[8] ^= 1;
        await bench.SendAsync(TooBig(bench, sent, 1300), TooBig(bench, sent[..44], 1300));
        Assert.Single(receiver.Errors);
        Assert.Equal(1, bench.Stack["ICMPv6"].Dropped(DropCause.BadAddress));
        Assert.Equal(1, bench.Stack["ICMPv6"].Dropped(DropCause.Truncated));
    });

    [Fact]
    public void WhatIsForThisHostGoesRoundInsideIt() => RunWithPeer(async bench =>
    {
        Receiver receiver = new();
        await bench.Stack.Udp.TellAsync(UdpMessage.Bind(7, receiver));
        foreach (Ipv6Address destination in new[] { Ipv6Address.Loopback, bench.LinkLocal })
            await SendDatagramAsync(bench, 100, destination);
        Assert.Equal([Ipv6Address.Loopback, (IpAddress)bench.LinkLocal], receiver.Sources);
        Assert.Empty(bench.Ipv6);
        // RFC 4291 2.5.3: from a link it is nobody's.
        await bench.SendAsync(Echo(Peer, Ipv6Address.Loopback));
        Assert.Equal(1, bench.Stack["IPv6"].Dropped(DropCause.BadAddress));
    });

    // A whole connection over IPv6, on a link that loses, doubles and delays.
    [Fact]
    public void TcpRunsOverIpv6() => TestSystem.RunSeeds(
        async test =>
        {
            InProcessLink link = new(test.System, (_, _) => (LinkFate)(1 << test.Random.Next(31)) & (LinkFate.Drop | LinkFate.Duplicate | LinkFate.Delay));
            SeededRandomness randomness = new(test.Seed);
            // RFC 9293 3.7.1: 1,500 octets less two headers, of which IPv6's is the longer.
            static NetworkConfiguration Configure(Ipv4Address address) => new() { Static = new(new(address, 24)), Tcp = new() { MaximumSegmentSize = 1440 } };
            NetworkStack first = await NetworkStack.StartAsync(test.System, link.First, Configure(TwoStacks.FirstAddress), randomness);
            NetworkStack second = await NetworkStack.StartAsync(test.System, link.Second, Configure(TwoStacks.SecondAddress), randomness);
            await test.AdvanceAsync(TimeSpan.FromSeconds(10));
            TcpApplicationOptions inTurns = new() { RunsInTurns = true };
            TcpListener listener = (await second.ListenAsync(80, inTurns))!;
            ValueTask<TcpConnection?> accepting = listener.AcceptAsync();
            TcpConnection client = await first.ConnectAsync(new(second.Addresses.Ipv6[0].Address, 80), inTurns);
            TcpConnection server = (await accepting)!;
            Assert.False(client.Key.Remote.Address.IsIpv4);
            byte[] sent = new byte[50_000];
            test.Random.NextBytes(sent);
            Task<byte[]> arriving = TwoStacks.ReadAllAsync(server.Input);
            await client.Output.WriteAsync(sent);
            client.Output.Complete();
            Assert.Equal(sent, await arriving);
            await server.DisposeAsync();
            await TwoStacks.ReadAllAsync(client.Input);
            client.Input.Complete();
            await listener.DisposeAsync();
        },
        5);

    // Any frame: dropped and counted, never an exception, and an honest neighbour is still answered.
    [Fact]
    public void MutatedPacketsDoNoHarm()
    {
        int seed = SeededRandomness.NewSeed();
        output.WriteLine($"TROUPE_SEED={seed}");
        Random random = new(seed);
        RunWithPeer(
            async bench =>
            {
                await bench.SendAsync(AdvertiseRouter());
                byte[] echo = EchoMessage(bench, 600);
                byte[][] seeds =
                [
                    Echo(Peer, bench.LinkLocal), Solicit(Peer, bench.LinkLocal), Solicit(default, bench.LinkLocal), AdvertiseRouter(more: new byte[48]),
                    Advertise(Peer, bench.LinkLocal, new(Peer, Own, true, true, true)), Fragment(bench, echo[..504], 0, true, 1),
                    Fragment(bench, echo[504..], 504, false, 1), WithHeaders(bench, [(0, [5, 2, 0, 0, 1, 0]), (Options, [0x9F, 4, 0, 0, 0, 0]), (Routing, [0, 0, 0, 0, 0, 0])]),
                    Icmp(Router, Ipv6Address.AllNodes, new(Icmpv6Type.MulticastListenerQuery, 0, 10u << 16), new byte[20], 1),
                    TooBig(bench, Echo(bench.LinkLocal, Peer)[14..], 1290),
                ];
                for (int sent = 0; sent < 20_000; sent += 100)
                {
                    await bench.SendAsync([.. Enumerable.Range(0, 100).Select(_ => Mutate(random, seeds))]);
                    bench.Frames.Clear();
                }

                await bench.AdvanceAsync(120);
                bench.Frames.Clear();
                Ipv6Address stranger = V6("fe80::1234");
                if (bench.Stack.Addresses.Ipv6.FirstOrDefault(own => own.Address.IsLinkLocal).Address is { IsAny: false } own)
                {
                    await bench.SendAsync(Solicit(stranger, own.Ipv6), Echo(stranger, own.Ipv6));
                    Assert.Contains(bench.Ipv6, frame => frame.IsIcmp(Icmpv6Type.EchoReply));
                }

                foreach (LayerCounters counters in bench.Stack.Counters)
                    output.WriteLine(counters.ToString());
                Assert.True(bench.Stack.Counters.Sum(counters => counters.TotalDropped) > 5000);
                Assert.True(bench.Stack.Link.Frames.RentedCount < 200);
            },
            seed);
    }

    private static void RunWithPeer(Func<FrameBench, Task> scenario, int seed = 1) => RunReady(
        async bench =>
        {
            // From now on the stack knows the peer.
            await bench.SendAsync(Solicit(Peer, bench.LinkLocal));
            bench.Frames.Clear();
            await scenario(bench);
        },
        seed: seed);

    private static byte[] Mutate(Random random, byte[][] seeds)
    {
        byte[] frame = (byte[])seeds[random.Next(seeds.Length)].Clone();
        for (int flips = random.Next(1, 5); flips > 0; flips--)
            frame[random.Next(random.Next(8) == 0 ? 12 : 14 + (random.Next(2) * 40), frame.Length)] = (byte)random.Next(256);
        if (random.Next(4) != 0 && frame[20] == (byte)IpProtocol.Icmpv6 && frame.Length > 62)
        {
            // Mended, so that the garbage gets further up.
            int length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(18)), frame.Length - 54);
            Span<byte> message = frame.AsSpan(54, length);
            if (length >= 8)
            {
                new Icmpv6Header((Icmpv6Type)message[0], message[1], BinaryPrimitives.ReadUInt32BigEndian(message[4..]))
                    .Write(message, Ipv6Address.Read(frame.AsSpan(22)), Ipv6Address.Read(frame.AsSpan(38)));
            }
        }

        return random.Next(8) == 0 ? frame[..random.Next(1, frame.Length)] : frame;
    }

    private static byte[] EchoMessage(FrameBench bench, int length)
    {
        byte[] message = new byte[8 + length];
        for (int index = 8; index < message.Length; index++)
            message[index] = (byte)(index * 7);
        new Icmpv6Header(Icmpv6Type.EchoRequest, 0, 0xABCD).Write(message, Peer, bench.LinkLocal);
        return message;
    }

    private static byte[] Fragment(FrameBench bench, ReadOnlySpan<byte> part, int offset, bool more, uint identification)
    {
        byte[] payload = new byte[8 + part.Length];
        new Ipv6FragmentHeader((byte)IpProtocol.Icmpv6, offset, more, identification).Write(payload);
        part.CopyTo(payload.AsSpan(8));
        return Ipv6Packet(Peer, bench.LinkLocal, Ipv6Extensions.Fragment, payload);
    }

    private static byte[][] Cut(FrameBench bench, byte[] message, int part, uint identification) =>
    [
        .. Enumerable.Range(0, (message.Length + part - 1) / part).Select(index => Fragment(
            bench, message.AsSpan(index * part, Math.Min(part, message.Length - (index * part))), index * part, (index + 1) * part < message.Length, identification)),
    ];

    private static async Task<byte[]> ReassembledReplyAsync(FrameBench bench)
    {
        await bench.Test.WhenIdle();
        byte[] whole = new byte[10_000];
        int length = 0;
        foreach (Ipv6Frame frame in bench.Ipv6.Where(frame => frame.Next == Ipv6Extensions.Fragment))
        {
            Ipv6FragmentHeader header = Ipv6FragmentHeader.Read(frame.Payload);
            frame.Payload.AsSpan(8).CopyTo(whole.AsSpan(header.Offset));
            length += frame.Payload.Length - 8;
        }

        Assert.Equal(WireError.None, Icmpv6Header.TryParse(whole.AsSpan(0, length), bench.LinkLocal, Peer, out Icmpv6Header reply));
        Assert.Equal(Icmpv6Type.EchoReply, reply.Type);
        return whole[..length];
    }

    // An echo behind extension headers; each is given without its first two octets.
    private static byte[] WithHeaders(FrameBench bench, (byte Next, byte[] Body)[] headers, Ipv6Address? to = null)
    {
        Ipv6Address destination = to ?? bench.LinkLocal;
        List<byte> payload = [];
        for (int index = 0; index < headers.Length; index++)
        {
            payload.Add(index + 1 < headers.Length ? headers[index + 1].Next : (byte)IpProtocol.Icmpv6);
            payload.Add((byte)(((headers[index].Body.Length + 2) / 8) - 1));
            payload.AddRange(headers[index].Body);
        }

        byte[] echo = new byte[24];
        new Icmpv6Header(Icmpv6Type.EchoRequest, 0, 1).Write(echo, Peer, destination);
        return Ipv6Packet(Peer, destination, headers[0].Next, [.. payload, .. echo]);
    }

    private static byte[] TooBig(FrameBench bench, ReadOnlySpan<byte> packet, uint mtu) =>
        Icmp(Router, bench.LinkLocal, new(Icmpv6Type.PacketTooBig, 0, mtu), packet[..Math.Min(packet.Length, 1200)]);

    private static async Task SendDatagramAsync(FrameBench bench, int length, Ipv6Address? to = null)
    {
        Assert.True(bench.Stack.Link.Frames.TryRent(out Drivers.Contracts.FrameBuffer payload));
        payload.Append(length).Clear();
        await bench.Stack.Udp.TellAsync(UdpMessage.Send(new(payload, new(default, 5000), new(to ?? Peer, 7))));
        await bench.Test.WhenIdle();
    }

    private sealed class Receiver : UdpReceiver
    {
        public List<TransportError> Errors { get; } = [];

        public List<IpAddress> Sources { get; } = [];

        public override bool TryDeliver([MovesWhen(true)] in UdpDatagram datagram)
        {
            Sources.Add(datagram.Source.Address);
            datagram.Dispose();
            return true;
        }

        public override void Fail(TransportError error) => Errors.Add(error);
    }
}
