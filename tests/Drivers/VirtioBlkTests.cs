using Troupe.Actors.TestKit;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

public sealed class VirtioBlkTests
{
    [Theory]
    [InlineData("mmio", true)]
    [InlineData("mmio", false)]
    [InlineData("pci-msix", true)]
    [InlineData("pci-intx", true)]
    [InlineData("pci-intx", false)]
    public void WhatIsWrittenIsReadBack(string transport, bool eventIndex) => BlkFixture.Run(
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
                // The device wrote what was asked for and no more.
                Assert.True(read.PeekBuffer(0).Data[1024..].IndexOfAnyExcept((byte)0xEE) < 0);
            }

            var statistics = await blk.StatisticsAsync();
            Assert.Equal((100, 100, 100, 102_400, 102_400), (statistics.Reads, statistics.Writes, statistics.Flushes, statistics.ReadBytes, statistics.WrittenBytes));
            await blk.AssertNothingLeakedAsync();
        },
        eventIndex ? FakeDisk.Usual : FakeDisk.Usual & ~VirtioFeatures.EventIndex,
        transport);

    [Fact]
    public void TheDeviceIsDescribedAsItSays() => BlkFixture.Run(
        async (_, blk) =>
        {
            var information = await blk.InformationAsync();
            Assert.Equal((256, 1024, 4096, 8192), (information.SectorCount, information.BlockSize, information.PhysicalBlockSize, information.MaximumTransfer));
            Assert.Equal((64, false, true, 1), (information.MaximumDiscardSectors, information.IsReadOnly, information.HasVolatileCache, information.Incarnation));
        },
        FakeDisk.Usual | FakeDisk.Topology,
        blockSize: 1024,
        configure: static disk => disk.Device.Configuration[24] = 2);

    [Fact]
    public void ADeviceThatGrowsIsDescribedAnew() => BlkFixture.Run(async (_, blk) =>
    {
        await blk.InformationAsync();
        blk.Disk.Configure(4, 1);
        blk.Disk.Device.ChangeConfiguration();
        Assert.Equal((1L << 32) + 256, (await blk.InformationAsync()).SectorCount);
    });

    [Fact]
    public void BatchesAreAnsweredInTheOrderInWhichTheDeviceEndsThem() => BlkFixture.Run(async (test, blk) =>
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
    });

    [Fact]
    public void RequestsThatWaitTogetherAreShownToTheDeviceTogether() => BlkFixture.Run(async (_, blk) =>
    {
        blk.Disk.PerformAtOnce();
        await blk.InformationAsync();
        var answers = Enumerable.Range(0, 4).Select(sector => blk.SubmitAsync(blk.Write(sector, 1))).ToArray();
        foreach (var answer in answers)
        {
            using var batch = await answer;
            Assert.Equal(BlockStatus.Done, batch.Status);
        }

        Assert.Equal(1, (await blk.StatisticsAsync()).Notifications);
    });

    [Fact]
    public void ADeviceIsShownItsRequestsHoweverMuchElseTheDriverIsAsked() => BlkFixture.Run(async (_, blk) =>
    {
        await blk.InformationAsync();
        var answer = blk.SubmitAsync(blk.Write(0, 1));
        // All of them wait before the first is answered.
        var questions = Enumerable.Range(0, 40).Select(_ => blk.StatisticsAsync()).ToArray();
        var notifications = new List<long>();
        foreach (var question in questions)
        {
            notifications.Add((await question).Notifications);
        }

        Assert.Equal((0, 1), (notifications[0], notifications[^1]));
        Assert.Equal(1, blk.Disk.PerformAll());
        using var done = await answer;
        Assert.Equal(BlockStatus.Done, done.Status);
    });

    [Fact]
    public void ABatchesFlushBeginsWhenItsLastOperationIsOver() => BlkFixture.Run(async (test, blk) =>
    {
        var batch = new BlockBatch(3);
        for (var sector = 0; sector < 3; sector++)
        {
            Assert.True(batch.TryAddWrite(2 * sector, 1, blk.Buffer((byte)sector)));
        }

        batch.AddFlush();
        var answer = blk.SubmitAsync(batch);
        await test.WhenIdle();
        var writes = blk.Disk.TakeAll();
        Assert.Equal([1u, 1u, 1u], writes.Select(static write => write.Type));
        foreach (var write in writes)
        {
            Assert.Empty(blk.Disk.TakeAll());
            blk.Disk.Perform(write);
            await test.WhenIdle();
        }

        var flush = Assert.Single(blk.Disk.TakeAll());
        Assert.Equal(4u, flush.Type);
        Assert.False(answer.IsCompleted);
        blk.Disk.Perform(flush);
        using var done = await answer;
        Assert.Equal(BlockStatus.Done, done.Status);
    });

    [Fact]
    public void AFailedWriteIsNotFlushed() => BlkFixture.Run(async (test, blk) =>
    {
        var answer = blk.SubmitAsync(blk.Write(0, 1, flush: true));
        await test.WhenIdle();
        blk.Disk.Perform(Assert.Single(blk.Disk.TakeAll()), FakeDisk.IoError);
        using var failed = await answer;
        Assert.Equal((BlockStatus.DeviceFailed, BlockStatus.DeviceFailed), (failed[0].Status, failed.FlushStatus));
        Assert.Empty(blk.Disk.TakeAll());
    });

    [Fact]
    public void AFailedFlushFailsItsBatch() => BlkFixture.Run(async (test, blk) =>
    {
        var answer = blk.SubmitAsync(BlkFixture.Flush());
        await test.WhenIdle();
        blk.Disk.Perform(Assert.Single(blk.Disk.TakeAll()), FakeDisk.IoError);
        using var failed = await answer;
        Assert.Equal(BlockStatus.DeviceFailed, failed.Status);
    });

    [Fact]
    public void ADeviceWithoutCacheIsNotAskedToFlush() => BlkFixture.Run(
        async (_, blk) =>
        {
            using var done = await blk.SubmitAsync(BlkFixture.Flush());
            Assert.Equal(BlockStatus.Done, done.Status);
            Assert.False((await blk.InformationAsync()).HasVolatileCache);
            Assert.Empty(blk.Disk.TakeAll());
        },
        VirtioFeatures.EventIndex);

    [Fact]
    public void ADiscardSaysItsRange() => BlkFixture.Run(async (_, blk) =>
    {
        blk.Disk.PerformAtOnce();
        var batch = new BlockBatch();
        Assert.True(batch.TryAddDiscard(3, 2));
        using var done = await blk.SubmitAsync(batch);
        Assert.Equal(BlockStatus.Done, done.Status);
        Assert.Equal((3 * 512, 5 * 512), (Array.IndexOf(blk.Disk.Bytes, (byte)0xDD), Array.LastIndexOf(blk.Disk.Bytes, (byte)0xDD) + 1));
    });

    [Theory]
    [InlineData(BlockStatus.OutOfRange, 256, 2)]
    [InlineData(BlockStatus.OutOfRange, 254, 4)]
    [InlineData(BlockStatus.OutOfRange, long.MaxValue - 1, 2)]
    [InlineData(BlockStatus.Invalid, 1, 2)]
    [InlineData(BlockStatus.Invalid, 2, 1)]
    public void WhatIsNotOnTheDeviceIsRefused(BlockStatus refusal, long sector, int sectors) => BlkFixture.Run(
        async (_, blk) =>
        {
            using var read = await blk.SubmitAsync(blk.Read(sector, sectors));
            Assert.Equal(refusal, read.Status);
            Assert.Empty(blk.Disk.TakeAll());
        },
        blockSize: 1024);

    [Fact]
    public void AWriteToAReadOnlyDeviceIsRefused() => BlkFixture.Run(
        async (_, blk) =>
        {
            using var write = await blk.SubmitAsync(blk.Write(0, 1, flush: true));
            Assert.Equal((BlockStatus.ReadOnly, BlockStatus.ReadOnly), (write.Status, write.FlushStatus));
        },
        FakeDisk.Usual | FakeDisk.ReadOnly);

    [Fact]
    public void ABufferOfAnotherDeviceIsRefused() => BlkFixture.Run(async (_, blk) =>
    {
        Assert.True(BlockBufferPool.Create(1, 8192).TryRent(out var foreign));
        var batch = new BlockBatch();
        Assert.True(batch.TryAddRead(0, 1, foreign));
        using var read = await blk.SubmitAsync(batch);
        Assert.Equal(BlockStatus.Invalid, read.Status);
    });

    [Fact]
    public void ADiscardThatTheDeviceDoesNotTakeIsRefused() => BlkFixture.Run(
        async (_, blk) =>
        {
            var batch = new BlockBatch();
            Assert.True(batch.TryAddDiscard(0, 1));
            using var discard = await blk.SubmitAsync(batch);
            Assert.Equal(BlockStatus.Unsupported, discard.Status);
        },
        VirtioFeatures.EventIndex | FakeDisk.Flush);

    [Fact]
    public void ARequestHasNoMoreAndNoLargerSegmentsThanTheDeviceTakes() => BlkFixture.Run(
        async (test, blk) =>
        {
            Assert.Equal(3072, (await blk.InformationAsync()).MaximumTransfer);
            var answer = blk.SubmitAsync(blk.Read(0, 5));
            await test.WhenIdle();
            var request = Assert.Single(blk.Disk.TakeAll());
            Assert.Equal([1024, 1024, 512], request.Data.Select(static piece => piece.Length));
            blk.Disk.Perform(request);
            using var done = await answer;
            using var refused = await blk.SubmitAsync(blk.Read(0, 7));
            Assert.Equal((BlockStatus.Done, BlockStatus.Invalid), (done.Status, refused.Status));
        },
        FakeDisk.Usual | FakeDisk.SizeMax | FakeDisk.SegMax,
        configure: static disk =>
        {
            disk.Configure(8, 1024);
            disk.Configure(12, 3);
        });

    [Fact]
    public void WhatTheRingHasNoRoomForWaitsAndOneBatchTooManyIsBusy() => BlkFixture.Run(
        async (test, blk) =>
        {
            var answers = Enumerable.Range(0, 9).Select(sector => blk.SubmitAsync(blk.Write(sector, (byte)(sector + 1)))).ToArray();
            await test.WhenIdle();
            using (var refused = Assert.Single(answers, static answer => answer.IsCompleted).Result)
            {
                Assert.Equal(BlockStatus.Busy, refused.Status);
                Assert.True(refused.Status.IsRetryable());
            }

            // Four at the device, four behind them.
            Assert.Equal(4, blk.Disk.PerformAll());
            await test.WhenIdle();
            Assert.Equal(4, blk.Disk.PerformAll());
            foreach (var answer in answers)
            {
                using var batch = await answer;
                Assert.True(batch.Status is BlockStatus.Done or BlockStatus.Busy);
            }

            Assert.Equal(8, Enumerable.Range(0, 9).Count(sector => blk.Disk.Bytes[sector * 512] != 0));
            await blk.AssertNothingLeakedAsync();
        },
        maximumBatches: 8);

    [Fact]
    public void ABatchLargerThanTheRingIsDoneInParts() => BlkFixture.Run(async (_, blk) =>
    {
        blk.Disk.PerformAtOnce();
        var batch = new BlockBatch(12);
        for (var sector = 0; sector < 12; sector++)
        {
            Assert.True(batch.TryAddWrite(sector, 1, blk.Buffer((byte)(sector + 1))));
        }

        batch.AddFlush();
        using var done = await blk.SubmitAsync(batch);
        Assert.Equal(BlockStatus.Done, done.Status);
        Assert.Equal(Enumerable.Range(1, 12), Enumerable.Range(0, 12).Select(sector => (int)blk.Disk.Bytes[sector * 512]));
    });

    [Fact]
    public void ABatchComesBackForAnotherUse() => BlkFixture.Run(async (_, blk) =>
    {
        blk.Disk.PerformAtOnce();
        var batch = await blk.SubmitAsync(blk.Write(7, 9, flush: true));
        var buffer = batch.TakeBuffer(0);
        batch.Clear();
        buffer.Data.Clear();
        Assert.True(batch.TryAddRead(7, 1, buffer));
        using var read = await blk.SubmitAsync(batch);
        Assert.Equal((BlockStatus.Done, (byte)9, false), (read.Status, read.PeekBuffer(0).Data[0], read.FlushAtEnd));
    });

    [Fact]
    public void WhoGaveUpLeavesNoBufferBehind() => BlkFixture.Run(async (test, blk) =>
    {
        await Assert.ThrowsAsync<Actors.AskTimeoutException>(() => blk.SubmitAsync(blk.Read(0), TimeSpan.FromSeconds(1)));
        Assert.Equal(1, blk.Buffers.RentedCount);
        blk.Disk.PerformAll();
        await test.WhenIdle();
        Assert.Equal(0, blk.Buffers.RentedCount);
    });

    [Theory]
    [InlineData(0u)]
    [InlineData(256u)]
    [InlineData(1000u)]
    [InlineData(1u << 20)]
    public void ADeviceWithBlocksOfNoPossibleSizeIsRefused(uint blockSize) => TestSystem.Run(async test =>
    {
        var memory = new FakeMemory();
        _ = new BlkFixture(test, new FakeDisk(memory, blockSize: blockSize));
        var failure = await test.ExpectFailureAsync();
        Assert.Contains($"blocks of {blockSize} bytes", Assert.IsType<VirtioException>(failure.Exception).Message, StringComparison.Ordinal);
    });

    [Fact]
    public void ADeviceThatCannotTransferABlockIsRefused() => TestSystem.Run(async test =>
    {
        var memory = new FakeMemory();
        var disk = new FakeDisk(memory, FakeDisk.Usual | FakeDisk.SizeMax | FakeDisk.SegMax, blockSize: 4096);
        disk.Configure(8, 512);
        disk.Configure(12, 1);
        _ = new BlkFixture(test, disk);
        var failure = await test.ExpectFailureAsync();
        Assert.Contains("cannot transfer a block of 4096 bytes", failure.Exception.Message, StringComparison.Ordinal);
    });
}
