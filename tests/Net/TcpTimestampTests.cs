// One behaviour each of RFC 7323: timestamps, and PAWS.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.TcpHarness;

namespace Troupe.Net.Tests;

public sealed class TcpTimestampTests
{
    private const uint Peer = PeerInitial + 1;
    private const uint Own = OwnInitial + 1;

    private static TcpOptions Stamp(uint value, uint echo = 0) => new() { Timestamps = (value, echo) };

    // RFC 7323 3.2: in an initial SYN, always.
    [Fact]
    public void OffersTimestampsInItsSyn()
    {
        TcpHarness tcp = new(passive: false);
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        Assert.Equal(0u, tcp.Single().Header.Options.Timestamps!.Value.EchoReply);
    }

    // RFC 7323 3.2: in an answer only if asked.
    [Fact]
    public void SendsNoTimestampsToAPeerWithout()
    {
        TcpHarness tcp = Passive();
        tcp.Write(10);
        Assert.Null(tcp.Single().Header.Options.Timestamps);
    }

    // RFC 7323 3.2: once agreed, in every segment, and the peer's value comes back.
    [Fact]
    public void PutsTimestampsIntoEverySegment()
    {
        TcpHarness tcp = Selective(timestamp: 500);
        tcp.Write(10);
        Assert.Equal(500u, tcp.Single().Header.Options.Timestamps!.Value.EchoReply);
        tcp.Receive(TcpFlags.Ack, Peer + 100, Own + 10, 100, options: Stamp(501));
        Assert.NotNull(tcp.Single().Header.Options.Timestamps);
    }

    // RFC 9293 3.7.1 (MUST-67): the options' octets come off each full segment.
    [Fact]
    public void AFullSegmentIsSmallerByTheOption()
    {
        TcpHarness tcp = Selective(timestamp: 500);
        tcp.Write(3000);
        Assert.Equal(988, tcp.Output[0].Data.Length);
    }

    // RFC 7323 5.3 R1.
    [Fact]
    public void DropsASegmentWithAnOldTimestampAndAcknowledges()
    {
        TcpHarness tcp = Selective(timestamp: 500);
        tcp.Receive(TcpFlags.Ack, Peer, Own, 100, options: Stamp(499));
        Assert.Empty(tcp.Read());
        Assert.Equal(Peer, tcp.Single().Acknowledgement);
        Assert.Equal(1, tcp.Counters.Dropped(DropCause.OldTimestamp));
    }

    // RFC 7323 5.2: the values wrap, too.
    [Fact]
    public void TakesATimestampThatWrapped()
    {
        TcpHarness tcp = Selective(timestamp: 0xFFFF_FFF0);
        tcp.Receive(TcpFlags.Ack, Peer, Own, 100, options: Stamp(5));
        Assert.Equal(100, tcp.Read().Length);
    }

    // RFC 7323 5.5: after 24 days the recent value means nothing.
    [Fact]
    public void BelievesAnyTimestampAfterTwentyFourDays()
    {
        TcpHarness tcp = Selective(timestamp: 500);
        tcp.Now += TimeSpan.FromDays(25);
        tcp.Receive(TcpFlags.Ack, Peer, Own, 100, options: Stamp(499));
        Assert.Equal(100, tcp.Read().Length);
    }

    // RFC 7323 3.2: SHOULD be dropped.
    [Fact]
    public void DropsASegmentWithoutATimestampWhereEachMustHaveOne()
    {
        TcpHarness tcp = Selective(timestamp: 500);
        tcp.Receive(TcpFlags.Ack, Peer, Own, 100);
        Assert.Empty(tcp.Read());
        Assert.Equal(1, tcp.Counters.Dropped(DropCause.OldTimestamp));
    }

    // RFC 7323 5.2: resets are exempt.
    [Fact]
    public void BelievesAResetWithoutATimestamp()
    {
        TcpHarness tcp = Selective(timestamp: 500);
        tcp.Receive(TcpFlags.Rst, Peer, 0);
        Assert.Equal(TcpCloseReason.ResetByPeer, tcp.Closed);
    }

