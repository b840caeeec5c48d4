// One behaviour each of RFC 9293, 5681, 5961, 6298; the paragraph stands above the test.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.TcpHarness;

namespace Troupe.Net.Tests;

public sealed class TcpProtocolTests
{
    private const uint Peer = PeerInitial + 1;
    private const uint Own = OwnInitial + 1;

    // RFC 9293 3.5, figure 6, the right side; RFC 7323 2.2: no scale in answer to a SYN without.
    [Fact]
    public void AnswersASynAndIsEstablishedByItsAcknowledgement()
    {
        TcpHarness tcp = new();
        tcp.Turn(() => tcp.Block.Accept(Header(TcpFlags.Syn, PeerInitial, 0), new(OwnInitial)));
        Sent answer = tcp.Single();
        Assert.Equal(TcpFlags.Syn | TcpFlags.Ack, answer.Flags);
        Assert.Equal((OwnInitial, PeerInitial + 1), (answer.Sequence, answer.Acknowledgement));
        Assert.Equal((ushort)1460, answer.Header.Options.MaximumSegmentSize);
        Assert.Null(answer.Header.Options.WindowScale);
        Assert.Equal(TcpState.SynReceived, tcp.Block.State);
        tcp.Receive(TcpFlags.Ack, Peer, Own);
        Assert.Equal(TcpState.Established, tcp.Block.State);
        Assert.True(tcp.IsEstablished);
    }

    // RFC 9293 3.5, figure 6, the left side.
    [Fact]
    public void OpensActively()
    {
        TcpHarness tcp = new(passive: false);
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        Sent syn = tcp.Single();
        Assert.Equal((TcpFlags.Syn, OwnInitial), (syn.Flags, syn.Sequence));
        Assert.NotNull(syn.Header.Options.WindowScale);
        tcp.Receive(TcpFlags.Syn | TcpFlags.Ack, PeerInitial, Own);
        Sent acknowledgement = tcp.Single();
        Assert.Equal((TcpFlags.Ack, Own, Peer), (acknowledgement.Flags, acknowledgement.Sequence, acknowledgement.Acknowledgement));
        Assert.Equal(TcpState.Established, tcp.Block.State);
    }

