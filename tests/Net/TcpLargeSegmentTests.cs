using Troupe.Drivers.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

/// <summary>Segments that a device cuts, and segments that it puts together.</summary>
public sealed class TcpLargeSegmentTests
{
    private const uint First = TcpHarness.OwnInitial + 1;
    private const uint PeerFirst = TcpHarness.PeerInitial + 1;
    private const FrameOffloadFlags All = FrameOffloadFlags.NeedsChecksum | FrameOffloadFlags.SegmentsIpv4 | FrameOffloadFlags.SegmentsIpv6;

    [Fact]
    public void SegmentsThatFollowOneAnotherLeaveAsOneTheLastAShortOneWithThem()
    {
        TcpHarness harness = TcpHarness.Selective(offload: All);
        harness.Write(5300);
        FrameOffload offload = Assert.Single(harness.Offloads);
        Assert.Equal(FrameOffloadFlags.NeedsChecksum | FrameOffloadFlags.SegmentsIpv4, offload.Flags);
        Assert.Equal(1000, offload.SegmentSize);
        Sent sent = harness.Single();
        Assert.Equal(First, sent.Sequence);
        Assert.Equal(5300, sent.Data.Length);
        Assert.True(sent.Header.Has(TcpFlags.Psh));
        Assert.Equal(0, harness.FramesHeld);
    }

    [Fact]
    public void OneSegmentIsNotCut()
    {
        TcpHarness harness = TcpHarness.Selective(offload: All);
        harness.Write(1000);
        Assert.Equal(FrameOffloadFlags.NeedsChecksum, Assert.Single(harness.Offloads).Flags);
        harness.Write(300);
        Assert.Equal(FrameOffloadFlags.NeedsChecksum, harness.Offloads[^1].Flags);
    }

    [Fact]
    public void ADeviceThatOnlySumsGetsSegmentsOfTheUsualSize()
    {
        TcpHarness harness = TcpHarness.Selective(offload: FrameOffloadFlags.NeedsChecksum);
        harness.Write(3000);
        Assert.Equal([1000, 1000, 1000], harness.Output.Select(static sent => sent.Data.Length));
        Assert.All(harness.Offloads, static offload => Assert.Equal(FrameOffloadFlags.NeedsChecksum, offload.Flags));
    }

    [Fact]
    public void TheWindowAndTheFirstFlightAreNoLargerThanWithoutIt()
    {
        TcpHarness harness = TcpHarness.Selective(offload: All);
        harness.Write(40_000);
        Assert.Equal(10_000, harness.Output.Sum(static sent => sent.Data.Length));
        TcpHarness small = TcpHarness.Selective(offload: All, window: 4_000);
        small.Write(40_000);
        Assert.Equal(4_000, small.Output.Sum(static sent => sent.Data.Length));
    }

    [Fact]
    public void TheFinGoesWithTheLast()
    {
        TcpHarness harness = TcpHarness.Selective(offload: All);
        harness.Turn(() =>
        {
            harness.Streams.Output.WriteAsync(new byte[2500]).AsTask().GetAwaiter().GetResult();
            harness.Streams.Output.Complete();
        });
        Sent sent = harness.Single();
        Assert.Equal(2500, sent.Data.Length);
        Assert.True(sent.Header.Has(TcpFlags.Fin));
    }

    [Fact]
    public void WhatIsLostOfALargeSegmentIsSentAgainAlone()
    {
        TcpHarness harness = TcpHarness.Selective(offload: All);
        harness.Write(8000);
        harness.Output.Clear();
        harness.Now += TcpHarness.RoundTrip;
        // The second of eight is missing.
        harness.Receive(TcpFlags.Ack, PeerFirst, First + 1000, options: TcpHarness.Blocks((First + 2000, First + 8000)));
        for (int wait = 0; wait < 3 && harness.Output.Count == 0; wait++)
            harness.Expire();
        Sent again = harness.Output[0];
        Assert.Equal(First + 1000, again.Sequence);
        Assert.Equal(1000, again.Data.Length);
    }

    [Fact]
    public void ThePoolRunningDryLosesSegmentsAndNothingElse()
    {
        TcpHarness harness = TcpHarness.Selective(offload: All);
        harness.Exhaust(leaving: 0);
        harness.Write(9_000);
        Assert.Empty(harness.Output);
        harness.ReleaseExhausted();
        Assert.Equal(0, harness.FramesHeld);
        for (int wait = 0; wait < 3 && harness.Output.Count == 0; wait++)
            harness.Expire();
        Assert.NotEmpty(harness.Output);
    }

    // The device is behind, which says nothing of the path: nothing counts as sent that was not, so nothing is lost, and the window stays (RFC 5681 3.1).
    [Fact]
    public void AWindowDoesNotSufferFromAPoolThatRunsDry()
    {
        TcpHarness harness = TcpHarness.Selective();
        harness.Write(4_000);
        harness.Exhaust(leaving: 0);
        harness.Write(5_000);
        Assert.Equal((4, 4_000), (harness.Output.Count, harness.Block.Status.Outstanding));
        harness.ReleaseExhausted();
        harness.Now += TcpHarness.RoundTrip;
        harness.Receive(TcpFlags.Ack, PeerFirst, First + 4_000);
        Assert.Equal((9, 5_000, 0L), (harness.Output.Count, harness.Block.Status.Outstanding, harness.Block.Status.Retransmissions));
        Assert.Equal(int.MaxValue, harness.Block.Status.SlowStartThreshold);
    }

    [Fact]
    public void ALargeSegmentIsDeliveredFromAllItsPieces()
    {
        TcpHarness harness = TcpHarness.Passive();
        harness.ReceiveInPieces(PeerFirst, First, 10_000, 1800);
        Assert.Equal(TcpHarness.Pattern(PeerFirst, 10_000), harness.Read());
        // Again, with the front known already.
        harness.ReceiveInPieces(PeerFirst + 6_000, First, 9_000, 1800);
        Assert.Equal(TcpHarness.Pattern(PeerFirst + 10_000, 5_000), harness.Read());
        Assert.Equal(0, harness.FramesHeld);
    }

    [Fact]
    public void ALargeSegmentOutOfOrderIsKeptFromAllItsPieces()
    {
        TcpHarness harness = TcpHarness.Passive();
        harness.ReceiveInPieces(PeerFirst + 1000, First, 10_000, 1800);
        Assert.Empty(harness.Read());
        Assert.Equal((0, 10_000), (harness.FramesHeld, harness.Block.Status.OutOfOrder));
        harness.Receive(TcpFlags.Ack, PeerFirst, First, 1000);
        Assert.Equal(TcpHarness.Pattern(PeerFirst, 11_000), harness.Read());
    }
}