    // RFC 7323 4.3: of segments acknowledged together the first counts, and a segment behind a hole not at all.
    [Fact]
    public void EchoesTheTimestampOfTheSegmentThatFillsTheWindow()
    {
        TcpHarness tcp = Selective(new() { QuickAcknowledgements = 0 }, timestamp: 500);
        tcp.Receive(TcpFlags.Ack, Peer, Own, 10, options: Stamp(510));
        tcp.Receive(TcpFlags.Ack, Peer + 10, Own, 10, options: Stamp(511));
        tcp.Expire();
        Assert.Equal(510u, tcp.Single().Header.Options.Timestamps!.Value.EchoReply);
        tcp.Receive(TcpFlags.Ack, Peer + 120, Own, 10, options: Stamp(520));
        Assert.NotEqual(520u, tcp.Single().Header.Options.Timestamps!.Value.EchoReply);
    }

    // RFC 7323 4.1: a retransmission is measured by its echo.
    [Fact]
    public void MeasuresARetransmissionByItsEcho()
    {
        TcpHarness tcp = Selective(timestamp: 500);
        tcp.Write(100);
        tcp.Output.Clear();
        while (tcp.Output.Count == 0 || tcp.Block.Status.Retransmissions == 0)
            tcp.Expire();
        uint echo = tcp.Output[^1].Header.Options.Timestamps!.Value.Value;
        tcp.Now += TimeSpan.FromMilliseconds(40);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 100, options: Stamp(501, echo));
        Assert.InRange(tcp.Block.Status.RoundTripTime!.Value.TotalMilliseconds, 1, 40);
    }

    // The first answer was lost, and the peer answers the retransmission with the first segment's time.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void DoesNotTakeTimeoutsForTheRoundTripWhenAnAnswerWasLost(bool selective)
    {
        TcpHarness tcp = Selective(new() { SelectiveAcknowledgements = selective }, timestamp: 500);
        tcp.Write(100);
        uint echo = tcp.Output[^1].Header.Options.Timestamps!.Value.Value;
        while (tcp.Block.Status.Retransmissions < 4)
            tcp.Expire();
        TimeSpan backedOff = tcp.Block.Status.RetransmissionTimeout;
        tcp.Now += TcpHarness.RoundTrip;
        tcp.Receive(TcpFlags.Ack, Peer, Own + 100, options: Stamp(501, echo) with { Sack = selective ? TcpHarness.Blocks((Own, Own + 100)).Sack : default });

        Assert.InRange(tcp.Block.Status.RoundTripTime!.Value, TimeSpan.FromMilliseconds(1), 2 * TcpHarness.RoundTrip);
        // RFC 6298 5.5: who cannot tell stays patient until something is measured again.
        Assert.Equal(selective ? new TcpConfiguration().MinimumRetransmissionTimeout : backedOff, tcp.Block.Status.RetransmissionTimeout);
    }

    // RFC 7323 7.1 and 5.4: two connections do not tell the same clock.
    [Fact]
    public void BeginsItsClockAtASecretOfTheConnection()
    {
        InitialSequenceNumbers numbers = new(new SeededRandomness(1), TimeProvider.System);
        Assert.NotEqual(numbers.TimestampOffset(Key), numbers.TimestampOffset(Key with { Remote = Key.Remote with { Port = 1 } }));
    }

    // RFC 3522 3.2: the echo shows that the first copy had arrived, so the timeout was needless and the window is as before.
    [Fact]
    public void TakesATimeoutBackThatWasNeedless()
    {
        TcpHarness tcp = Selective(timestamp: 500);
        tcp.Write(8000);
        int before = tcp.Block.Status.CongestionWindow;
        uint first = tcp.Output[0].Header.Options.Timestamps!.Value.Value;
        TimeSpan late = tcp.Now + TimeSpan.FromSeconds(2);
        while (tcp.Block.Status.CongestionWindow >= before && tcp.Now < late)
            tcp.Expire();
        Assert.True(tcp.Block.Status.CongestionWindow < before);
        tcp.Now += TimeSpan.FromMilliseconds(10);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 988, options: Stamp(501, first));
        Assert.True(tcp.Block.Status.CongestionWindow >= before, $"{tcp.Block.Status.CongestionWindow} >= {before}");
    }
}
