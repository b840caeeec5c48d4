using System.Buffers.Binary;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

/// <summary>VIRTIO 1.2, section 5.1.6: checksums and segmentation left to the device, and packets in several buffers.</summary>
public sealed class VirtioNetOffloadTests
{
    private const ulong Offloads = NetFixture.AllFeatures | (1UL << 0) | (1UL << 1) | (1UL << 7) | (1UL << 8) | (1UL << 11) | (1UL << 12);
    private const FrameOffloadFlags All = FrameOffloadFlags.NeedsChecksum | FrameOffloadFlags.SegmentsIpv4 | FrameOffloadFlags.SegmentsIpv6;

    [Theory]
    [InlineData(Offloads, All)]
    [InlineData(NetFixture.AllFeatures, FrameOffloadFlags.None)]
    [InlineData(NetFixture.AllFeatures | 1UL, FrameOffloadFlags.NeedsChecksum)]
    // Segmentation without checksums is no offer (section 5.1.3.1).
    [InlineData(NetFixture.AllFeatures | (1UL << 11), FrameOffloadFlags.None)]
    public void TheClientLearnsWhatTheDeviceDoes(ulong offered, FrameOffloadFlags expected)
    {
        var net = new NetFixture(features: offered);
        net.Start();
        Assert.Equal(expected, net.Client.Information!.TransmitOffload);
    }

    [Fact]
    public void AChecksumIsLeftToTheDevice()
    {
        var net = new NetFixture(features: Offloads);
        net.Start();
        Send(net, 100, new FrameOffload(FrameOffloadFlags.NeedsChecksum, 34, 16));
        Assert.True(net.Device.TryTransmit(out byte[] header, out byte[] _));
        Assert.Equal([1, 0, 0, 0, 0, 0, 34, 0, 16, 0, 0, 0], header);
        net.Run();
        net.AssertNothingLeaked();
    }

