// Requirements of RFC 9293 that no other test shows; the label of its appendix B stands above each (docs/tcp.md has the table).
using Troupe.Actors;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.TcpHarness;

namespace Troupe.Net.Tests;

public sealed class TcpRequirementTests
{
    private const uint Peer = PeerInitial + 1;
    private const uint Own = OwnInitial + 1;
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    // MUST-61.
    [Fact]
    public void TheLastSegmentOfAWriteHasPsh()
    {
        TcpHarness tcp = Passive();
        tcp.Write(2500);
        Assert.Equal([false, false, true], tcp.Output.Select(sent => sent.Header.Has(TcpFlags.Psh)));
    }

    // MUST-1.
    [Fact]
    public void TheWindowIsUnsigned()
    {
        TcpHarness tcp = Passive(window: 65_535);
        Assert.Equal(65_535, tcp.Block.Status.SendWindow);
    }

    // MUST-66.
    [Fact]
    public void AResetCountsWhileOurWindowIsShut()
    {
        TcpHarness tcp = Passive(new() { ReceiveBuffer = 1000, MaximumReceiveBuffer = 1000 });
        tcp.Receive(TcpFlags.Ack, Peer, Own, 1000);
        Assert.Equal(0, tcp.Block.Status.ReceiveWindow);
        tcp.Receive(TcpFlags.Rst, Peer + 1000, 0);
        Assert.Equal(TcpCloseReason.ResetByPeer, tcp.Closed);
    }

