// One behaviour each of RFC 2018 (SACK), RFC 2883 (duplicates), RFC 6675 and 8985 (their use).
using Troupe.Net.Wire;
using static Troupe.Net.Tests.TcpHarness;

namespace Troupe.Net.Tests;

public sealed class TcpSackTests
{
    private const uint Peer = PeerInitial + 1;
    private const uint Own = OwnInitial + 1;

    private static (uint, uint)[] BlocksOf(Sent sent) =>
        [.. Enumerable.Range(0, sent.Header.Options.Sack.Count).Select(index => sent.Header.Options.Sack[index]).Select(block => (block.Start.Value, block.End.Value))];

    // RFC 2018 2.
    [Fact]
    public void OffersSelectiveAcknowledgementsInItsSyn()
    {
        TcpHarness tcp = new(passive: false);
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        Assert.True(tcp.Single().Header.Options.SackPermitted);
    }

    // RFC 2018 2: only if the peer's SYN had the option.
    [Fact]
    public void ReportsNothingToAPeerThatDidNotAsk()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Ack, Peer + 100, Own, 100);
        Assert.Equal(0, tcp.Single().Header.Options.Sack.Count);
    }

    // RFC 2018 3.
    [Fact]
    public void ReportsWhatCameBehindAHole()
    {
        TcpHarness tcp = Selective();
        tcp.Receive(TcpFlags.Ack, Peer + 100, Own, 100);
        Assert.Equal([(Peer + 100, Peer + 200)], BlocksOf(tcp.Single()));
    }

    // RFC 2018 4: the block with the segment that came last is the first.
    [Fact]
    public void ReportsTheLatestBlockFirst()
    {
        TcpHarness tcp = Selective();
        tcp.Receive(TcpFlags.Ack, Peer + 500, Own, 100);
        tcp.Receive(TcpFlags.Ack, Peer + 100, Own, 100);
        tcp.Receive(TcpFlags.Ack, Peer + 300, Own, 100);
        tcp.Output.RemoveRange(0, 2);
        Assert.Equal([(Peer + 300, Peer + 400), (Peer + 100, Peer + 200), (Peer + 500, Peer + 600)], BlocksOf(tcp.Single()));
    }

    // RFC 2018 3: adjacent segments are one block.
    [Fact]
    public void JoinsWhatIsAdjacent()
    {
        TcpHarness tcp = Selective();
        tcp.Receive(TcpFlags.Ack, Peer + 100, Own, 100);
        tcp.Receive(TcpFlags.Ack, Peer + 200, Own, 100);
        Assert.Equal([(Peer + 100, Peer + 300)], BlocksOf(tcp.Output[^1]));
    }

    // RFC 2018 3: 40 octets of options hold three blocks beside the timestamps, four without.
    [Theory]
    [InlineData(null, 4)]
    [InlineData(7u, 3)]
    public void ReportsAsManyBlocksAsFit(uint? timestamp, int expected)
    {
        TcpHarness tcp = Selective(timestamp: timestamp);
        for (uint hole = 1; hole <= 6; hole++)
            tcp.Receive(TcpFlags.Ack, Peer + hole * 200, Own, 100, options: new() { Timestamps = timestamp is { } value ? (value, 0) : null });
        Assert.Equal(expected, tcp.Output[^1].Header.Options.Sack.Count);
        Assert.Equal((Peer + 1200, Peer + 1300), BlocksOf(tcp.Output[^1])[0]);
    }

    // RFC 2018 4: nothing is held, nothing is said.
    [Fact]
    public void StopsReportingWhenTheHoleIsFilled()
    {
        TcpHarness tcp = Selective();
        tcp.Receive(TcpFlags.Ack, Peer + 100, Own, 100);
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack, Peer, Own, 100);
        Sent answer = tcp.Single();
        Assert.Equal((Peer + 200, 0), (answer.Acknowledgement, answer.Header.Options.Sack.Count));
    }

    // RFC 2883 4.1: below the acknowledgement, once.
    [Fact]
    public void ReportsADuplicateOnce()
    {
        TcpHarness tcp = Selective();
        tcp.Receive(TcpFlags.Ack, Peer, Own, 100);
        tcp.Receive(TcpFlags.Ack, Peer, Own, 100);
        Sent answer = tcp.Output[^1];
        Assert.Equal(Peer + 100, answer.Acknowledgement);
        Assert.Equal([(Peer, Peer + 100)], BlocksOf(answer));
        tcp.Receive(TcpFlags.Ack, Peer + 100, Own, 1000);
        tcp.Receive(TcpFlags.Ack, Peer + 1100, Own, 1000);
        Assert.Empty(BlocksOf(tcp.Output[^1]));
    }

    // RFC 2883 4.2: of what is held, before the block that it is in.
    [Fact]
    public void ReportsADuplicateOfWhatIsHeld()
    {
        TcpHarness tcp = Selective();
        tcp.Receive(TcpFlags.Ack, Peer + 100, Own, 100);
        tcp.Receive(TcpFlags.Ack, Peer + 200, Own, 100);
        tcp.Receive(TcpFlags.Ack, Peer + 100, Own, 100);
        Assert.Equal([(Peer + 100, Peer + 200), (Peer + 100, Peer + 300)], BlocksOf(tcp.Output[^1]));
    }

    // RFC 2018 3: a segment with data has them too, and is the shorter.
    [Fact]
    public void ReportsInSegmentsWithData()
    {
        TcpHarness tcp = Selective();
        tcp.Receive(TcpFlags.Ack, Peer + 100, Own, 100);
        tcp.Output.Clear();
        tcp.Write(2000);
        Assert.Equal(1, tcp.Output[0].Header.Options.Sack.Count);
        Assert.Equal(1000 - 12, tcp.Output[0].Data.Length);
    }

    // RFC 8985 6.2 and RFC 6675 5: three segments behind the hole, no reordering seen: lost, and nothing else is sent again.
    [Fact]
    public void SendsAgainOnlyWhatIsMissing()
    {
        TcpHarness tcp = Selective();
        tcp.Write(6000);
        tcp.Now += RoundTrip;
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack, Peer, Own, options: Blocks((Own + 1000, Own + 2000)));
        tcp.Receive(TcpFlags.Ack, Peer, Own, options: Blocks((Own + 1000, Own + 3000)));
        Assert.Empty(tcp.Output);
        tcp.Receive(TcpFlags.Ack, Peer, Own, options: Blocks((Own + 1000, Own + 4000)));
        Sent again = tcp.Single();
        Assert.Equal((Own, 1000), (again.Sequence, again.Data.Length));
    }

    // RFC 6675 5: two holes in one round trip, where NewReno takes two.
    [Fact]
    public void SendsTwoHolesAgainInOneRoundTrip()
    {
        TcpHarness tcp = Selective();
        tcp.Write(10_000);
        tcp.Now += RoundTrip;
        tcp.Output.Clear();
        TcpOptions blocks = Blocks((Own + 5000, Own + 10_000), (Own + 1000, Own + 4000));
        tcp.Receive(TcpFlags.Ack, Peer, Own, options: blocks);
        tcp.Receive(TcpFlags.Ack, Peer, Own, options: blocks);
        Assert.Equal([Own, Own + 4000], tcp.Output.Select(sent => sent.Sequence));
    }

    // RFC 8985 6.2 step 5: a lost retransmission shows by what was sent after it.
    [Fact]
    public void NoticesThatARetransmissionWasLost()
    {
        TcpHarness tcp = Selective();
        tcp.Write(20_000);
        tcp.Now += TimeSpan.FromMilliseconds(100);
        tcp.Receive(TcpFlags.Ack, Peer, Own, options: Blocks((Own + 1000, Own + 6000)));
        int again = tcp.Output.FindLastIndex(sent => sent.Sequence == Own);
        Assert.Equal(1, tcp.Block.Status.Retransmissions);
        tcp.Now += TimeSpan.FromMilliseconds(100);
        // What left after the retransmission arrives; the retransmission did not.
        tcp.Receive(TcpFlags.Ack, Peer, Own, options: Blocks((Own + 1000, Own + 10_000)));
        tcp.Now += TimeSpan.FromMilliseconds(100);
        uint newest = tcp.Output.Max(sent => sent.Sequence + (uint)sent.Data.Length);
        Assert.True(newest > Own + 10_000 && again > 0);
        tcp.Receive(TcpFlags.Ack, Peer, Own, options: Blocks((Own + 1000, newest)));
        Assert.Equal(2, tcp.Output.Count(sent => sent.Sequence == Own) - 1);
    }

    // RFC 8985 6.2 step 4: where reordering was seen, a hole has a quarter of a round trip to be filled.
    [Fact]
    public void WaitsForWhatMayBeReordered()
    {
        TcpHarness tcp = Selective();
        tcp.Write(4000);
        tcp.Now += TimeSpan.FromMilliseconds(100);
        tcp.Receive(TcpFlags.Ack, Peer, Own, options: Blocks((Own + 1000, Own + 2000)));
        tcp.Receive(TcpFlags.Ack, Peer, Own + 4000);
        Assert.Equal(0, tcp.Block.Status.Retransmissions);

        tcp.Write(8000);
        tcp.Now += TimeSpan.FromMilliseconds(100);
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack, Peer, Own + 4000, options: Blocks((Own + 5000, Own + 9000)));
        Assert.Equal(0, tcp.Block.Status.Retransmissions);
        Assert.InRange(tcp.Expire().TotalMilliseconds, 1, 25);
        Assert.Equal(1, tcp.Block.Status.Retransmissions);
    }

    // RFC 3708: a segment was late and not lost, as its second copy proves.
    [Fact]
    public void TakesARecoveryBackWhenAllItSentAgainIsReportedTwice()
    {
        TcpHarness tcp = Selective();
        tcp.Write(20_000);
        int before = tcp.Block.Status.CongestionWindow;
        tcp.Now += TimeSpan.FromMilliseconds(100);
        tcp.Receive(TcpFlags.Ack, Peer, Own, options: Blocks((Own + 1000, Own + 6000)));
        Assert.Equal(1, tcp.Block.Status.Retransmissions);
        tcp.Receive(TcpFlags.Ack, Peer, tcp.Output.Max(sent => sent.Sequence + (uint)sent.Data.Length));
        int reduced = tcp.Block.Status.CongestionWindow;
        Assert.True(reduced < before);

        tcp.Write(1000);
        tcp.Receive(TcpFlags.Ack, Peer, tcp.Output.Max(sent => sent.Sequence + (uint)sent.Data.Length), options: Blocks((Own, Own + 1000)));
        Assert.True(tcp.Block.Status.CongestionWindow >= before, $"{before}, {reduced}, {tcp.Block.Status.CongestionWindow}");
    }

    // More is reported twice than was sent again: it is the path that doubles.
    [Fact]
    public void APathThatDoublesTakesNoRecoveryBack()
    {
        TcpHarness tcp = Selective();
        tcp.Write(20_000);
        tcp.Now += TimeSpan.FromMilliseconds(100);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 2000, options: Blocks((Own, Own + 1000)));
        tcp.Receive(TcpFlags.Ack, Peer, Own + 2000, options: Blocks((Own + 3000, Own + 8000)));
        Assert.Equal(1, tcp.Block.Status.Retransmissions);
        uint end = tcp.Output.Max(sent => sent.Sequence + (uint)sent.Data.Length);
        tcp.Receive(TcpFlags.Ack, Peer, end);
        int reduced = tcp.Block.Status.CongestionWindow;
        tcp.Receive(TcpFlags.Ack, Peer, end, options: Blocks((Own + 2000, Own + 3000)));
        Assert.Equal(reduced, tcp.Block.Status.CongestionWindow);
    }

    // RFC 8985 7.2 and 7.3: the last segments are probed for after two round trips, long before the timer.
    [Fact]
    public void ProbesForTheLossOfTheLastSegments()
    {
        TcpHarness tcp = Selective();
        for (uint round = 0; round < 4; round++)
        {
            tcp.Write(1000);
            tcp.Now += TimeSpan.FromMilliseconds(20);
            tcp.Receive(TcpFlags.Ack, Peer, Own + (round + 1) * 1000);
        }

        tcp.Write(3000);
        tcp.Output.Clear();
        Assert.InRange(tcp.Expire().TotalMilliseconds, 39, 41);
        Sent probe = tcp.Single();
        Assert.Equal((Own + 6000, 1000), (probe.Sequence, probe.Data.Length));
        tcp.Receive(TcpFlags.Ack, Peer, Own + 4000, options: Blocks((Own + 6000, Own + 7000)));
        Assert.Equal(0, tcp.Output.Count(sent => sent.Sequence == Own + 6000));
    }

    // RFC 2018 8: a peer that takes back what it reported gets everything again.
    [Fact]
    public void SurvivesAPeerThatGoesBackOnItsReports()
    {
        TcpHarness tcp = Selective();
        tcp.Write(5000);
        tcp.Now += RoundTrip;
        tcp.Receive(TcpFlags.Ack, Peer, Own, options: Blocks((Own + 1000, Own + 5000)));
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1000);
        for (int expiry = 0; expiry < 20 && tcp.Block.Status.Outstanding > 0; expiry++)
        {
            tcp.Output.Clear();
            tcp.Expire();
            foreach (Sent sent in tcp.Output.ToArray())
                tcp.Receive(TcpFlags.Ack, Peer, sent.Sequence + (uint)sent.Data.Length);
        }

        Assert.Equal(0, tcp.Block.Status.Outstanding);
    }

    // RFC 2018 5: blocks that no correct peer sends change nothing.
    [Fact]
    public void IgnoresImpossibleBlocks()
    {
        TcpHarness tcp = Selective();
        tcp.Write(3000);
        tcp.Now += RoundTrip;
        tcp.Output.Clear();
        for (int time = 0; time < 5; time++)
            tcp.Receive(TcpFlags.Ack, Peer, Own, options: Blocks((Own + 2000, Own + 1000), (Own + 1000, Own + 9000), (Own - 5000, Own - 4000), (Own, Own)));
        Assert.Equal(0, tcp.Block.Status.Retransmissions);
        Assert.Equal(3000, tcp.Block.Status.Outstanding);
    }

    // RFC 3042, by RFC 6675's pipe: each of the first two reports lets one new segment go.
    [Fact]
    public void SendsANewSegmentForEachOfTheFirstReports()
    {
        TcpHarness tcp = Selective();
        tcp.Write(30_000);
        tcp.Now += RoundTrip;
        Assert.Equal(10, tcp.Output.Count);
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack, Peer, Own, options: Blocks((Own + 1000, Own + 2000)));
        Assert.Equal(Own + 10_000, tcp.Single().Sequence);
    }

    // RFC 3042 2, for peers without SACK.
    [Fact]
    public void SendsANewSegmentForEachOfTheFirstDuplicates()
    {
        TcpHarness tcp = Passive();
        tcp.Write(30_000);
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack, Peer, Own);
        tcp.Receive(TcpFlags.Ack, Peer, Own);
        Assert.Equal([Own + 10_000, Own + 11_000], tcp.Output.Select(sent => sent.Sequence));
    }

    // The house's rule for hot paths: a segment lost in each flight, reported and sent again.
    [Fact]
    public void AllocatesNothingPerSegmentThatIsLost()
    {
        TcpHarness tcp = Selective(timestamp: 1);
        tcp.Recording = false;
        byte[] answer = new byte[988 * 2];
        byte[] data = new byte[100];
        uint peer = Peer;
        uint own = Own;
        uint clock = 2;
        void Receive(uint acknowledgement, SackBlocks blocks, int length, uint offset)
        {
            tcp.Now += TimeSpan.FromMilliseconds(10);
            tcp.Block.Begin(tcp.Now);
            tcp.Arrive(TcpFlags.Ack, peer + offset, acknowledgement, data.AsSpan(0, length), options: new() { Timestamps = (clock++, 0), Sack = blocks });
            tcp.Block.End();
        }

        void Exchange()
        {
            ValueTask<System.IO.Pipelines.FlushResult> flush = tcp.Streams.Output.WriteAsync(answer);
            Assert.True(flush.IsCompleted);
            _ = flush.Result;
            tcp.Block.Begin(tcp.Now);
            tcp.Block.TakeSignals(tcp.Streams.TakeSignals());
            tcp.Block.End();
            SackBlocks blocks = default;
            blocks.TryAdd(new(new(own + 988), new(own + 2 * 988)));
            Receive(own, blocks, 100, 100);
            // The reordering window of RACK is over: the window is two segments by now, too few for three reports.
            tcp.Now = tcp.Block.NextDeadline;
            tcp.Block.Begin(tcp.Now);
            tcp.Block.Expire();
            tcp.Block.End();
            Receive(own, blocks, 100, 0);
            own += 2 * 988;
            peer += 200;
            Receive(own, default, 0, 0);
            if (tcp.Streams.Input.TryRead(out System.IO.Pipelines.ReadResult read))
                tcp.Streams.Input.AdvanceTo(read.Buffer.End);
        }

        for (int warm = 0; warm < 2000; warm++)
            Exchange();
        Assert.True(tcp.Block.Status.Retransmissions >= 2000);
        Assert.Equal(0, tcp.Block.Status.Outstanding);
        const int Exchanges = 2_000;
        long allocated = Allocations.Least(() =>
        {
            for (int exchange = 0; exchange < Exchanges; exchange++)
                Exchange();
        });
        Assert.InRange(allocated / (double)(Exchanges * 5), 0, 0.5);
    }
}
