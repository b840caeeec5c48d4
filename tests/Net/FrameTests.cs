// Whole frames in, whole frames out: the stack as a library, without a guest.
using System.Buffers.Binary;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using Xunit.Abstractions;

namespace Troupe.Net.Tests;

public sealed class FrameTests(ITestOutputHelper output)
{
    // RFC 826; RFC 5227 3.
    [Fact]
    public async Task AnnouncesItsAddressAndAnswersWhoAsksForIt()
    {
        await using RawHost host = await RawHost.StartAsync();
        host.Receive(frame => RawHost.IsArp(frame, ArpOperation.Request, TwoStacks.SecondAddress));
        await host.AnswerArpAsync();
        host.Receive(frame => RawHost.IsArp(frame, ArpOperation.Reply, TwoStacks.FirstAddress));
    }

    // RFC 1122 3.2.2.6; the request taught the stack who asks, so the reply needs no question... unless it came from beyond the gateway.
    [Fact]
    public async Task AnswersAPingFromTheLinkAndFromBeyondTheGateway()
    {
        await using RawHost host = await RawHost.StartAsync();
        await host.SendAsync(RawHost.Ping(1, Ipv4Address.From(192, 0, 2, 9)));
        host.Receive(frame => RawHost.IsArp(frame, ArpOperation.Request, TwoStacks.FirstAddress));
        await host.SendAsync(RawHost.Arp(ArpPacket.Request(default, TwoStacks.SecondAddress, TwoStacks.FirstAddress).ReplyFrom(RawHost.TestHardware) with
        {
            TargetHardware = RawHost.StackHardware,
        }));
        host.Receive(frame => RawHost.IsEchoReply(frame, 1));
        await host.SendAsync(RawHost.Ping(2));
        host.Receive(frame => RawHost.IsEchoReply(frame, 2));
    }

