// What keeps a path with a long round trip full: RFC 5681 3.1 (slow start) with buffers that never limit it, RFC 3465 (counting octets) where segments overtake each other,
// RFC 3522 and 4015 (needless recoveries, told by timestamps). Whole transfers in virtual time, and the rules one by one.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using Xunit.Abstractions;
using static Troupe.Net.Tests.TcpHarness;

namespace Troupe.Net.Tests;

public sealed class TcpLongPathTests(ITestOutputHelper output)
{
    private const uint Peer = PeerInitial + 1;
    private const uint Own = OwnInitial + 1;
    private const uint Timestamp = 90_000;

    // 1000 less the timestamps.
    private const uint Segment = 988;

    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(10);

    // RFC 5681 3.1: from ten segments, the window doubles with each round trip, and neither the peer's window nor the writer's buffer may be what it waits for.
    [Fact]
    public void SlowStartWaitsForNothingButAcknowledgements()
    {
        SimulatedPath path = new(new() { Delay = TimeSpan.FromMilliseconds(100), OctetsPerSecond = 100_000_000, QueueOctets = 100_000_000 }, 1);
        List<string> waits = [];
        path.Watch = () =>
        {
            TcpConnectionStatus status = path.Client.Block.Status;
            if (status.State != TcpState.Established || status.CongestionWindow - status.Outstanding < status.SegmentSize || path.Server.Received.Length > 3_000_000)
                return;
            if (status.SendWindow - status.Outstanding < status.SegmentSize)
                waits.Add($"the peer's window of {status.SendWindow} limits the congestion window of {status.CongestionWindow}");
            else if (status.Waiting < status.SegmentSize)
                waits.Add($"with {status.Outstanding} outstanding of {status.CongestionWindow} nothing more was written");
        };
        TimeSpan took = path.Transfer(new byte[8_000_000], [], _limit);
        output.WriteLine($"8 MB with a round trip of 200 ms: {took.TotalSeconds:F2} s");
        Assert.Empty(waits.Distinct().Take(3));
        // Two for the handshake and the FIN, eight until 14,480 octets have become 3 MB a round trip, and the rest in three.
        Assert.InRange(took.TotalSeconds, 2, 2.8);
    }

    // What is under way does not count against the writer, but for what is beyond the largest buffer.
    [Fact]
    public void TheSendBufferFollowsTheCongestionWindow()
    {
        SimulatedPath path = new(new() { Delay = TimeSpan.FromMilliseconds(200), OctetsPerSecond = 20_000_000, QueueOctets = 100_000_000 }, 1);
        int most = 0;
        path.Watch = () => most = Math.Max(most, path.Client.Block.Status.Outstanding + path.Client.Block.Status.Waiting);
        double seconds = path.Transfer(new byte[16 << 20], [], _limit).TotalSeconds;
        output.WriteLine($"16 MB with a round trip of 400 ms: {seconds:F2} s, at most {most} octets in the send buffer");
        Assert.InRange(seconds, 3, 6.5);
        Assert.InRange(most, 3_000_000, new TcpConfiguration().MaximumSendBuffer + 20_000);
    }

    // The same with a limit that does not move.
    [Fact]
    public void ASendBufferThatMayNotGrowDoesNot()
    {
        TcpConfiguration configuration = new() { SendBuffer = 500_000, MaximumSendBuffer = 500_000 };
        SimulatedPath path = new(new() { Delay = TimeSpan.FromMilliseconds(50), OctetsPerSecond = 100_000_000, QueueOctets = 100_000_000 }, 1, configuration);
        int most = 0;
        path.Watch = () => most = Math.Max(most, path.Client.Block.Status.Outstanding + path.Client.Block.Status.Waiting);
        path.Transfer(new byte[4_000_000], [], _limit);
        Assert.InRange(most, 400_000, 520_000);
    }

    // RFC 5681 3.1: whether the window was used is not to be read off what is outstanding in the middle of a turn.
    [Fact]
    public void TurnsThatTakeManySegmentsAreNoSlower()
    {
        PathOptions options = new() { Delay = TimeSpan.FromMilliseconds(40), OctetsPerSecond = 20_000_000, QueueOctets = 100_000_000 };
        double single = new SimulatedPath(options, 1).Transfer(new byte[4 << 20], [], _limit).TotalSeconds;
        double many = new SimulatedPath(options with { TurnInterval = TimeSpan.FromMilliseconds(3) }, 1).Transfer(new byte[4 << 20], [], _limit).TotalSeconds;
        output.WriteLine($"4 MB, 80 ms round trip: {single:F2} s with a turn for each segment, {many:F2} s with turns of 3 ms");
        Assert.True(many < single * 1.25, $"{many} s against {single} s");
    }