    [Fact]
    public void ALargeSegmentGoesOutInPiecesWithTheSizeToCutItInto()
    {
        var net = new NetFixture(features: Offloads);
        net.Start();
        var sent = Send(net, 9_000, new FrameOffload(All & ~FrameOffloadFlags.SegmentsIpv6, 34, 16, 32, 1448));
        Assert.True(net.Device.TryTransmit(out byte[] header, out byte[] frame));
        Assert.Equal(sent, frame);
        Assert.Equal((1, 1), (header[0], header[1]));
        Assert.Equal(34 + 32, BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(2)));
        Assert.Equal(1448, BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(4)));
        Send(net, 9_000, new FrameOffload(All & ~FrameOffloadFlags.SegmentsIpv4, 54, 16, 32, 1428));
        Assert.True(net.Device.TryTransmit(out header, out frame));
        Assert.Equal(4, header[1]);
        net.Driver.Service();
        Assert.Equal(2, net.Driver.ReadStatistics().TransmittedSegmented);
        net.AssertNothingLeaked();
    }

    [Fact]
    public void LargeSegmentsWaitForTheRingAndGoInOrder()
    {
        var net = new NetFixture(features: Offloads, ring: 8);
        net.Start();
        // Five descriptors each, of eight.
        for (var index = 0; index < 6; index++)
        {
            Send(net, 9_000 + index, new FrameOffload(All & ~FrameOffloadFlags.SegmentsIpv6, 34, 16, 32, 1448));
        }

        for (var index = 0; index < 6; index++)
        {
            Assert.True(net.Device.TryTransmit(out byte[] _, out byte[] frame), $"{index} never came.");
            Assert.Equal(9_000 + index, frame.Length);
            net.Run();
        }

        net.AssertNothingLeaked();
    }

    [Theory]
    [InlineData(NetFixture.AllFeatures, 100, FrameOffloadFlags.NeedsChecksum, 34, 0)]
    [InlineData(NetFixture.AllFeatures | 1UL, 9_000, FrameOffloadFlags.NeedsChecksum | FrameOffloadFlags.SegmentsIpv4, 34, 1448)]
    [InlineData(Offloads, 9_000, FrameOffloadFlags.None, 0, 0)]
    [InlineData(Offloads, 9_000, FrameOffloadFlags.SegmentsIpv4, 34, 1448)]
    [InlineData(Offloads, 9_000, FrameOffloadFlags.NeedsChecksum | FrameOffloadFlags.SegmentsIpv4, 34, 0)]
    [InlineData(Offloads, 9_000, FrameOffloadFlags.NeedsChecksum | FrameOffloadFlags.SegmentsIpv4, 34, 1500)]
    [InlineData(Offloads, 100, FrameOffloadFlags.NeedsChecksum, 90, 0)]
    public void WhatTheDeviceCannotDoIsDroppedAndCounted(ulong features, int length, FrameOffloadFlags flags, ushort start, ushort segmentSize)
    {
        var net = new NetFixture(features: features);
        net.Start();
        Send(net, length, new FrameOffload(flags, start, 16, 32, segmentSize));
        Assert.False(net.Device.TryTransmit(out byte[] _, out byte[] _));
        Assert.Equal(1, net.Driver.ReadStatistics().TransmitDroppedInvalid);
        net.AssertNothingLeaked();
    }

    [Fact]
    public void APacketInSeveralBuffersIsOneFrame()
    {
        var net = new NetFixture(features: Offloads);
        net.Start();
        for (var round = 0; round < 30; round++)
        {
            var packet = NetFixture.Frame(round, 9_000 + round);
            Assert.True(net.Device.TryReceiveLarge(Header(1, 1, 34, 16), packet));
            Assert.True(net.Run());
            Assert.Equal(packet, net.Client.Frames[^1]);
            Assert.Equal(FrameOffloadFlags.ChecksumVerified, net.Client.Offloads[^1]);
        }

        Assert.Equal(30, net.Driver.ReadStatistics().ReceivedMerged);
        net.AssertNothingLeaked();
    }

    [Theory]
    [InlineData(Offloads, 1, FrameOffloadFlags.ChecksumVerified)]
    [InlineData(Offloads, 2, FrameOffloadFlags.ChecksumVerified)]
    [InlineData(Offloads, 0, FrameOffloadFlags.None)]
    // Without the feature nobody vouches for anything.
    [InlineData(NetFixture.AllFeatures, 2, FrameOffloadFlags.None)]
    public void ThePacketSaysWhoSummedIt(ulong features, byte flags, FrameOffloadFlags expected)
    {
        var net = new NetFixture(features: features);
        net.Start();
        Assert.True(net.Device.TryReceiveLarge(Header(flags, 0, 34, 16), NetFixture.Frame(1, 100)));
        net.Run();
        Assert.Equal(expected, Assert.Single(net.Client.Offloads));
    }

    [Theory]
    // A checksum behind the end; one that was not agreed upon; a kind of segmentation that was not; and large without anybody who vouches.
    [InlineData(Offloads, 1, 0, 99, 100)]
    [InlineData(NetFixture.AllFeatures, 1, 0, 34, 100)]
    [InlineData(NetFixture.AllFeatures | 2, 1, 1, 34, 100)]
    [InlineData(Offloads, 1, 3, 34, 100)]
    [InlineData(Offloads, 0, 1, 34, 9_000)]
    [InlineData(Offloads, 1, 1, 34, 70_000)]
    public void WhatWasNotAgreedUponIsDroppedAndCounted(ulong features, byte flags, byte segmentation, byte start, int length)
    {
        var net = new NetFixture(features: features, ring: 64, frames: 128);
        net.Start();
        Assert.True(net.Device.TryReceiveLarge(Header(flags, segmentation, start, 16), NetFixture.Frame(1, length)));
        net.Run();
        Assert.Empty(net.Client.Frames);
        Assert.Equal(1, net.Driver.ReadStatistics().ReceiveDroppedMalformed);
        Assert.True(net.Device.TryReceive(NetFixture.Frame(2)));
        net.Run();
        Assert.Equal(NetFixture.Frame(2), Assert.Single(net.Client.Frames));
        net.AssertNothingLeaked();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(17)]
    [InlineData(65_535)]
    public void ALieAboutTheNumberOfBuffersIsDetectedAndAResetRepairsIt(int claimed)
    {
        var net = new NetFixture(features: Offloads);
        net.Start();
        Assert.True(net.Device.TryReceiveLarge(Header(1, 1, 34, 16), NetFixture.Frame(1, 3_000), claimed));
        Assert.Throws<DeviceViolationException>(() => net.Driver.Service());
        net.Start();
        Assert.True(net.Device.TryReceive(NetFixture.Frame(7)));
        net.Run();
        Assert.Equal(NetFixture.Frame(7), Assert.Single(net.Client.Frames));
        net.AssertNothingLeaked();
    }

    // VIRTIO 1.2, 5.1.6.4.1: num_buffers counts the one that it stands in.
    [Fact]
    public void APacketInNoBufferIsALie()
    {
        var net = new NetFixture(features: Offloads);
        net.Start();
        Assert.True(net.Device.TryReceiveLarge(new byte[12], NetFixture.Frame(1), claimed: 0));
        Assert.Throws<DeviceViolationException>(() => net.Driver.Service());
        Assert.Empty(net.Client.Frames);
        net.AssertNothingLeaked();
    }

    [Theory]
    // Of no chain; the first buffer once more; and one that is there, with more octets than it has.
    [InlineData(999, 12)]
    [InlineData(0, 12)]
    [InlineData(1, 100_000)]
    public void ALieAboutALaterBufferLosesNoneOfThoseBefore(int later, int written)
    {
        var net = new NetFixture(features: Offloads);
        net.Start();
        var queue = net.Device.Queues[0];
        List<int> heads = [];
        for (var index = 0; index < 2; index++)
        {
            Assert.True(queue.TryPop(out var head, out var pieces));
            var piece = Assert.Single(pieces);
            byte[] header = [.. Header(1, 1, 34, 16)[..10], 2, 0];
            header.CopyTo(net.Memory.At(piece.Address, piece.Length));
            heads.Add(head);
        }

        queue.Push((uint)heads[0], 1_000);
        queue.Push((uint)(later < heads.Count ? heads[later] : later), (uint)written);
        Assert.Throws<DeviceViolationException>(() => net.Driver.Service());
        net.AssertNothingLeaked();
    }

    [Fact]
    public void LargePacketsThatTheClientHasNoRoomForStayWithTheDeviceUntilItHas()
    {
        var net = new NetFixture(features: Offloads, ring: 16, frames: 32);
        net.Client.Holds = true;
        net.Start();
        var accepted = 0;
        while (accepted < 50 && net.Device.TryReceiveLarge(Header(1, 1, 34, 16), NetFixture.Frame(accepted, 3_000)))
        {
            accepted++;
            net.Run();
        }

        Assert.InRange(accepted, 10, 20);
        net.Client.Clear();
        net.Client.Holds = false;
        net.Driver.Service();
        Assert.Equal(accepted, net.Driver.ReadStatistics().ReceivedFrames);
        Assert.True(net.Device.TryReceiveLarge(Header(1, 1, 34, 16), NetFixture.Frame(accepted, 3_000)));
        net.Run();
        Assert.Equal(accepted + 1, net.Driver.ReadStatistics().ReceivedFrames);
        net.AssertNothingLeaked();
    }

    [Fact]
    public void WithoutOffloadsNothingIsAgreedUpon()
    {
        var net = new NetFixture(features: Offloads, offloads: false);
        net.Start();
        Assert.Equal(FrameOffloadFlags.None, net.Client.Information!.TransmitOffload);
        Assert.Equal(0ul, net.Device.DriverFeatures & ~NetFixture.AllFeatures & 0xFFFF_FFFF);
    }

    private static byte[] Header(byte flags, byte segmentation, byte start, byte offset) => [flags, segmentation, 66, 0, 0xA8, 5, start, 0, offset, 0, 0, 0];

    private static byte[] Send(NetFixture net, int length, FrameOffload offload)
    {
        var bytes = NetFixture.Frame(length, length);
        Assert.True(net.Driver.Batches.TryRent(out var batch));
        Assert.True(net.Driver.TransmitFrames.TryRent(out var frame));
        var first = Math.Min(length, frame.Tailroom);
        frame.Append(bytes.AsSpan(0, first));
        for (var done = first; done < length;)
        {
            Assert.True(net.Driver.TransmitFrames.TryRent(out var piece));
            piece.Reset(headroom: 0);
            var count = Math.Min(piece.Tailroom, length - done);
            piece.Append(bytes.AsSpan(done, count));
            frame.Attach(piece);
            done += count;
        }

        frame.SetOffload(offload);
        Assert.True(batch.TryAdd(frame));
        net.Driver.Transmit(batch);
        return bytes;
    }
}
