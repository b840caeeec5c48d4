using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Xen;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>The guest's half of a Xen disk against another half that does what it should.</summary>
public sealed class BlkFrontTests
{
    // 11 segments of a page are in the ring itself, 12 and more in a page of their own.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(8, 1)]
    [InlineData(9, 2)]
    [InlineData(88, 11)]
    [InlineData(89, 12)]
    [InlineData(128, 16)]
    public void WhatIsWrittenIsReadBack(int sectors, int segments) => BlkFrontFixture.Run(async (test, disk) =>
    {
        var writing = disk.SubmitAsync(disk.Write(3, 7, sectors));
        await test.WhenIdle();
        var request = Assert.Single(disk.Backend.TakeAll());
        Assert.Equal((FakeBlockBackend.Write, 3L, (long)sectors, segments, segments > 11), (request.Operation, request.FirstSector, request.Count, request.Segments.Count, request.IsIndirect));
        disk.Backend.Perform(request);
        using (var written = await writing)
        {
            Assert.Equal(BlockStatus.Done, written.Status);
        }

        var bytes = sectors * 512;
        Assert.True(disk.Backend.Bytes.AsSpan(3 * 512, bytes).IndexOfAnyExcept((byte)7) < 0);
        Assert.Equal((0, 0), (disk.Backend.Bytes[(3 * 512) - 1], disk.Backend.Bytes[(3 * 512) + bytes]));
        disk.Backend.PerformAtOnce();
        using (var read = await disk.SubmitAsync(disk.Read(3, sectors)))
        {
            Assert.Equal(BlockStatus.Done, read.Status);
            Assert.True(read.PeekBuffer(0).Data[..bytes].IndexOfAnyExcept((byte)7) < 0);
            Assert.True(read.PeekBuffer(0).Data[bytes..].IndexOfAnyExcept((byte)0xEE) < 0);
        }

        var statistics = await disk.StatisticsAsync();
        Assert.Equal((1, 1, bytes, bytes, 0), (statistics.Reads, statistics.Writes, statistics.ReadBytes, statistics.WrittenBytes, statistics.DeviceViolations));
        await disk.AssertNothingLeakedAsync();
    });

    [Fact]
    public void ARingIsUsedRoundAndRound() => BlkFrontFixture.Run(async (_, disk) =>
    {
        disk.Backend.PerformAtOnce();
        for (var round = 0; round < 100; round++)
        {
            using var written = await disk.SubmitAsync(disk.Write(round, (byte)round, flush: true));
            Assert.Equal((BlockStatus.Done, (byte)round), (written.Status, disk.Backend.Bytes[round * 512]));
        }

        Assert.Equal((100, 100), ((await disk.StatisticsAsync()).Writes, (await disk.StatisticsAsync()).Flushes));
    });

    [Fact]
    public void TheDiskIsDescribedAsItsOtherHalfSays() => BlkFrontFixture.Run(async (_, disk) =>
    {
        var information = await disk.InformationAsync();
        Assert.Equal((256, 512, 4096, 64 * 1024), (information.SectorCount, information.BlockSize, information.PhysicalBlockSize, information.MaximumTransfer));
        Assert.Equal((int.MaxValue, false, true, 1), (information.MaximumDiscardSectors, information.IsReadOnly, information.HasVolatileCache, information.Incarnation));
    });

    [Fact]
    public void ADiskWithoutFeaturesIsUsedWithoutThem() => BlkFrontFixture.Run(
        async (_, disk) =>
        {
            var information = await disk.InformationAsync();
            Assert.Equal((11 * 4096, 0, true, false, 512), (information.MaximumTransfer, information.MaximumDiscardSectors, information.IsReadOnly, information.HasVolatileCache, information.PhysicalBlockSize));
            using (var tooLong = await disk.SubmitAsync(disk.Read(0, 89)))
            {
                Assert.Equal(BlockStatus.Invalid, tooLong.Status);
            }

            using (var write = await disk.SubmitAsync(disk.Write(0, 1)))
            {
                Assert.Equal(BlockStatus.ReadOnly, write.Status);
            }

            var flush = new BlockBatch();
            flush.AddFlush();
            using var done = await disk.SubmitAsync(flush);
            Assert.Equal(BlockStatus.Done, done.Status);
            Assert.Empty(disk.Backend.TakeAll());
        },
        static backend =>
        {
            backend.Properties.Clear();
            (backend.Properties["sectors"], backend.Properties["sector-size"], backend.Properties["info"]) = ("256", "512", "4");
        });

    [Fact]
    public void ADiskThatGrowsIsDescribedAnew() => BlkFrontFixture.Run(async (test, disk) =>
    {
        disk.Backend.Grow(1000);
        await test.WhenIdle();
        Assert.Equal((1000, 1), ((await disk.InformationAsync()).SectorCount, disk.Backend.Connections));
    });

