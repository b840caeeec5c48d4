// One behaviour each of RFC 9438 (CUBIC), RFC 9406 (HyStart++), RFC 5681 and 6582 (NewReno), RFC 6937 (PRR), RFC 6928 (initial window).
using Troupe.Net.Contracts;
using Troupe.Net.Tcp;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.TcpHarness;

namespace Troupe.Net.Tests;

public sealed class TcpCongestionTests
{
    private const uint Peer = PeerInitial + 1;
    private const uint Own = OwnInitial + 1;
    private const int Segment = 1000;
    private static readonly TimeSpan _roundTrip = TimeSpan.FromMilliseconds(100);

    private static CongestionSample Sample(int octets, TimeSpan now, bool limited = true, TimeSpan? roundTrip = null, uint acknowledged = 0, uint next = 0) =>
        new(octets, new(acknowledged), new(next), now, roundTrip ?? _roundTrip, limited);

    // A round trip's worth of acknowledgements, one a segment.
    private static TimeSpan Round(ICongestionControl control, TimeSpan now)
    {
        int segments = control.Window / Segment;
        for (int segment = 0; segment < segments; segment++)
            control.Acknowledged(Sample(Segment, now + _roundTrip * segment / segments));
        return now + _roundTrip;
    }

    // RFC 6928 2.
    [Theory]
    [InlineData(1000, 10_000)]
    [InlineData(1460, 14_600)]
    [InlineData(8960, 17_920)]
    public void BeginsWithTenSegments(int segmentSize, int expected)
    {
        Cubic cubic = new(10);
        cubic.Begin(segmentSize, synLost: false);
        Assert.Equal(expected, cubic.Window);
    }

    // RFC 5681 3.1: one segment after a lost SYN.
    [Fact]
    public void BeginsWithOneSegmentAfterALostSyn()
    {
        Cubic cubic = new(10);
        cubic.Begin(Segment, synLost: true);
        Assert.Equal(Segment, cubic.Window);
    }

    // RFC 9438 4.6: beta is 0.7, where Reno halves.
    [Fact]
    public void CubicKeepsSevenTenths()
    {
        Cubic cubic = new(100);
        cubic.Begin(100, synLost: false);
        cubic.CongestionEvent(10_000, TimeSpan.Zero, CongestionSignal.Loss);
        Assert.Equal(7000, cubic.Window);
        NewReno reno = new(100);
        reno.Begin(100, synLost: false);
        reno.CongestionEvent(10_000, TimeSpan.Zero, CongestionSignal.Loss);
        Assert.Equal(5000, reno.Window);
    }

    // RFC 9438 4.2: concave towards the old maximum, flat there after K seconds, convex beyond.
    [Fact]
    public void CubicReturnsToTheOldMaximumAndStaysThereAWhile()
    {
        Cubic cubic = Grown(200);
        cubic.CongestionEvent(cubic.Window, TimeSpan.Zero, CongestionSignal.Loss);
        int maximum = 200 * Segment;
        // K is the cube root of 60 segments over 0.4.
        double k = Math.Cbrt(60 / 0.4);
        TimeSpan now = TimeSpan.FromSeconds(1);
        Dictionary<int, int> windows = [];
        while (now < TimeSpan.FromSeconds(1 + 2 * k))
        {
            now = Round(cubic, now);
            windows[(int)((now.TotalSeconds - 1) / k * 4)] = cubic.Window;
        }

        Assert.InRange(windows[3], maximum * 0.97, maximum * 1.02);
        Assert.InRange(windows[4], maximum * 0.98, maximum * 1.05);
        Assert.True(windows[0] - 140 * Segment > 2 * (windows[3] - windows[2]), "fast at first, slow near the maximum");
        Assert.True(windows[7] - windows[6] > 2 * (windows[4] - windows[3]), "slow near the maximum, fast beyond");
    }

    // RFC 9438 4.3: never slower than Reno would be; with a short round trip that is what counts.
    [Fact]
    public void CubicIsAtLeastAsFastAsReno()
    {
        Cubic cubic = Grown(20);
        cubic.CongestionEvent(cubic.Window, TimeSpan.Zero, CongestionSignal.Loss);
        int before = cubic.Window;
        TimeSpan now = TimeSpan.FromSeconds(1);
        for (int round = 0; round < 10; round++)
        {
            for (int segment = 0; segment < before / Segment; segment++)
                cubic.Acknowledged(Sample(Segment, now, roundTrip: TimeSpan.FromMilliseconds(1)));
            now += TimeSpan.FromMilliseconds(1);
        }

        // 0.53 segments a round trip.
        Assert.InRange(cubic.Window - before, 3 * Segment, 7 * Segment);
    }