    // RFC 9438 4.6, RFC 5681 equation 4: what is outstanding in the middle of a turn, whose first acknowledgements have been taken and not yet answered by new data, is not what was in flight
    // when the loss happened; a reduction from there would be one of half and more.
    [Fact]
    public void TurnsThatTakeManySegmentsLoseNoMoreByALoss()
    {
        PathOptions options = new() { Delay = TimeSpan.FromMilliseconds(20), OctetsPerSecond = 50_000_000, QueueOctets = 100_000_000, Corruption = 0.004, Duplication = 0.039 };
        double single = Median(options), many = Median(options with { TurnInterval = TimeSpan.FromMilliseconds(3) });
        double law = (4 << 20) / (1448 / 0.04 * Math.Sqrt(1.5 / options.Corruption));
        output.WriteLine($"4 MB, 40 ms round trip, 0.4 % lost: {single:F2} s with a turn for each segment, {many:F2} s with turns of 3 ms; Mathis et al. have {law:F2} s");
        // The turns make the round trip 15 % longer.
        Assert.True(many < single * 1.4, $"{many} s against {single} s");

        static double Median(PathOptions options)
        {
            double[] times = [.. Enumerable.Range(1, 11).Select(seed => new SimulatedPath(options, seed).Transfer(new byte[4 << 20], [], _limit).TotalSeconds)];
            Array.Sort(times);
            return times[times.Length / 2];
        }
    }

    // RFC 3522 3.2, RFC 4015: the retransmission is answered by an acknowledgement of the first copy, which was only late. The window is what it was, at once.
    [Fact]
    public void ARecoveryForASegmentThatWasLateIsTakenBack()
    {
        TcpHarness tcp = Late(out int before);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 6 * Segment, options: Echo(Timestamp, tcp.Output[0]));
        Assert.True(tcp.Block.Status.CongestionWindow >= before, $"{tcp.Block.Status.CongestionWindow} of {before}");
        Assert.Equal(int.MaxValue, tcp.Block.Status.SlowStartThreshold);
    }

    // The same, but it is the retransmission that arrived.
    [Fact]
    public void ARecoveryOfALossIsNot()
    {
        TcpHarness tcp = Late(out int before);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 6 * Segment, options: Echo(Timestamp, tcp.Output[^1]));
        Assert.True(tcp.Block.Status.CongestionWindow < before);
        Assert.True(tcp.Block.Status.SlowStartThreshold < before);
    }

    // RFC 8985 6.2 step 3: what came late although it had been sent again was overtaken; the next that is late is waited for.
    [Fact]
    public void ASegmentThatWasLateTeachesToWait()
    {
        TcpHarness tcp = Late(out _);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 6 * Segment, options: Echo(Timestamp, tcp.Output[0]));
        long before = tcp.Block.Status.Retransmissions;
        tcp.Receive(TcpFlags.Ack, Peer, Own + 6 * Segment, options: Echo(Timestamp, tcp.Output[0]) with { Sack = Blocks((Own + 7 * Segment, Own + 10 * Segment)).Sack });
        Assert.Equal(before, tcp.Block.Status.Retransmissions);
    }

    // RFC 3465 2.1: behind a segment that is late, what arrives is counted as it is reported; when it catches up, one acknowledgement covers all.
    [Fact]
    public void SlowStartCountsWhatIsReported()
    {
        TcpHarness tcp = Late(out _);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 6 * Segment, options: Echo(Timestamp, tcp.Output[0]));
        tcp.Write(60_000);
        int before = tcp.Block.Status.CongestionWindow;
        for (uint end = 8; end <= 10; end++)
            tcp.Receive(TcpFlags.Ack, Peer, Own + 6 * Segment, options: Echo(Timestamp, tcp.Output[0]) with { Sack = Blocks((Own + 7 * Segment, Own + end * Segment)).Sack });
        Assert.Equal(3 * (int)Segment, tcp.Block.Status.CongestionWindow - before);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 10 * Segment, options: Echo(Timestamp, tcp.Output[0]));
        Assert.Equal(4 * (int)Segment, tcp.Block.Status.CongestionWindow - before);
    }

    // The same for a whole transfer: segments that are held back by 4 ms cost next to nothing.
    [Fact]
    public void SegmentsThatAreLateCostLittle()
    {
        double inOrder = Median(0);
        double late = Median(0.03);
        output.WriteLine($"4 MB, 80 ms round trip: {inOrder:F2} s in order, {late:F2} s with 3 % of the segments held back by 4 ms");
        Assert.True(late < inOrder * 1.4, $"{late} s against {inOrder} s");

        static double Median(double reordering)
        {
            PathOptions options = new()
            {
                Delay = TimeSpan.FromMilliseconds(40),
                OctetsPerSecond = 20_000_000,
                QueueOctets = 100_000_000,
                Reordering = reordering,
                HeldBack = TimeSpan.FromMilliseconds(4),
            };
            double[] times = [.. Enumerable.Range(1, 11).Select(seed => new SimulatedPath(options, seed).Transfer(new byte[4 << 20], [], _limit).TotalSeconds)];
            Array.Sort(times);
            return times[times.Length / 2];
        }
    }

    // Ten segments out, the first late: five behind it are reported, and it was sent again.
    private static TcpHarness Late(out int before)
    {
        TcpHarness tcp = Selective(timestamp: Timestamp);
        tcp.Write(10 * (int)Segment);
        before = tcp.Block.Status.CongestionWindow;
        tcp.Now += TimeSpan.FromMilliseconds(20);
        tcp.Receive(TcpFlags.Ack, Peer, Own, options: Echo(Timestamp, tcp.Output[0]) with { Sack = Blocks((Own + Segment, Own + 6 * Segment)).Sack });
        Assert.Equal(1, tcp.Block.Status.Retransmissions);
        Assert.True(tcp.Block.Status.CongestionWindow < before);
        return tcp;
    }

    private static TcpOptions Echo(uint value, Sent of) => new() { Timestamps = (value, of.Header.Options.Timestamps!.Value.Value) };
}