    // RFC 9293 3.5, figure 7.
    [Fact]
    public void OpensWhenBothSynsCross()
    {
        TcpHarness tcp = new(passive: false);
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Syn, PeerInitial, 0);
        Assert.Equal(TcpState.SynReceived, tcp.Block.State);
        Assert.Equal(TcpFlags.Syn | TcpFlags.Ack, tcp.Single().Flags);
        tcp.Receive(TcpFlags.Syn | TcpFlags.Ack, PeerInitial, Own);
        Assert.Equal(TcpState.Established, tcp.Block.State);
    }

    // RFC 9293 3.10.7.3: an unacceptable acknowledgement is answered by <SEQ=SEG.ACK><CTL=RST>.
    [Fact]
    public void ResetsAWrongAcknowledgementOfItsSyn()
    {
        TcpHarness tcp = new(passive: false);
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Syn | TcpFlags.Ack, PeerInitial, Own + 77);
        Sent reset = tcp.Single();
        Assert.Equal((TcpFlags.Rst, Own + 77), (reset.Flags, reset.Sequence));
        Assert.Equal(TcpState.SynSent, tcp.Block.State);
    }

    // RFC 9293 3.10.7.3
    [Fact]
    public void IsRefusedByAResetOfItsSyn()
    {
        TcpHarness tcp = new(passive: false);
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        tcp.Receive(TcpFlags.Rst | TcpFlags.Ack, 0, Own);
        Assert.Equal(TcpCloseReason.Refused, tcp.Closed);
    }

    // RFC 6298 5.4, 5.5; RFC 9293 3.8.3: gives up in the end.
    [Fact]
    public void SendsASynAgainAtDoublingIntervalsAndGivesUp()
    {
        TcpHarness tcp = new(passive: false, new() { SynRetransmissions = 3 });
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        Assert.Equal([1.0, 2.0, 4.0, 8.0], Enumerable.Range(0, 4).Select(_ => tcp.Expire().TotalSeconds));
        Assert.Equal(TcpCloseReason.TimedOut, tcp.Closed);
        Assert.Equal(4, tcp.Output.Count(sent => sent.Flags == TcpFlags.Syn));
    }

    // RFC 9293 3.10.7.4 with the SYN's answer lost.
    [Fact]
    public void AnswersARepeatedSynAgain()
    {
        TcpHarness tcp = new();
        tcp.Turn(() => tcp.Block.Accept(Header(TcpFlags.Syn, PeerInitial, 0), new(OwnInitial)));
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Syn, PeerInitial, 0);
        Sent answer = tcp.Single();
        Assert.Equal((TcpFlags.Syn | TcpFlags.Ack, OwnInitial), (answer.Flags, answer.Sequence));
    }

    // RFC 6298 5.4 to 5.6; RFC 5681 3.1: one segment after a timeout.
    [Fact]
    public void SendsTheOldestSegmentAgainWhenTheTimerExpires()
    {
        TcpHarness tcp = Passive();
        tcp.Write(3000);
        Assert.Equal(3, tcp.Output.Count);
        tcp.Output.Clear();
        TimeSpan first = tcp.Expire();
        Sent again = tcp.Single();
        Assert.Equal((Own, 1000), (again.Sequence, again.Data.Length));
        Assert.Equal(first * 2, tcp.Expire());
    }

    // RFC 9293 3.10.7.4, first: what a peer that got everything would drop as old must not carry our acknowledgements.
    [Fact]
    public void AcknowledgesFromTheEndOfWhatItSentAfterATimeout()
    {
        TcpHarness tcp = Passive();
        tcp.Write(3000);
        tcp.Expire();
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack, Peer + 100, Own, 100);
        Assert.Equal(Own + 3000, tcp.Single().Sequence);
    }

    // RFC 9293 3.4: see ReceiveWindow.IsAcceptable.
    [Fact]
    public void TakesTheAcknowledgementOfAPeerThatFilledTheWindow()
    {
        TcpHarness tcp = Passive(new() { ReceiveBuffer = 4000, MaximumReceiveBuffer = 4000 });
        tcp.Write(1000);
        tcp.Receive(TcpFlags.Ack, Peer + 4000, Own + 1000);
        Assert.Equal(0, tcp.Block.Status.Outstanding);
    }

    // RFC 6298 3, Karn.
    [Fact]
    public void MeasuresNoRoundTripOnASegmentSentTwice()
    {
        TcpHarness tcp = Passive();
        TimeSpan? before = tcp.Block.Status.RoundTripTime;
        tcp.Write(1000);
        tcp.Expire();
        tcp.Now += TimeSpan.FromSeconds(5);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1000);
        Assert.Equal(before, tcp.Block.Status.RoundTripTime);
    }

    // RFC 6298 2.2, 2.3.
    [Fact]
    public void SmoothsTheRoundTripTime()
    {
        TcpHarness tcp = Passive();
        for (uint segment = 0; segment < 40; segment++)
        {
            tcp.Write(1000);
            tcp.Now += TimeSpan.FromMilliseconds(300);
            tcp.Receive(TcpFlags.Ack, Peer, Own + 1000 * (segment + 1));
        }

        Assert.InRange(tcp.Block.Status.RoundTripTime!.Value.TotalMilliseconds, 280, 300);
        Assert.InRange(tcp.Block.Status.RetransmissionTimeout.TotalMilliseconds, 300, 450);
    }

    // RFC 5681 3.2.
    [Fact]
    public void SendsASegmentAgainAtTheThirdDuplicateAcknowledgement()
    {
        TcpHarness tcp = Passive();
        tcp.Write(6000);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1000);
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1000);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1000);
        Assert.Empty(tcp.Output);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1000);
        Sent again = tcp.Single();
        Assert.Equal((Own + 1000, 1000), (again.Sequence, again.Data.Length));
    }

    // RFC 6582 3.2, step 3: a partial acknowledgement names the next hole.
    [Fact]
    public void SendsTheNextHoleAtAPartialAcknowledgement()
    {
        TcpHarness tcp = Passive();
        tcp.Write(8000);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1000);
        for (int duplicate = 0; duplicate < 3; duplicate++)
            tcp.Receive(TcpFlags.Ack, Peer, Own + 1000);
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack, Peer, Own + 4000);
        Assert.Equal(Own + 4000, tcp.Output[0].Sequence);
    }

    // RFC 6928: ten segments; RFC 5681 3.1: slow start adds one for each acknowledgement's worth.
    [Fact]
    public void SendsTenSegmentsAtFirst()
    {
        TcpHarness tcp = Passive();
        tcp.Write(30_000);
        Assert.Equal(10, tcp.Output.Count);
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1000);
        Assert.Equal(2, tcp.Output.Count);
    }

    // RFC 9293 3.10.7.4 seventh; RFC 5681 4.2: a duplicate acknowledgement at once.
    [Fact]
    public void HoldsSegmentsThatComeTooEarlyAndDeliversThemInOrder()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Ack, Peer + 200, Own, 100);
        Assert.Equal(Peer, tcp.Single().Acknowledgement);
        tcp.Receive(TcpFlags.Ack, Peer + 100, Own, 100);
        Assert.Equal(Peer, tcp.Single().Acknowledgement);
        Assert.Empty(tcp.Read());
        tcp.Receive(TcpFlags.Ack, Peer, Own, 100);
        Assert.Equal(Peer + 300, tcp.Single().Acknowledgement);
        Assert.Equal(Pattern(Peer, 300), tcp.Read());
        Assert.Equal(0, tcp.FramesHeld);
    }

    // RFC 9293 3.10.7.4: overlapping octets count once.
    [Fact]
    public void TakesOnlyTheNewOctetsOfAnOverlappingSegment()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Ack, Peer, Own, 100);
        tcp.Receive(TcpFlags.Ack, Peer + 50, Own, 100);
        tcp.Receive(TcpFlags.Ack, Peer, Own, 100);
        Assert.Equal(Pattern(Peer, 150), tcp.Read());
    }

    // RFC 5681 4.2; RFC 9293 3.8.6.3.
    [Fact]
    public void AcknowledgesEverySecondSegmentAtOnceAndALoneOneLater()
    {
        TcpHarness tcp = Passive(new() { QuickAcknowledgements = 0 });
        tcp.Receive(TcpFlags.Ack, Peer, Own, 1000);
        Assert.Empty(tcp.Output);
        Assert.Equal(TimeSpan.FromMilliseconds(40), tcp.Expire());
        Assert.Equal(Peer + 1000, tcp.Single().Acknowledgement);
        tcp.Receive(TcpFlags.Ack, Peer + 1000, Own, 1000);
        tcp.Receive(TcpFlags.Ack, Peer + 2000, Own, 1000);
        Assert.Equal(Peer + 3000, tcp.Single().Acknowledgement);
    }

    // RFC 9293 3.7.4, Nagle.
    [Fact]
    public void HoldsASmallSegmentWhileOneIsOutUnlessToldNotTo()
    {
        TcpHarness nagle = Passive(new() { NoDelay = false });
        nagle.Write(10);
        nagle.Write(10);
        Assert.Single(nagle.Output);
        nagle.Receive(TcpFlags.Ack, Peer, Own + 10);
        Assert.Equal(2, nagle.Output.Count);

        TcpHarness noDelay = Passive();
        noDelay.Write(10);
        noDelay.Write(10);
        Assert.Equal(2, noDelay.Output.Count);
    }

    // RFC 9293 3.8.6.1.
    [Fact]
    public void ProbesAShutWindowAndGoesOnWhenItOpens()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Ack, Peer, Own, window: 0);
        tcp.Write(2000);
        Assert.Empty(tcp.Output);
        TimeSpan first = tcp.Expire();
        Assert.Single(tcp.Single().Data);
        tcp.Receive(TcpFlags.Ack, Peer, Own, window: 0);
        TimeSpan second = tcp.Expire();
        Assert.True(second > first, $"{second} > {first}");
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack, Peer, Own, window: 5000);
        Assert.Equal(2000, tcp.Output.Sum(sent => sent.Data.Length));
    }

    // RFC 9293 3.8.6: the window is what the application has not read; 3.8.6.2.2: it opens in steps worth sending into.
    [Fact]
    public void ShutsTheWindowWhileNobodyReadsAndSaysWhenItOpens()
    {
        TcpHarness tcp = Passive(new() { ReceiveBuffer = 4000, MaximumReceiveBuffer = 4000 });
        for (uint at = 0; at < 4000; at += 1000)
            tcp.Receive(TcpFlags.Ack, Peer + at, Own, 1000);
        Assert.Equal(0, tcp.Output[^1].Header.Window);
        tcp.Receive(TcpFlags.Ack, Peer + 4000, Own, 1000);
        Assert.Equal((Peer + 4000, (ushort)0), (tcp.Output[^1].Acknowledgement, tcp.Output[^1].Header.Window));
        tcp.Output.Clear();
        Assert.Equal(4000, tcp.Read().Length);
        tcp.Turn();
        Assert.Equal(4000, tcp.Single().Header.Window);
    }

    // RFC 9293 3.6, figure 12, the left side.
    [Fact]
    public void ClosesFirstAndWaits()
    {
        TcpHarness tcp = Passive();
        tcp.Close();
        Assert.Equal(TcpFlags.Fin | TcpFlags.Ack, tcp.Single().Flags);
        Assert.Equal(TcpState.FinWait1, tcp.Block.State);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1);
        Assert.Equal(TcpState.FinWait2, tcp.Block.State);
        tcp.Receive(TcpFlags.Fin | TcpFlags.Ack, Peer, Own + 1);
        Assert.Equal(Peer + 1, tcp.Single().Acknowledgement);
        Assert.Equal(TcpState.TimeWait, tcp.Block.State);
        Assert.Equal(TimeSpan.FromSeconds(60), tcp.Expire());
        Assert.Equal(TcpCloseReason.Closed, tcp.Closed);
    }

    // RFC 9293 3.6, figure 12, the right side.
    [Fact]
    public void ClosesSecond()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Fin | TcpFlags.Ack, Peer, Own, 10);
        Assert.Equal(TcpState.CloseWait, tcp.Block.State);
        Assert.Equal(Peer + 11, tcp.Single().Acknowledgement);
        Assert.Equal(10, tcp.Read().Length);
        tcp.Write(5);
        tcp.Close();
        Assert.Equal(TcpState.LastAck, tcp.Block.State);
        tcp.Receive(TcpFlags.Ack, Peer + 11, Own + 6);
        Assert.Equal(TcpCloseReason.Closed, tcp.Closed);
        Assert.Equal(TcpState.Closed, tcp.Block.State);
    }

    // RFC 9293 3.6, figure 13.
    [Fact]
    public void ClosesWhenBothFinsCross()
    {
        TcpHarness tcp = Passive();
        tcp.Close();
        tcp.Receive(TcpFlags.Fin | TcpFlags.Ack, Peer, Own);
        Assert.Equal(TcpState.Closing, tcp.Block.State);
        tcp.Receive(TcpFlags.Ack, Peer + 1, Own + 1);
        Assert.Equal(TcpState.TimeWait, tcp.Block.State);
    }

    // RFC 9293 3.6, case 2: half closed, data still come.
    [Fact]
    public void ReceivesAfterItsOwnFin()
    {
        TcpHarness tcp = Passive();
        tcp.Close();
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1, 100);
        Assert.Equal(TcpState.FinWait2, tcp.Block.State);
        Assert.Equal(Pattern(Peer, 100), tcp.Read());
        Assert.Equal(TimeSpan.FromMilliseconds(40), tcp.Expire());
    }

    // RFC 9293 3.10.7.4 eighth: a FIN before its data is not believed before they came.
    [Fact]
    public void HoldsAFinThatComesTooEarly()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Fin | TcpFlags.Ack, Peer + 100, Own, 100);
        Assert.Equal(TcpState.Established, tcp.Block.State);
        tcp.Receive(TcpFlags.Ack, Peer, Own, 100);
        Assert.Equal(TcpState.CloseWait, tcp.Block.State);
        Assert.Equal(Pattern(Peer, 200), tcp.Read());
    }

    // RFC 9293 3.6.1: data nobody will read.
    [Fact]
    public void ResetsWhenDataArriveAfterBothDirectionsWereClosed()
    {
        TcpHarness tcp = Passive();
        tcp.Streams.Input.Complete();
        tcp.Close();
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack, Peer, Own + 1, 100);
        Assert.True(tcp.Output[0].Header.Has(TcpFlags.Rst));
        Assert.NotNull(tcp.Closed);
    }

    // RFC 5961 3.2.
    [Fact]
    public void BelievesOnlyTheResetWithTheExactSequenceNumber()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Rst, Peer - 5, 0);
        Assert.Empty(tcp.Output);
        tcp.Receive(TcpFlags.Rst, Peer + 5, 0);
        Assert.Equal(TcpFlags.Ack, tcp.Single().Flags);
        Assert.Equal(TcpState.Established, tcp.Block.State);
        tcp.Receive(TcpFlags.Rst, Peer, 0);
        Assert.Equal(TcpCloseReason.ResetByPeer, tcp.Closed);
    }

    // RFC 5961 4.2.
    [Fact]
    public void ChallengesASynInAnEstablishedConnection()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Syn, Peer + 10, 0);
        Sent challenge = tcp.Single();
        Assert.Equal((TcpFlags.Ack, Own, Peer), (challenge.Flags, challenge.Sequence, challenge.Acknowledgement));
        Assert.Equal(TcpState.Established, tcp.Block.State);
    }

    // RFC 5961 5.2 and 7: an acknowledgement of what was never sent, and the limit of answers.
    [Fact]
    public void ChallengesImpossibleAcknowledgementsButNotForEver()
    {
        TcpHarness tcp = Passive(new() { ChallengeAcknowledgementsPerSecond = 3 });
        for (int attempt = 0; attempt < 10; attempt++)
            tcp.Receive(TcpFlags.Ack, Peer, Own + 100_000, 10);
        Assert.Equal(3, tcp.Output.Count);
        Assert.Empty(tcp.Read());
        Assert.Equal(7, tcp.Counters.Dropped(DropCause.RateLimited));
    }

    // RFC 9293 3.4: outside the window, dropped and acknowledged.
    [Fact]
    public void DropsDataBeyondTheWindow()
    {
        TcpHarness tcp = Passive(new() { ReceiveBuffer = 4000, MaximumReceiveBuffer = 4000 });
        tcp.Receive(TcpFlags.Ack, Peer + 5000, Own, 100);
        Assert.Equal(Peer, tcp.Single().Acknowledgement);
        Assert.Equal(0, tcp.FramesHeld);
    }

    // RFC 9293 3.10.5.
    [Fact]
    public void AbortsWithAReset()
    {
        TcpHarness tcp = Passive();
        tcp.Streams.Raise(TcpSignals.Abort);
        tcp.Turn();
        Assert.True(tcp.Single().Header.Has(TcpFlags.Rst));
        Assert.Equal(TcpCloseReason.Aborted, tcp.Closed);
    }

    [Fact]
    public void AnAbortThatComesWhileATurnRunsSendsNoFinBeforeTheReset()
    {
        TcpHarness tcp = Passive();
        tcp.Block.Begin(tcp.Now);
        // The turn has taken its signals; now the application aborts, and completes its output for nobody.
        tcp.Streams.Abort();
        tcp.Streams.Output.Complete();
        tcp.Block.End();
        Assert.Empty(tcp.Output);

        tcp.Turn();
        Assert.True(tcp.Single().Header.Has(TcpFlags.Rst));
    }

    // The house's rule for hot paths.
    [Fact]
    public void AllocatesNothingPerSegment()
    {
        TcpHarness tcp = Passive();
        tcp.Recording = false;
        byte[] data = new byte[1000];
        byte[] answer = new byte[1000];
        uint peer = Peer;
        uint own = Own;
        void Exchange()
        {
            tcp.Block.Begin(tcp.Now);
            tcp.Arrive(TcpFlags.Ack, peer, own, data);
            tcp.Block.End();
            peer += 1000;
            if (tcp.Streams.Input.TryRead(out System.IO.Pipelines.ReadResult read))
                tcp.Streams.Input.AdvanceTo(read.Buffer.End);
            ValueTask<System.IO.Pipelines.FlushResult> flush = tcp.Streams.Output.WriteAsync(answer);
            Assert.True(flush.IsCompleted);
            _ = flush.Result;
            tcp.Block.Begin(tcp.Now);
            tcp.Block.TakeSignals(tcp.Streams.TakeSignals());
            tcp.Block.End();
            own += 1000;
        }

        const int Segments = 2_000;
        long allocated = Allocations.Least(() =>
        {
            for (int segment = 0; segment < Segments; segment++)
                Exchange();
        });
        Assert.InRange(allocated / (double)Segments, 0, 0.5);
    }
}