    // RFC 9438 4.7.
    [Fact]
    public void CubicMakesRoomWhenCongestedBelowTheLastMaximum()
    {
        Cubic cubic = Grown(100);
        cubic.CongestionEvent(cubic.Window, TimeSpan.Zero, CongestionSignal.Loss);
        cubic.CongestionEvent(cubic.Window, TimeSpan.Zero, CongestionSignal.Loss);
        TimeSpan now = TimeSpan.FromSeconds(1);
        // The new maximum is 0.85 of the 70 segments at the second event: from 49 it comes to rest near 59.5.
        for (int round = 0; round < 30; round++)
            now = Round(cubic, now);
        Assert.InRange(cubic.Window, 55 * Segment, 68 * Segment);
    }

    // RFC 9438 4.8, RFC 5681 3.1.
    [Fact]
    public void ATimeoutLeavesOneSegment()
    {
        Cubic cubic = Grown(100);
        cubic.TimedOut(100 * Segment, TimeSpan.Zero, first: true);
        Assert.Equal((Segment, 70 * Segment), (cubic.Window, cubic.SlowStartThreshold));
        cubic.TimedOut(Segment, TimeSpan.Zero, first: false);
        Assert.Equal(70 * Segment, cubic.SlowStartThreshold);
    }

    // RFC 7661, RFC 9438 5.8: an application that sends little proves nothing.
    [Fact]
    public void AWindowThatIsNotUsedDoesNotGrow()
    {
        Cubic cubic = new(10);
        cubic.Begin(Segment, synLost: false);
        for (int time = 0; time < 100; time++)
            cubic.Acknowledged(Sample(Segment, TimeSpan.FromSeconds(time), limited: false));
        Assert.Equal(10 * Segment, cubic.Window);
    }

    // RFC 5681 4.1.
    [Fact]
    public void APauseBringsTheInitialWindowBack()
    {
        Cubic cubic = Grown(100);
        cubic.RestartAfterIdle(TimeSpan.FromSeconds(10));
        Assert.Equal(10 * Segment, cubic.Window);
    }

    // RFC 4015.
    [Fact]
    public void UndoGivesTheWindowBack()
    {
        foreach (ICongestionControl control in new ICongestionControl[] { Grown(100), GrownReno(100) })
        {
            control.TimedOut(control.Window, TimeSpan.Zero, first: true);
            control.Undo();
            Assert.InRange(control.Window, 100 * Segment, 101 * Segment);
        }
    }

    // RFC 9406 4.2: growing round trips end slow start before anything is lost.
    [Fact]
    public void SlowStartEndsWhenRoundTripsGrow()
    {
        Cubic cubic = new(10);
        cubic.Begin(Segment, synLost: false);
        TimeSpan now = TimeSpan.Zero;
        uint next = 0;
        for (int round = 0; round < 12; round++)
        {
            uint end = next + (uint)cubic.Window;
            TimeSpan roundTrip = _roundTrip + TimeSpan.FromMilliseconds(round < 3 ? 0 : 15 * (round - 2));
            for (uint acknowledged = next + Segment; acknowledged <= end; acknowledged += Segment)
                cubic.Acknowledged(Sample(Segment, now, roundTrip: roundTrip, acknowledged: acknowledged, next: end));
            next = end;
            now += roundTrip;
        }

        Assert.True(cubic.SlowStartThreshold < int.MaxValue);
        Assert.InRange(cubic.Window, 80 * Segment, 700 * Segment);
    }

    // RFC 5681 3.1: a segment a round trip in congestion avoidance.
    [Fact]
    public void RenoGrowsByASegmentARoundTrip()
    {
        NewReno reno = GrownReno(40);
        reno.CongestionEvent(reno.Window, TimeSpan.Zero, CongestionSignal.Loss);
        TimeSpan now = TimeSpan.Zero;
        for (int round = 0; round < 5; round++)
            now = Round(reno, now);
        Assert.Equal(25 * Segment, reno.Window);
    }