    // RFC 9293 3.10.7.1.
    [Fact]
    public async Task ResetsASegmentToAPortNobodyListensOn()
    {
        await using RawHost host = await RawHost.StartAsync();
        await host.AnswerArpAsync();
        await host.SendAsync(RawHost.Tcp(TcpFlags.Syn, 81, sequence: 9));
        byte[] frame = host.Receive(frame => frame.Length > 47 && frame[23] == (byte)IpProtocol.Tcp);
        Assert.Equal((byte)(TcpFlags.Rst | TcpFlags.Ack), frame[47]);
        Assert.Equal(10u, BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(42)));
        Assert.Equal(1, host.Stack["TCP"].Dropped(DropCause.NoListener));
    }

    [Fact]
    public async Task CountsWhatItDropsByCause()
    {
        await using RawHost host = await RawHost.StartAsync();
        await host.AnswerArpAsync();
        byte[] corrupt = RawHost.Ping(2);
        corrupt[24] ^= 1;
        byte[] foreign = RawHost.Ping(3);
        foreign[5] ^= 0x10;
        byte[] cut = RawHost.Ping(4);
        cut[14] = 0x46;
        await host.SendAsync(corrupt, foreign, cut, RawHost.Ping(5));
        host.Receive(frame => RawHost.IsEchoReply(frame, 5));
        Assert.Equal(2, host.Stack["IPv4"].Dropped(DropCause.BadChecksum));
        Assert.Equal(1, host.Stack["Ethernet"].Dropped(DropCause.NotForUs));
    }

    // RFC 2131 over the whole stack.
    [Fact]
    public async Task GetsItsAddressFromADhcpServer()
    {
        await using RawHost host = await RawHost.StartAsync(dhcp: true);
        DhcpMessage question = default;
        bool IsQuestion(byte[] frame) => frame.Length > 42 && frame[23] == (byte)IpProtocol.Udp &&
            DhcpMessage.TryParseRequest(frame.AsSpan(42), out question) == WireError.None;
        foreach (DhcpMessageType type in new[] { DhcpMessageType.Offer, DhcpMessageType.Acknowledge })
        {
            host.Receive(IsQuestion);
            byte[] datagram = new byte[608];
            int length = new DhcpMessage
            {
                Type = type,
                TransactionId = question.TransactionId,
                ClientHardware = question.ClientHardware,
                YourAddress = TwoStacks.SecondAddress,
                ServerIdentifier = TwoStacks.FirstAddress,
                Mask = Ipv4Address.From(255, 255, 255, 0),
                LeaseSeconds = 600,
            }.WriteReply(datagram.AsSpan(8));
            datagram = datagram[..(8 + length)];
            new UdpHeader(67, 68, length).Write(datagram, TwoStacks.FirstAddress, TwoStacks.SecondAddress);
            await host.SendAsync(RawHost.Ip(IpProtocol.Udp, datagram));
        }

        InterfaceConfiguration configuration = await host.Stack.Configured.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(new Ipv4Network(TwoStacks.SecondAddress, 24), configuration.Network);
    }

    [Fact]
    public async Task SurvivesAHundredThousandFramesOfGarbage()
    {
        int seed = SeededRandomness.NewSeed();
        output.WriteLine($"TROUPE_SEED={seed}");
        Random random = new(seed);
        await using RawHost host = await RawHost.StartAsync();
        await using TcpListener listener = (await host.Stack.ListenAsync(80))!;
        await host.AnswerArpAsync();
        byte[] udp = new byte[40];
        new UdpHeader(1, 68, 32).Write(udp, TwoStacks.FirstAddress, TwoStacks.SecondAddress);
        byte[][] seeds =
        [
            RawHost.Ping(1), RawHost.Tcp(TcpFlags.Syn, 80), RawHost.Tcp(TcpFlags.Ack, 80, 2, 3, new byte[100]), RawHost.Ip(IpProtocol.Udp, udp),
            RawHost.Arp(ArpPacket.Request(RawHost.TestHardware, TwoStacks.FirstAddress, TwoStacks.SecondAddress)),
        ];
        const int Frames = 100_000;
        for (int sent = 0; sent < Frames; sent += 1000)
        {
            byte[][] part = [.. Enumerable.Range(0, 1000).Select(_ => Garbage(random, seeds))];
            await host.SendAsync(part);
        }

        await host.SendAsync(RawHost.Arp(ArpPacket.Request(RawHost.TestHardware, TwoStacks.FirstAddress, TwoStacks.SecondAddress)));
        await Task.Delay(200);
        await host.AnswerArpAsync();
        await host.SendAsync(RawHost.Ping(4242));
        host.Receive(frame => RawHost.IsEchoReply(frame, 4242));
        foreach (LayerCounters counters in host.Stack.Counters)
            output.WriteLine(counters.ToString());
        Assert.Equal(0, host.System.FailureCount);
        Assert.Equal(0, host.Stack.Link.Frames.MisuseCount);
        Assert.True(host.Stack.Counters.Sum(counters => counters.TotalDropped) > Frames / 4);
    }

    private static byte[] Garbage(Random random, byte[][] seeds)
    {
        if (random.Next(4) == 0)
        {
            byte[] noise = new byte[random.Next(1, 1514)];
            random.NextBytes(noise);
            return noise;
        }

        byte[] frame = (byte[])seeds[random.Next(seeds.Length)].Clone();
        for (int flips = random.Next(1, 6); flips > 0; flips--)
            frame[random.Next(random.Next(3) == 0 ? 0 : 12, frame.Length)] = (byte)random.Next(256);
        if (random.Next(2) == 0 && frame[12] == 8 && frame[13] == 0 && (frame[14] & 15) is >= 5 and < 10)
        {
            // Mended above the link, so that the garbage gets further up.
            int length = (frame[14] & 15) * 4;
            frame.AsSpan(24, 2).Clear();
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(24), InternetChecksum.Compute(frame.AsSpan(14, length)));
        }

        return random.Next(8) == 0 ? frame[..random.Next(1, frame.Length)] : frame;
    }
}
