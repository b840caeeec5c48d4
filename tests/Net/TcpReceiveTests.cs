// One behaviour each of RFC 9293 3.8.6 (the receiver's side) and 3.8.5 (urgent data), RFC 5681 4.2, RFC 7323 2 (window scale).
using Troupe.Net.Contracts;
using Troupe.Net.Tcp;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.TcpHarness;

namespace Troupe.Net.Tests;

public sealed class TcpReceiveTests
{
    private const uint Peer = PeerInitial + 1;
    private const uint Own = OwnInitial + 1;

    // While the peer is in slow start, its window grows by acknowledgements.
    [Fact]
    public void AcknowledgesTheFirstFullSegmentsOneByOne()
    {
        TcpHarness tcp = Passive(new() { QuickAcknowledgements = 3 });
        for (uint segment = 0; segment < 3; segment++)
            tcp.Receive(TcpFlags.Ack, Peer + segment * 1000, Own, 1000);
        Assert.Equal(3, tcp.Output.Count);
        tcp.Receive(TcpFlags.Ack, Peer + 3000, Own, 1000);
        Assert.Equal(3, tcp.Output.Count);
    }

    // A small segment is a question; its answer acknowledges it.
    [Fact]
    public void DoesNotHurryForSmallSegments()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Ack, Peer, Own, 100);
        Assert.Empty(tcp.Output);
        tcp.Write(50);
        Assert.Equal(Peer + 100, tcp.Single().Acknowledgement);
        Assert.Empty(tcp.Output);
    }

    // After a pause the peer begins anew, and so do quick acknowledgements.
    [Fact]
    public void HurriesAgainAfterAPause()
    {
        TcpHarness tcp = Passive(new() { QuickAcknowledgements = 1 });
        tcp.Receive(TcpFlags.Ack, Peer, Own, 1000);
        tcp.Now += TimeSpan.FromSeconds(10);
        tcp.Output.Clear();
        tcp.Receive(TcpFlags.Ack, Peer + 1000, Own, 1000);
        Assert.Equal(Peer + 2000, tcp.Single().Acknowledgement);
    }

    // RFC 9293 3.8.6.3, MUST-40: less than half a second.
    [Fact]
    public void DelaysAnAcknowledgementByLessThanHalfASecond() => Assert.True(new TcpConfiguration().DelayedAcknowledgement < TimeSpan.FromSeconds(0.5));

    // RFC 9293 3.8.6.2.2, MUST-39: not in small steps.
    [Fact]
    public void OpensTheWindowInStepsWorthSendingInto()
    {
        TcpHarness tcp = Passive(new() { ReceiveBuffer = 4000, MaximumReceiveBuffer = 4000 });
        for (uint at = 0; at < 4000; at += 1000)
            tcp.Receive(TcpFlags.Ack, Peer + at, Own, 1000);
        Assert.Equal(0, tcp.Output[^1].Header.Window);
        tcp.Output.Clear();
        tcp.Read(500);
        tcp.Turn();
        tcp.Receive(TcpFlags.Ack, Peer + 4000, Own, 1);
        Assert.Equal(0, tcp.Single().Header.Window);
        tcp.Read(1600);
        tcp.Turn();
        Assert.InRange(tcp.Single().Header.Window, 2000, 2100);
    }

    // RFC 9293 3.8.6.2.2: without a scale, room beyond what the field can say is no news.
    [Fact]
    public void SaysNothingOfRoomThatTheWindowFieldCannotTell()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Ack, Peer, Own, 100);
        tcp.Output.Clear();
        tcp.Read();
        tcp.Turn();
        Assert.Empty(tcp.Output);
    }

    // RFC 9293 3.8.6.3: an acknowledgement for which there was no buffer is tried again later, not at once and for ever.
    [Fact]
    public void TriesAnAcknowledgementAgainWhenThereIsABuffer()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Ack, Peer, Own, 100);
        tcp.Exhaust(0);
        tcp.Expire();
        Assert.Empty(tcp.Output);
        Assert.True(tcp.Block.NextDeadline > tcp.Now);
        tcp.ReleaseExhausted();
        tcp.Expire();
        Assert.Equal(Peer + 100, tcp.Single().Acknowledgement);
    }

    // RFC 9293 3.8.6, SHLD-14: what was announced stays announced.
    [Fact]
    public void NeverTakesWindowBack()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Ack, Peer, Own, 1000);
        uint edge = tcp.Output[^1].Acknowledgement + tcp.Output[^1].Header.Window;
        tcp.Streams.Settings.ReceiveBuffer = 2000;
        tcp.Turn();
        tcp.Receive(TcpFlags.Ack, Peer + 1000, Own, 1000);
        Assert.True(tcp.Output[^1].Acknowledgement + tcp.Output[^1].Header.Window >= edge);
    }

    // RFC 7323 2.2 and 2.3: the scale is for the largest buffer, and not in SYNs.
    [Fact]
    public void ScalesItsWindowForTheLargestBuffer()
    {
        TcpHarness tcp = new(passive: false);
        tcp.Turn(() => tcp.Block.Connect(new(OwnInitial)));
        Assert.Equal((byte)7, tcp.Single().Header.Options.WindowScale);
        tcp.Receive(TcpFlags.Syn | TcpFlags.Ack, PeerInitial, Own, options: new() { MaximumSegmentSize = 1000, WindowScale = 2 });
        Assert.Equal(256 * 1024 >> 7, tcp.Single().Header.Window);
        tcp.Receive(TcpFlags.Ack, Peer, Own, window: 1000);
        Assert.Equal(4000, tcp.Block.Status.SendWindow);
    }

    // RFC 7323 2.3: a shift above 14 is used as 14.
    [Fact]
    public void TakesTheLargestScaleForFourteen()
    {
        Assert.Equal(WireError.None, TcpOptions.TryParse([3, 3, 200], out TcpOptions options));
        Assert.Equal((byte)14, options.WindowScale);
    }

    // The buffer follows what the application reads in a round trip.
    [Fact]
    public void TheReceiveBufferGrowsWithWhatIsRead()
    {
        ReceiveWindow window = new(100_000);
        ReceiveBufferTuning tuning = new(1_000_000);
        TimeSpan roundTrip = TimeSpan.FromMilliseconds(100);
        tuning.Consumed(window, 0, roundTrip, 0, TimeSpan.Zero);
        tuning.Consumed(window, 90_000, roundTrip, 0, TimeSpan.FromMilliseconds(100));
        Assert.Equal(180_000, window.Buffer);
        tuning.Consumed(window, 100_000, roundTrip, 0, TimeSpan.FromMilliseconds(200));
        Assert.Equal(180_000, window.Buffer);
        tuning.Consumed(window, 2_000_000, roundTrip, 0, TimeSpan.FromMilliseconds(300));
        Assert.Equal(1_000_000, window.Buffer);
    }

    // With a peer in slow start it is ahead: what is read has doubled, and will have doubled twice more when the window announced now is used (RFC 5681 3.1).
    [Fact]
    public void TheReceiveBufferIsAheadOfSlowStart()
    {
        ReceiveWindow window = new(100_000);
        ReceiveBufferTuning tuning = new(10_000_000);
        TimeSpan roundTrip = TimeSpan.FromMilliseconds(100);
        tuning.Consumed(window, 0, roundTrip, 0, TimeSpan.Zero);
        tuning.Consumed(window, 30_000, roundTrip, 0, TimeSpan.FromMilliseconds(100));
        Assert.Equal(100_000, window.Buffer);
        tuning.Consumed(window, 90_000, roundTrip, 0, TimeSpan.FromMilliseconds(200));
        Assert.Equal(480_000, window.Buffer);
        tuning.Consumed(window, 150_000, roundTrip, 0, TimeSpan.FromMilliseconds(300));
        Assert.Equal(480_000, window.Buffer);
    }

    // RFC 7323 4.1: echoes say how long the peer's data take; the handshake, by which alone a receiver could know, met no queue.
    [Fact]
    public void ARoundTripIsWhatDataTake()
    {
        ReceiveWindow window = new(100_000);
        ReceiveBufferTuning tuning = new(10_000_000);
        tuning.Measured(1, TimeSpan.FromMilliseconds(100));
        tuning.Consumed(window, 0, TimeSpan.FromMilliseconds(1), 0, TimeSpan.Zero);
        tuning.Consumed(window, 60_000, TimeSpan.FromMilliseconds(1), 0, TimeSpan.FromMilliseconds(50));
        Assert.Equal(100_000, window.Buffer);
        tuning.Consumed(window, 120_000, TimeSpan.FromMilliseconds(1), 0, TimeSpan.FromMilliseconds(100));
        Assert.Equal(240_000, window.Buffer);
    }

    // And stays where the application puts it.
    [Fact]
    public void AReceiveBufferThatWasChosenStays()
    {
        ReceiveWindow window = new(100_000);
        ReceiveBufferTuning tuning = new(1_000_000);
        tuning.Consumed(window, 0, TimeSpan.FromMilliseconds(1), 50_000, TimeSpan.Zero);
        tuning.Consumed(window, 900_000, TimeSpan.FromMilliseconds(1), 50_000, TimeSpan.FromSeconds(1));
        Assert.Equal(50_000, window.Buffer);
    }

    // RFC 6093 6, RFC 9293 3.8.5, MUST-31: of any length, read in line.
    [Fact]
    public void ReadsUrgentDataInLine()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Ack | TcpFlags.Urg, Peer, Own, 100);
        Assert.Equal(Pattern(Peer, 100), tcp.Read());
    }

    // RFC 9293 3.10.7.4: reserved bits and unknown options change nothing (MUST-6).
    [Fact]
    public void StepsOverUnknownOptions()
    {
        Assert.Equal(WireError.None, TcpOptions.TryParse([1, 253, 6, 1, 2, 3, 4, 2, 4, 5, 0xB4, 0], out TcpOptions options));
        Assert.Equal((ushort)1460, options.MaximumSegmentSize);
    }

    // RFC 9293 3.1, MUST-7: an illegal length.
    [Theory]
    [InlineData(new byte[] { 2, 0, 5, 180 })]
    [InlineData(new byte[] { 253, 1, 0, 0 })]
    [InlineData(new byte[] { 5, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 8, 12, 0, 0 })]
    public void RefusesOptionsOfIllegalLength(byte[] options) => Assert.Equal(WireError.BadOption, TcpOptions.TryParse(options, out _));

    // RFC 9293 3.10.4: half closed, the other direction goes on as long as it likes.
    [Fact]
    public void SendsAfterThePeersFin()
    {
        TcpHarness tcp = Passive();
        tcp.Receive(TcpFlags.Fin | TcpFlags.Ack, Peer, Own);
        tcp.Output.Clear();
        tcp.Write(2500);
        Assert.Equal(2500, tcp.Output.Sum(sent => sent.Data.Length));
        Assert.Equal(TcpState.CloseWait, tcp.Block.State);
    }

    // RFC 9293 3.7.4 with the writes of one turn: they leave together.
    [Fact]
    public void WritesOfOneTurnLeaveTogether()
    {
        TcpHarness tcp = Passive();
        for (int write = 0; write < 10; write++)
            _ = tcp.Streams.Output.WriteAsync(new byte[250]).AsTask();
        tcp.Turn();
        Assert.Equal([1000, 1000, 500], tcp.Output.Select(sent => sent.Data.Length));
    }

    // RFC 9293 3.9.1.2, and the limit of the send buffer: whoever writes more than it holds waits.
    [Fact]
    public void AWriterWaitsForAcknowledgements()
    {
        TcpHarness tcp = Passive(new() { SendBuffer = 10_000 });
        Task writing = tcp.Streams.Output.WriteAsync(new byte[12_000]).AsTask();
        tcp.Turn();
        Assert.False(writing.IsCompleted);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 8000);
        Assert.True(writing.IsCompleted);
    }

    // A table that is full makes the sender wait, it does not grow.
    [Fact]
    public void SegmentsSentAreBounded()
    {
        TcpHarness tcp = Passive(new() { SentSegments = 4 });
        for (int write = 0; write < 10; write++)
            tcp.Write(10);
        Assert.Equal(4, tcp.Output.Count);
        tcp.Receive(TcpFlags.Ack, Peer, Own + 40);
        Assert.Equal(60, tcp.Output.Skip(4).Sum(sent => sent.Data.Length));
    }

    // What comes too early is bounded and counted.
    [Fact]
    public void RunsHeldAreBounded()
    {
        TcpHarness tcp = Passive(new() { OutOfOrderRanges = 3 });
        for (uint segment = 1; segment <= 5; segment++)
            tcp.Receive(TcpFlags.Ack, Peer + segment * 200, Own, 100);
        Assert.Equal((0, 300, 2L), (tcp.FramesHeld, tcp.Block.Status.OutOfOrder, tcp.Counters.Dropped(DropCause.TableFull)));
    }
}