    // RFC 6937 3: the window comes down over a round trip, and ends at the threshold.
    [Fact]
    public void TheReductionIsSpreadOverARoundTrip()
    {
        ProportionalRateReduction reduction = default;
        int inFlight = 99 * Segment;
        const int Threshold = 70 * Segment;
        reduction.Begin(100 * Segment);
        int sent = 0;
        for (int acknowledgement = 0; acknowledgement < 99; acknowledgement++)
        {
            inFlight -= Segment;
            reduction.Delivered(Segment, inFlight, Threshold, Segment);
            while (reduction.Window - inFlight >= Segment)
            {
                reduction.Sent(Segment);
                inFlight += Segment;
                sent++;
            }
        }

        Assert.InRange(sent, 66, 71);
        Assert.InRange(inFlight, Threshold - 2 * Segment, Threshold + Segment);
    }

    // RFC 6582 3.2 step 3: the window of the connection after a full acknowledgement is the threshold.
    [Fact]
    public void TheConnectionEndsRecoveryAtTheThreshold()
    {
        TcpHarness tcp = Passive(new() { CongestionControl = TcpCongestionControl.NewReno });
        tcp.Write(10_000);
        for (int duplicate = 0; duplicate < 3; duplicate++)
            tcp.Receive(TcpFlags.Ack, Peer, Own);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 10_000);
        Assert.Equal((5000, 5000), (tcp.Block.Status.CongestionWindow, tcp.Block.Status.SlowStartThreshold));
    }

    // RFC 5681 3.1: slow start and congestion avoidance count all acknowledgements of a turn, although each of them leaves less outstanding and nothing is sent in between.
    [Fact]
    public void AllAcknowledgementsOfATurnCount()
    {
        TcpHarness tcp = Passive(new() { CongestionControl = TcpCongestionControl.NewReno });
        tcp.Write(60_000);
        AcknowledgeInOneTurn(tcp, 0, 10);
        Assert.Equal(20 * Segment, tcp.Block.Status.CongestionWindow);

        for (int duplicate = 0; duplicate < 3; duplicate++)
            tcp.Receive(TcpFlags.Ack, Peer, Own + 10 * Segment);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 32 * Segment);
        // Half of the 22 that were out with two by limited transmit.
        Assert.Equal((11 * Segment, 11 * Segment), (tcp.Block.Status.CongestionWindow, tcp.Block.Status.SlowStartThreshold));
        AcknowledgeInOneTurn(tcp, 32, 11);
        Assert.Equal(12 * Segment, tcp.Block.Status.CongestionWindow);
    }

    // RFC 7661 4.1: a window of which the application used little says nothing about the path.
    [Fact]
    public void AcknowledgementsOfAWindowThatIsNotUsedDoNotCount()
    {
        TcpHarness tcp = Passive();
        for (int write = 0; write < 20; write++)
        {
            tcp.Write(2 * Segment);
            AcknowledgeInOneTurn(tcp, 2 * write, 2);
        }

        Assert.Equal(10 * Segment, tcp.Block.Status.CongestionWindow);
    }

    private static void AcknowledgeInOneTurn(TcpHarness tcp, int from, int segments)
    {
        tcp.Now += _roundTrip;
        tcp.Turn(() =>
        {
            for (int segment = from + 1; segment <= from + segments; segment++)
                tcp.Arrive(TcpFlags.Ack, Peer, Own + (uint)(segment * Segment), []);
        });
    }

    // RFC 6582 3.2 step 2: duplicates of what a timeout already sent again do not start a recovery.
    [Fact]
    public void DuplicatesAfterATimeoutStartNoRecovery()
    {
        TcpHarness tcp = Passive();
        tcp.Write(5000);
        tcp.Expire();
        int threshold = tcp.Block.Status.SlowStartThreshold;
        tcp.Output.Clear();
        for (int duplicate = 0; duplicate < 5; duplicate++)
            tcp.Receive(TcpFlags.Ack, Peer, Own);
        Assert.Empty(tcp.Output);
        Assert.Equal(threshold, tcp.Block.Status.SlowStartThreshold);
    }

    private static Cubic Grown(int segments)
    {
        Cubic cubic = new(10);
        cubic.Begin(Segment, synLost: false);
        while (cubic.Window < segments * Segment)
            cubic.Acknowledged(Sample(Segment, TimeSpan.Zero));
        return cubic;
    }

    private static NewReno GrownReno(int segments)
    {
        NewReno reno = new(10);
        reno.Begin(Segment, synLost: false);
        while (reno.Window < segments * Segment)
            reno.Acknowledged(Sample(Segment, TimeSpan.Zero));
        return reno;
    }
}