    // MUST-69.
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 3)]
    public void OptionsFillWholeWords(bool timestamps, int blocks)
    {
        SackBlocks sack = default;
        for (uint block = 0; block < blocks; block++)
            sack.TryAdd(new(new(block * 100), new(block * 100 + 50)));
        TcpOptions options = new() { Sack = sack, Timestamps = timestamps ? (1, 2) : null };
        Span<byte> bytes = stackalloc byte[options.Length];
        options.Write(bytes);
        Assert.Equal(0, options.Length % 4);
        Assert.Equal(WireError.None, TcpOptions.TryParse(bytes, out TcpOptions read));
        Assert.Equal(options, read);
    }

    // MUST-16, SHLD-5, SHLD-6.
    [Fact]
    public void AnnouncesWhatItsLinkTakes()
    {
        TcpHarness tcp = new(passive: false);
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        Assert.Equal((ushort)1460, tcp.Single().Header.Options.MaximumSegmentSize);
        tcp.Receive(TcpFlags.Syn | TcpFlags.Ack, PeerInitial, Own, options: new() { MaximumSegmentSize = 9000 });
        Assert.Equal(1460, tcp.Block.SegmentSize);
        Assert.Equal(1440, new TcpConfiguration().SegmentSizeFor(Ipv6Address.Loopback));
    }

    // MUST-15.
    [Fact]
    public void AssumesTheDefaultOfAPeerThatAnnouncesNothing()
    {
        TcpHarness tcp = new();
        tcp.Turn(() => tcp.Block.Accept(Header(TcpFlags.Syn, PeerInitial, 0), new(OwnInitial)));
        Assert.Equal(536, tcp.Block.SegmentSize);

        TcpConnectionKey key = new(new(Ipv6Address.Loopback, 80), new(Ipv6Address.Loopback, 50_000));
        TcpHarness ipv6 = new(key: key);
        ipv6.Turn(() => ipv6.Block.Accept(Header(TcpFlags.Syn, PeerInitial, 0), new(OwnInitial)));
        Assert.Equal(1220, ipv6.Block.SegmentSize);
    }

    // MUST-65.
    [Fact]
    public void OnlySynsAnnounceASegmentSize()
    {
        TcpHarness tcp = Selective(timestamp: 1);
        tcp.Write(10);
        Assert.Null(tcp.Single().Header.Options.MaximumSegmentSize);
    }

    // MUST-11.
    [Fact]
    public async Task AResetInSynReceivedDoesNotCloseTheListener()
    {
        await using RawHost host = await RawHost.StartAsync();
        await host.AnswerArpAsync();
        await using TcpListener listener = (await host.Stack.ListenAsync(80))!;
        await host.SendAsync(RawHost.Tcp(TcpFlags.Syn, 80, sequence: 100));
        host.Receive(IsSynAck);
        await host.SendAsync(RawHost.Tcp(TcpFlags.Rst, 80, sequence: 101));
        for (DateTime end = DateTime.UtcNow + _limit; listener.Pending > 0 && DateTime.UtcNow < end;)
            await Task.Delay(1);
        Assert.Equal(0, listener.Pending);
        await host.SendAsync(RawHost.Tcp(TcpFlags.Syn, 80, sequence: 100, source: 4001));
        host.Receive(IsSynAck);
    }

    // MUST-41, MUST-42.
    [Fact]
    public async Task AListenerServesManyConnections()
    {
        await using TwoStacks stacks = await TwoStacks.StartAsync(1);
        await using TcpListener listener = (await stacks.Second.ListenAsync(80))!;
        for (int connection = 0; connection < 3; connection++)
        {
            await stacks.First.ConnectAsync(new(TwoStacks.SecondAddress, 80)).AsTask().WaitAsync(_limit);
            Assert.NotNull(await listener.AcceptAsync().AsTask().WaitAsync(_limit));
        }

        Assert.Equal(3, (await stacks.Second.ListConnectionsAsync()).Length);
    }

    // MUST-46.
    [Theory]
    [InlineData(224, 0, 0, 1)]
    [InlineData(255, 255, 255, 255)]
    public async Task DoesNotConnectToAGroupOrToEverybody(byte first, byte second, byte third, byte fourth)
    {
        await using TwoStacks stacks = await TwoStacks.StartAsync(1);
        TcpConnectionException refused = await RefusedAsync(
            async () => await stacks.First.ConnectAsync(new(Ipv4Address.From(first, second, third, fourth), 80)));
        Assert.Equal(TcpCloseReason.NetworkUnreachable, refused.Reason);
    }

    // MUST-57, MUST-63.
    [Fact]
    public async Task IgnoresASynToBroadcastAndFromAGroup()
    {
        await using RawHost host = await RawHost.StartAsync();
        await host.AnswerArpAsync();
        await using TcpListener listener = (await host.Stack.ListenAsync(80))!;
        byte[] syn = Segment();
        await host.SendAsync(
            RawHost.Ip(IpProtocol.Tcp, syn, source: Ipv4Address.From(224, 0, 0, 1)), RawHost.Ip(IpProtocol.Tcp, syn, destination: Ipv4Address.Broadcast),
            RawHost.Ip(IpProtocol.Tcp, syn, destination: Ipv4Address.From(10, 0, 0, 255)), RawHost.Ping(7));
        host.Receive(frame => RawHost.IsEchoReply(frame, 7));
        Assert.Equal(0, listener.Pending);
        Assert.Equal(0, host.Stack["TCP"].Sent);

        static byte[] Segment()
        {
            byte[] segment = new byte[20];
            new TcpHeader(4000, 80, new(1), default, TcpFlags.Syn, 1000, default).Write(segment, TwoStacks.FirstAddress, TwoStacks.SecondAddress);
            return segment;
        }
    }

    // MUST-50.
    [Fact]
    public async Task IgnoresIpOptions()
    {
        await using RawHost host = await RawHost.StartAsync();
        await host.AnswerArpAsync();
        byte[] plain = RawHost.Tcp(TcpFlags.Syn, 81);
        // The header grows by a word: an unknown option of four octets.
        byte[] packet = [.. plain.AsSpan(EthernetHeader.Length, Ipv4Header.Length), 0x9E, 4, 0, 0, .. plain.AsSpan(EthernetHeader.Length + Ipv4Header.Length, 20)];
        packet[0] = 0x46;
        packet[3] = 44;
        packet.AsSpan(10, 2).Clear();
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), InternetChecksum.Compute(packet.AsSpan(0, 24)));
        await host.SendAsync(RawHost.Ethernet(EtherType.Ipv4, packet));
        host.Receive(frame => frame[23] == (byte)IpProtocol.Tcp && (frame[47] & (byte)TcpFlags.Rst) != 0);
    }

    // SHLD-2.
    [Fact]
    public void AResetMayCarryData()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Rst, Peer, 0, 40);
        Assert.Equal(TcpCloseReason.ResetByPeer, tcp.Closed);
    }

    // MUST-59.
    [Fact]
    public void AcknowledgesTheSegmentsOfATurnAtOnce()
    {
        TcpHarness tcp = Passive();
        tcp.Turn(() =>
        {
            for (uint at = 0; at < 8000; at += 1000)
                tcp.Arrive(TcpFlags.Ack, Peer + at, Own, Pattern(Peer + at, 1000));
        });
        Assert.Equal(Peer + 8000, tcp.Single().Acknowledgement);
    }

    // MUST-38.
    [Fact]
    public void DoesNotFillASmallWindowWithSmallSegments()
    {
        TcpHarness tcp = Passive(window: 4000);
        tcp.Write(10_000);
        Assert.Equal(4, tcp.Output.Count);
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1000, window: 3200);
        Assert.Empty(tcp.Output);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 2000, window: 4000);
        Assert.All(tcp.Output, sent => Assert.Equal(1000, sent.Data.Length));
    }

    // MUST-48, MUST-49, SHLD-21, SHLD-22.
    [Fact]
    public async Task ServiceAndHopsOfPacketsAreTheApplications()
    {
        await using RawHost host = await RawHost.StartAsync();
        await host.AnswerArpAsync();
        await using TcpListener listener = (await host.Stack.ListenAsync(80))!;
        await host.SendAsync(RawHost.Tcp(TcpFlags.Syn, 80, sequence: 100));
        byte[] answer = host.Receive(IsSynAck);
        uint own = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(38)) + 1;
        await host.SendAsync(RawHost.Tcp(TcpFlags.Ack, 80, sequence: 101, acknowledgement: own));
        TcpConnection connection = (await listener.AcceptAsync().AsTask().WaitAsync(_limit))!;
        connection.Settings.DifferentiatedServices = 46;
        connection.Settings.HopLimit = 9;
        await connection.Output.WriteAsync(new byte[10]);
        byte[] data = host.Receive(frame => frame[23] == (byte)IpProtocol.Tcp && frame.Length >= 64);
        Assert.Equal((46 << 2, 9), (data[15], data[22]));
    }

    private static bool IsSynAck(byte[] frame) => frame[23] == (byte)IpProtocol.Tcp && frame[47] == (byte)(TcpFlags.Syn | TcpFlags.Ack);

    private static async Task<TcpConnectionException> RefusedAsync(Func<Task> connecting) =>
        Assert.IsType<TcpConnectionException>((await Assert.ThrowsAsync<AskFailedException>(connecting)).InnerException);
}
