using Troupe.Drivers.Contracts;
using Troupe.Drivers.Xen;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>Packets in several slots of a Xen network card's rings, both ways, and what another half may not say of them.</summary>
public sealed class NetFrontLargePacketTests
{
    // netif.h: NETRXF_*, XEN_NETIF_EXTRA_*.
    private const ushort Validated = 1, MoreData = 4, ExtraInfo = 8;
    private const ushort Segmentation = 1, MoreExtra = 0x100;
    private const FrameOffloadFlags Large = FrameOffloadFlags.NeedsChecksum | FrameOffloadFlags.SegmentsIpv4;

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(static value => (byte)(value / 7))];

    [Theory]
    [InlineData(3000, 1)]
    [InlineData(20_000, 1)]
    [InlineData(65_500, 2)]
    public void APacketInSeveralBuffersIsOneFrame(int length, int kind)
    {
        NetFrontFixture net = new();
        net.Start();
        for (var round = 0; round < 60; round++)
        {
            Assert.True(net.Backend.TryDeliverLarge(Bytes(length), kind: kind));
            Assert.True(net.Backend.TryDeliver(Bytes(60)));
            net.Run();
        }

        Assert.Equal(120, net.Client.Frames.Count);
        Assert.All(net.Client.Frames.Where(static (_, index) => index % 2 == 0), frame => Assert.Equal(Bytes(length), frame));
        Assert.Equal([FrameOffloadFlags.ChecksumVerified, FrameOffloadFlags.None], net.Client.Offloads.Take(2));
        Assert.Equal(length > 4096 ? 60 : 0, net.Device.ReadStatistics().ReceivedMerged);
        Assert.Equal(256, net.Device.ReceiveFrames.RentedCount);
        net.StopAndFindNothingLost();
    }

    [Fact]
    public void AClientThatHoldsAllItGetsLeavesRoomForALargePacket()
    {
        NetFrontFixture net = new();
        net.Start();
        net.Client.Holds = true;
        while (net.Backend.TryDeliverLarge(Bytes(65_500)) && !net.Device.IsHeldBack)
        {
            net.Run();
        }

        Assert.True(net.Device.IsHeldBack);
        Assert.True(net.Backend.Buffers >= 18, $"it has {net.Backend.Buffers} buffers");
        net.Client.Clear();
        net.Client.Holds = false;
        net.Device.Service();
        Assert.False(net.Device.IsHeldBack);
        net.StopAndFindNothingLost();
    }

    [Theory]
    [InlineData(Large, 1)]
    [InlineData(FrameOffloadFlags.NeedsChecksum | FrameOffloadFlags.SegmentsIpv6, 2)]
    public void ALargeFrameLeavesInASlotForEachPieceWithAWordOnHowToCutIt(FrameOffloadFlags flags, int kind)
    {
        NetFrontFixture net = new();
        net.Start();
        var sent = net.SendLarge(pieces: 16, bytes: 3900, flags);
        net.Send(Bytes(60));
        net.Backend.TakeSent();
        net.Run();
        Assert.Equal(2, net.Backend.Sent.Count);
        Assert.Equal(sent, net.Backend.Sent[0].Frame);
        Assert.Equal((16, (1000, kind)), (net.Backend.Sent[0].Slots, net.Backend.Sent[0].Segments));
        Assert.Equal(Bytes(60), net.Backend.Sent[1].Frame);
        Assert.Null(net.Backend.Sent[1].Segments);
        var seen = net.Device.ReadStatistics();
        Assert.Equal((2, 1, sent.Length + 60), (seen.TransmittedFrames, seen.TransmittedSegmented, seen.TransmittedBytes));
        Assert.Equal(0, net.Device.TransmitFrames.RentedCount);
        net.StopAndFindNothingLost();
    }

    [Fact]
    public void AFrameComesBackWhenAllOfItsSlotsHaveInWhateverOrder()
    {
        NetFrontFixture net = new();
        net.Start();
        net.SendLarge(pieces: 3, bytes: 3000, Large);
        net.SendLarge(pieces: 2, bytes: 3000, Large);
        net.Backend.Collect();
        // Of seven slots, two are words beside a packet.
        net.Backend.Answer(6, static slots => slots.Reverse());
        net.Device.Service();
        Assert.Equal((3, 1), (net.Device.TransmitFrames.RentedCount, net.Device.ReadStatistics().TransmittedFrames));
        net.Backend.Answer(1);
        net.Device.Service();
        Assert.Equal((0, 2), (net.Device.TransmitFrames.RentedCount, net.Device.ReadStatistics().TransmittedFrames));
        net.StopAndFindNothingLost();
    }

    [Fact]
    public void ManyMoreLargeFramesThanTheRingHoldsAreSentInOrder()
    {
        NetFrontFixture net = new();
        net.Start();
        for (var round = 0; round < 200; round++)
        {
            net.SendLarge(pieces: 1 + (round % 18), bytes: 3000, Large);
            if (net.Device.TransmitFrames.RentedCount > 40)
            {
                net.Backend.TakeSent();
                net.Run();
            }
        }

        net.Backend.TakeSent();
        net.Run();
        Assert.Equal(Enumerable.Range(0, 200).Select(static round => 1 + (round % 18)), net.Backend.Sent.Select(static packet => packet.Slots));
        net.StopAndFindNothingLost();
    }

    [Theory]
    [InlineData(NetFrontFixture.All, true, 19)] // more slots than every other half takes
    [InlineData(FrameOffloadFlags.NeedsChecksum, true, 4)] // nothing was said of cutting
    [InlineData(NetFrontFixture.All, false, 4)] // nor of several pieces
    public void ALargeFrameThatTheOtherHalfDoesNotTakeIsDroppedAndCounted(FrameOffloadFlags offload, bool scatters, int pieces)
    {
        NetFrontFixture net = new();
        net.Start(offload, scatters);
        net.SendLarge(pieces, bytes: 3000, Large);
        Assert.Equal(1, net.Device.ReadStatistics().TransmitDroppedInvalid);
        net.Backend.TakeSent();
        Assert.Empty(net.Backend.Sent);
        net.StopAndFindNothingLost();
    }

    [Fact]
    public void WherePiecesAreNotTakenAFrameOfTheLinksSizeGoesAsACopy()
    {
        NetFrontFixture net = new();
        net.Start(FrameOffloadFlags.NeedsChecksum, scatters: false);
        var sent = net.SendLarge(pieces: 3, bytes: 400, FrameOffloadFlags.NeedsChecksum);
        net.Backend.TakeSent();
        Assert.Equal((sent.Length, 1), (net.Backend.Sent.Single().Frame.Length, net.Backend.Sent.Single().Slots));
        Assert.Equal(1, net.Device.ReadStatistics().TransmitCopied);
        net.StopAndFindNothingLost();
    }

    public static TheoryData<string, (int First, int Second, int Third, int Fourth)[]> Lies => new()
    {
        { "the second buffer does not come", [(0, 0, MoreData | Validated, 60)] },
        { "what is said beside the packet does not come", [(0, 0, ExtraInfo | Validated, 60)] },
        { "more is to be said, and does not come", [(0, 0, ExtraInfo | Validated, 60), (Segmentation | MoreExtra, 1460, 1, 0)] },
        { "said twice", [(0, 0, ExtraInfo | Validated, 60), (Segmentation | MoreExtra, 1460, 1, 0), (Segmentation, 1460, 1, 0)] },
        { "a hash, which was not asked for", [(0, 0, ExtraInfo | Validated, 60), (4, 0, 0, 0)] },
        { "nothing known", [(0, 0, ExtraInfo | Validated, 60), (0, 0, 0, 0)] },
        { "said behind the second buffer", [(0, 0, MoreData | Validated, 4096), (1, 0, ExtraInfo, 60), (Segmentation, 1460, 1, 0)] },
        { "another buffer than the slot's", [(0, 0, MoreData | Validated, 4096), (2, 0, 0, 60)] },
        { "a second buffer longer than a page", [(0, 0, MoreData | Validated, 4096), (1, 1, 0, 4096)] },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public void ALieAboutAPacketsSlotsIsAViolation(string lie, (int First, int Second, int Third, int Fourth)[] slots)
    {
        NetFrontFixture net = new();
        net.Start();
        foreach (var (first, second, third, fourth) in slots)
        {
            net.Backend.Put((ushort)first, (ushort)second, (ushort)third, (short)fourth);
        }

        net.Backend.Show();
        Assert.True(Record.Exception(() => net.Device.Service()) is XenViolationException, lie);
        Assert.Empty(net.Client.Frames);
        net.StopAndFindNothingLost();
        net.Start();
        Assert.True(net.Backend.TryDeliverLarge(Bytes(9000)));
        net.Run();
        Assert.Single(net.Client.Frames);
        net.StopAndFindNothingLost();
    }

    [Theory]
    [InlineData(MoreData)]
    [InlineData(ExtraInfo)]
    public void SeveralSlotsThatWereNotOfferedAreAViolation(int flag)
    {
        NetFrontFixture net = new(offloads: false);
        net.Start();
        net.Backend.Put(0, 0, (ushort)(Validated | flag), 60);
        net.Backend.Put(1, 0, 0, 60);
        net.Backend.Show();
        Assert.Throws<XenViolationException>(() => net.Device.Service());
        net.StopAndFindNothingLost();
    }

    public static TheoryData<string, (int First, int Second, int Third, int Fourth)[]> Malformed => new()
    {
        { "segments of no size", [(0, 0, ExtraInfo | Validated, 60), (Segmentation, 0, 1, 0)] },
        { "a kind of cutting that is none", [(0, 0, ExtraInfo | Validated, 60), (Segmentation, 1460, 3, 0)] },
        { "several buffers that nobody vouches for", [(0, 0, MoreData, 4096), (1, 0, 0, 60)] },
        { "an empty buffer in the middle", [(0, 0, MoreData | Validated, 4096), (1, 0, MoreData, 0), (2, 0, 0, 60)] },
        { "an error in the middle", [(0, 0, MoreData | Validated, 4096), (1, 0, MoreData, -1), (2, 0, 0, 60)] },
        { "a first buffer without an Ethernet header", [(0, 0, MoreData | Validated, 13), (1, 0, 0, 4096)] },
        { "more than a packet can be", [.. Enumerable.Range(0, 17).Select(static slot => (slot, 0, (slot < 16 ? MoreData : 0) | (slot == 0 ? Validated : 0), 4096))] },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void APacketThatCannotBeIsDroppedAndCounted(string what, (int First, int Second, int Third, int Fourth)[] slots)
    {
        NetFrontFixture net = new();
        net.Start();
        foreach (var (first, second, third, fourth) in slots)
        {
            net.Backend.Put((ushort)first, (ushort)second, (ushort)third, (short)fourth);
        }

        net.Backend.Show();
        net.Backend.TryDeliver(Bytes(60));
        net.Run();
        net.Device.Service();
        Assert.True(net.Device.ReadStatistics().ReceiveDroppedMalformed == 1, what);
        Assert.Equal(Bytes(60), Assert.Single(net.Client.Frames));
        Assert.Equal(256, net.Device.ReceiveFrames.RentedCount);
        net.StopAndFindNothingLost();
    }

    [Fact]
    public void ASlotWithoutAPacketThatIsBackAndWasNotOutIsAViolation()
    {
        NetFrontFixture net = new();
        net.Start();
        net.Send(Bytes(60));
        net.Backend.AnswerWith(0, 1);
        Assert.Throws<XenViolationException>(() => net.Device.Service());
        net.StopAndFindNothingLost();
    }

    [Fact]
    public void ASlotThatIsBackTwiceIsAViolationAndTheFrameIsLostOnce()
    {
        NetFrontFixture net = new();
        net.Start();
        net.SendLarge(pieces: 3, bytes: 3000, Large);
        net.Backend.AnswerWith(0, 0);
        net.Backend.AnswerWith(0, 0);
        Assert.Throws<XenViolationException>(() => net.Device.Service());
        net.Device.Stop();
        Assert.Equal(1, net.Device.ReadStatistics().TransmitLostInReset);
        net.StopAndFindNothingLost();
    }
}
