// VIRTIO 1.2, 2.8: the drivers on packed rings, against devices that offer them (VIRTIO_F_RING_PACKED).
using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;
using Troupe.Drivers.VirtioRng;

namespace Troupe.Drivers.Tests;

public sealed class PackedDriverTests
{
    // VIRTIO 1.2, 5.1.3: CSUM, GUEST_CSUM, GUEST_TSO4, GUEST_TSO6, HOST_TSO4, HOST_TSO6.
    private const ulong Net = NetFixture.AllFeatures | VirtioFeatures.RingPacked | (1UL << 0) | (1UL << 1) | (1UL << 7) | (1UL << 8) | (1UL << 11) | (1UL << 12);

    [Theory]
    [InlineData("mmio", true, 70_000)]
    [InlineData("mmio", false, 2_000)]
    [InlineData("pci-msix", true, 2_000)]
    [InlineData("pci-intx", true, 2_000)]
    public void FramesGoBothWaysUnchanged(string transport, bool eventIndex, int rounds)
    {
        var net = new NetFixture(transport, eventIndex ? Net : Net & ~VirtioFeatures.EventIndex);
        net.Start();
        Assert.True(net.Device.IsPacked);
        for (var round = 0; round < rounds; round++)
        {
            var sent = NetFixture.Frame(round & 15, 60 + (round & 63));
            Assert.True(net.Device.TryReceive(sent));
            Assert.True(net.Run());
            Assert.Equal(sent, Assert.Single(net.Client.Frames));
            net.Client.Frames.Clear();
            net.Send(sent);
            Assert.True(net.Device.TryTransmit(out var seen));
            Assert.Equal(sent, seen);
            net.Run();
        }

        net.AssertNothingLeaked();
    }

    [Fact]
    public void LargePacketsComeInInManyBuffersRoundAndRound()
    {
        var net = new NetFixture(features: Net);
        net.Start();
        byte[] header = [1, 1, 0, 0, 0, 0, 34, 0, 16, 0, 0, 0];
        for (var round = 0; round < 100; round++)
        {
            var sent = NetFixture.Frame(round, 2_000 + (137 * round));
            Assert.True(net.Device.TryReceiveLarge(header, sent));
            Assert.True(net.Run());
            Assert.Equal(sent, Assert.Single(net.Client.Frames));
            net.Client.Frames.Clear();
        }

        net.AssertNothingLeaked();
    }

    [Fact]
    public void FramesBeyondTheRingWaitAndGoInOrder()
    {
        var net = new NetFixture(features: Net, ring: 8);
        net.Start();
        for (var index = 0; index < 40; index++)
        {
            net.Send(NetFixture.Frame(index));
        }

        var seen = 0;
        do
        {
            while (net.Device.TryTransmit(out byte[] frame))
            {
                Assert.Equal(NetFixture.Frame(seen++), frame);
            }
        }
        while (net.Run());

        Assert.Equal(40, seen);
        net.AssertNothingLeaked();
    }

    [Theory]
    // An identifier that no buffer has, and more octets than one has room for.
    [InlineData(999, 12)]
    [InlineData(-1, 100_000)]
    public void ALyingDeviceIsFoundOutAndAResetRepairsIt(int identifier, int written)
    {
        var net = new NetFixture(features: Net);
        net.Start();
        Assert.True(net.Device.Queues[0].TryPop(out var head, out _));
        net.Device.Queues[0].Push(identifier < 0 ? (uint)head : (uint)identifier, (uint)written);
        Assert.Throws<DeviceViolationException>(() => net.Driver.Service());
        net.Start();
        Assert.True(net.Device.TryReceive(NetFixture.Frame(7)));
        net.Run();
        Assert.Equal(NetFixture.Frame(7), Assert.Single(net.Client.Frames));
        net.AssertNothingLeaked();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhatIsWrittenToADiskIsReadBack(bool eventIndex) => BlkFixture.Run(
        async (_, blk) =>
        {
            blk.Disk.PerformAtOnce();
            for (var round = 0; round < 100; round++)
            {
                using (var written = await blk.SubmitAsync(blk.Write(round * 2, (byte)round, sectors: 2, flush: true)))
                {
                    Assert.Equal(BlockStatus.Done, written.Status);
                }

                using var read = await blk.SubmitAsync(blk.Read(round * 2, sectors: 2));
                Assert.Equal(BlockStatus.Done, read.Status);
                Assert.True(read.PeekBuffer(0).Data[..1024].IndexOfAnyExcept((byte)round) < 0);
            }

            Assert.True(blk.Disk.Device.IsPacked);
            await blk.AssertNothingLeakedAsync();
        },
        VirtioFeatures.RingPacked | (eventIndex ? FakeDisk.Usual : FakeDisk.Usual & ~VirtioFeatures.EventIndex));

    [Fact]
    public void RequestsOfADiskEndInTheOrderInWhichTheDeviceEndsThem() => BlkFixture.Run(
        async (test, blk) =>
        {
            var first = blk.SubmitAsync(blk.Write(0, 1));
            var second = blk.SubmitAsync(blk.Write(1, 2));
            await test.WhenIdle();
            var requests = blk.Disk.TakeAll();
            blk.Disk.Perform(requests[1]);
            using var done = await second;
            Assert.False(first.IsCompleted);
            blk.Disk.Perform(requests[0]);
            using var other = await first;
            Assert.Equal((BlockStatus.Done, BlockStatus.Done), (done.Status, other.Status));
        },
        FakeDisk.Usual | VirtioFeatures.RingPacked);

    [Fact]
    public async Task EntropyIsDelivered()
    {
        var memory = new FakeMemory();
        var device = new FakeVirtioDevice(memory, VirtioDeviceType.Entropy, 1, 8, VirtioFeatures.EventIndex | VirtioFeatures.RingPacked);
        device.OnNotify = queue =>
        {
            Assert.True(device.Queues[queue].TryPop(out var head, out var pieces));
            memory.At(pieces[0].Address, pieces[0].Length).Fill(0x5A);
            device.Queues[queue].PushAndInterrupt((uint)head, (uint)pieces[0].Length);
        };
        await using var system = new ActorSystem();
        var transport = VirtioMmioTransport.Open(new FakeMmioDevice(device));
        var arena = new FakeArena(memory, VirtioRngDriver.RequiredDmaMemory);
        var driver = system.Spawn(() => new VirtioRngDriver(transport, arena), new SpawnOptions { Name = "entropy" });
        for (var round = 0; round < 20; round++)
        {
            var octets = await driver.AskAsync<ImmutableArray<byte>>(reply => EntropyMessage.Request(32, reply), TimeSpan.FromMinutes(1));
            Assert.Equal(Enumerable.Repeat((byte)0x5A, 32), octets);
        }

        Assert.True(device.IsPacked);
    }
}