    [Fact]
    public void ABatchesFlushBeginsWhenItsLastOperationIsOver() => BlkFrontFixture.Run(async (test, disk) =>
    {
        var batch = new BlockBatch(3);
        for (var sector = 0; sector < 3; sector++)
        {
            Assert.True(batch.TryAddWrite(sector, 1, disk.Buffer((byte)sector)));
        }

        batch.AddFlush();
        var answer = disk.SubmitAsync(batch);
        await test.WhenIdle();
        foreach (var write in disk.Backend.TakeAll())
        {
            Assert.Equal(FakeBlockBackend.Write, write.Operation);
            Assert.Empty(disk.Backend.TakeAll());
            disk.Backend.Perform(write);
            await test.WhenIdle();
        }

        var flush = Assert.Single(disk.Backend.TakeAll());
        Assert.Equal((FakeBlockBackend.Flush, false), (flush.Operation, answer.IsCompleted));
        disk.Backend.Perform(flush);
        using var done = await answer;
        Assert.Equal(BlockStatus.Done, done.Status);
    });

    [Theory]
    [InlineData(FakeBlockBackend.Error, BlockStatus.DeviceFailed)]
    [InlineData(FakeBlockBackend.NotSupported, BlockStatus.Unsupported)]
    public void AFlushThatIsNotDoneFailsItsBatch(short status, BlockStatus expected) => BlkFrontFixture.Run(async (test, disk) =>
    {
        var answer = disk.SubmitAsync(disk.Write(0, 1, flush: true));
        await test.WhenIdle();
        disk.Backend.PerformAll();
        await test.WhenIdle();
        disk.Backend.Perform(Assert.Single(disk.Backend.TakeAll()), status);
        using var failed = await answer;
        Assert.Equal((BlockStatus.Done, expected, expected), (failed[0].Status, failed.FlushStatus, failed.Status));
    });

    [Fact]
    public void AFailedWriteIsNotFlushed() => BlkFrontFixture.Run(async (test, disk) =>
    {
        var answer = disk.SubmitAsync(disk.Write(0, 1, flush: true));
        await test.WhenIdle();
        disk.Backend.Perform(Assert.Single(disk.Backend.TakeAll()), FakeBlockBackend.Error);
        using var failed = await answer;
        Assert.Equal((BlockStatus.DeviceFailed, BlockStatus.DeviceFailed), (failed[0].Status, failed.FlushStatus));
        Assert.Empty(disk.Backend.TakeAll());
    });

    [Fact]
    public void ADiscardSaysItsRange() => BlkFrontFixture.Run(async (_, disk) =>
    {
        disk.Backend.PerformAtOnce();
        var batch = new BlockBatch();
        Assert.True(batch.TryAddDiscard(3, 2));
        using var done = await disk.SubmitAsync(batch);
        Assert.Equal(BlockStatus.Done, done.Status);
        Assert.Equal((3 * 512, 5 * 512), (Array.IndexOf(disk.Backend.Bytes, (byte)0xDD), Array.LastIndexOf(disk.Backend.Bytes, (byte)0xDD) + 1));
    });

    [Fact]
    public void WhatTheRingHasNoRoomForWaitsAndOneBatchTooManyIsBusy() => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            var answers = Enumerable.Range(0, 39).Select(sector => disk.SubmitAsync(disk.Write(sector, (byte)(sector + 1)))).ToArray();
            await test.WhenIdle();
            using (var refused = Assert.Single(answers, static answer => answer.IsCompleted).Result)
            {
                Assert.Equal(BlockStatus.Busy, refused.Status);
            }

            Assert.Equal(32, disk.Backend.PerformAll());
            await test.WhenIdle();
            Assert.Equal(6, disk.Backend.PerformAll());
            foreach (var answer in answers)
            {
                using var batch = await answer;
                Assert.True(batch.Status is BlockStatus.Done or BlockStatus.Busy);
            }

            Assert.Equal(38, Enumerable.Range(0, 39).Count(sector => disk.Backend.Bytes[sector * 512] != 0));
            await disk.AssertNothingLeakedAsync();
        },
        maximumBatches: 38);

    [Fact]
    public void WhoAsksBeforeTheHalvesAreConnectedIsAnsweredThen() => TestSystem.Run(async test =>
    {
        FakeStore store = new();
        FakeFrontend frontend = new("vbd 51712");
        FakeBlockBackend backend = new(frontend, store);
        backend.SetState("1");
        BlkFrontOptions options = new() { BufferCount = 1 };
        BlkFrontDevice device = new(frontend, frontend.CreateArena(options.RequiredDmaMemory), 51712, options);
        var client = test.System.Spawn(new XenStoreClient(store), "xenstore");
        var driver = test.System.Spawn(() => new BlkFrontDriver(device, client, FakeBlockBackend.Front), new SpawnOptions { OnFailure = FailurePolicy.Restart });
        var answer = AskAsync();
        async Task<BlockDeviceInformation> AskAsync() => await driver.AskAsync<BlockDeviceInformation>(BlockDeviceMessage.GetInformation, TimeSpan.FromMinutes(1));
        await test.WhenIdle();
        Assert.False(answer.IsCompleted);
        backend.SetState("2");
        Assert.Equal(256, (await answer).SectorCount);
    });
}
