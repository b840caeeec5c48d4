using Troupe.Drivers.Contracts;
using Troupe.Drivers.Tests.Xen;

namespace Troupe.Drivers.Tests;

/// <summary>Operations of a batch that go on where the one before ends are one request at the device, and answered one by one.</summary>
public sealed class JoinedRequestTests
{
    private const int Sector = BlockDeviceInformation.SectorSize;
    private const uint Read = 0, Write = 1, Flush = 4, Discard = 11;

    [Fact]
    public void WritesAndReadsThatFollowEachOtherAreOneRequestEach() => BlkFixture.Run(async (test, blk) =>
    {
        var batch = new BlockBatch(5);
        // Of different lengths, so that a piece in a wrong place shows.
        Assert.True(batch.TryAddWrite(10, 2, blk.Buffer(1)));
        Assert.True(batch.TryAddWrite(12, 1, blk.Buffer(2)));
        Assert.True(batch.TryAddWrite(13, 3, blk.Buffer(3)));
        Assert.True(batch.TryAddRead(20, 1, blk.Buffer(0xEE)));
        Assert.True(batch.TryAddRead(21, 2, blk.Buffer(0xEE)));
        blk.Disk.Bytes.AsSpan(20 * Sector, Sector).Fill(4);
        blk.Disk.Bytes.AsSpan(21 * Sector, 2 * Sector).Fill(5);
        var answer = blk.SubmitAsync(batch);
        await test.WhenIdle();
        var requests = blk.Disk.TakeAll();
        Assert.Equal([(Write, 10L, 3), (Read, 20L, 2)], requests.Select(static request => (request.Type, request.Sector, request.Data.Count)));
        requests.ForEach(request => blk.Disk.Perform(request));
        using var done = await answer;
        Assert.Equal(Enumerable.Repeat(BlockStatus.Done, 5), Enumerable.Range(0, 5).Select(index => done[index].Status));
        Assert.Equal([1, 1, 2, 3, 3, 3, 0], Enumerable.Range(10, 7).Select(sector => (int)blk.Disk.Bytes[sector * Sector]));
        Assert.Equal((4, 0xEE), (done.PeekBuffer(3).Data[0], done.PeekBuffer(3).Data[Sector]));
        Assert.Equal((5, 5, 0xEE), (done.PeekBuffer(4).Data[0], done.PeekBuffer(4).Data[Sector], done.PeekBuffer(4).Data[2 * Sector]));
        var statistics = await blk.StatisticsAsync();
        Assert.Equal((3, 6 * Sector, 2, 3 * Sector), (statistics.Writes, statistics.WrittenBytes, statistics.Reads, statistics.ReadBytes));
    });

    public static TheoryData<string, (uint Kind, long Sector)[], (uint Type, int Pieces)[]> Apart => new()
    {
        { "a sector between them", [(Write, 0), (Write, 2)], [(Write, 1), (Write, 1)] },
        { "the same sector", [(Write, 0), (Write, 0)], [(Write, 1), (Write, 1)] },
        { "backwards", [(Read, 1), (Read, 0)], [(Read, 1), (Read, 1)] },
        { "another direction", [(Write, 0), (Read, 1)], [(Write, 1), (Read, 1)] },
        { "discards, which a device need not take several of", [(Discard, 0), (Discard, 1)], [(Discard, 1), (Discard, 1)] },
        { "a discard behind a write", [(Write, 0), (Discard, 1)], [(Write, 1), (Discard, 1)] },
        { "only those behind each other are joined", [(Write, 0), (Write, 1), (Read, 2), (Read, 3)], [(Write, 2), (Read, 2)] },
    };

    [Theory]
    [MemberData(nameof(Apart))]
    public void OthersAreRequestsOfTheirOwn(string what, (uint Kind, long Sector)[] operations, (uint Type, int Pieces)[] requests)
    {
        Assert.NotEmpty(what);
        BlkFixture.Run(async (test, blk) =>
        {
            var batch = new BlockBatch(operations.Length);
            foreach (var (kind, sector) in operations)
            {
                Assert.True(kind switch
                {
                    Write => batch.TryAddWrite(sector, 1, blk.Buffer()),
                    Read => batch.TryAddRead(sector, 1, blk.Buffer()),
                    _ => batch.TryAddDiscard(sector, 1),
                });
            }

            var answer = blk.SubmitAsync(batch);
            await test.WhenIdle();
            var taken = blk.Disk.TakeAll();
            Assert.Equal(requests, taken.Select(static request => (request.Type, request.Data.Count)));
            taken.ForEach(request => blk.Disk.Perform(request));
            using var done = await answer;
            Assert.Equal(BlockStatus.Done, done.Status);
        });
    }

    [Fact]
    public void TwoBatchesAreNeverOneRequest() => BlkFixture.Run(async (test, blk) =>
    {
        var answers = new[] { blk.SubmitAsync(blk.Write(0, 1)), blk.SubmitAsync(blk.Write(1, 2)) };
        await test.WhenIdle();
        Assert.Equal(2, blk.Disk.PerformAll());
        foreach (var answer in answers)
        {
            using var done = await answer;
            Assert.Equal(BlockStatus.Done, done.Status);
        }
    });

    /// <summary>The ring has 16 descriptors, of which header and status take two.</summary>
    [Theory]
    [InlineData(null, 14, 6)]
    [InlineData(5u, 4, 4, 4, 4, 4)]
    public void ARequestHasNoMoreSegmentsThanTheDeviceTakes(uint? limit, params int[] pieces) => BlkFixture.Run(
        async (test, blk) =>
        {
            const int Operations = 10;
            var batch = new BlockBatch(Operations);
            for (var index = 0; index < Operations; index++)
            {
                // Segments of a sector: two for each operation.
                Assert.True(batch.TryAddWrite(index * 2, 2, blk.Buffer((byte)(index + 1))));
            }

            var answer = blk.SubmitAsync(batch);
            var seen = new List<int>();
            for (; !answer.IsCompleted && seen.Count < 20; await test.WhenIdle())
            {
                foreach (var request in blk.Disk.TakeAll())
                {
                    seen.Add(request.Data.Count);
                    blk.Disk.Perform(request);
                }
            }

            using (var done = await answer)
            {
                Assert.Equal(BlockStatus.Done, done.Status);
            }

            Assert.Equal(pieces, seen);
            Assert.Equal(Enumerable.Range(0, Operations * 2).Select(static sector => (sector / 2) + 1), Enumerable.Range(0, Operations * 2).Select(sector => (int)blk.Disk.Bytes[sector * Sector]));
            await blk.AssertNothingLeakedAsync();
        },
        FakeDisk.Usual | FakeDisk.SizeMax | (limit is null ? 0 : FakeDisk.SegMax),
        configure: disk =>
        {
            disk.Configure(8, Sector);
            disk.Configure(12, limit ?? 0);
        });

    [Fact]
    public void OneThatCannotBeDoneIsRefusedAndPartsItsNeighbours() => BlkFixture.Run(async (test, blk) =>
    {
        var other = BlockBufferPool.Create(1, 8192, new byte[8192]);
        Assert.True(other.TryRent(out var foreign));
        var batch = new BlockBatch(3);
        Assert.True(batch.TryAddWrite(0, 1, blk.Buffer(1)));
        Assert.True(batch.TryAddWrite(1, 1, foreign));
        Assert.True(batch.TryAddWrite(2, 1, blk.Buffer(3)));
        var answer = blk.SubmitAsync(batch);
        await test.WhenIdle();
        Assert.Equal(2, blk.Disk.PerformAll());
        using var done = await answer;
        Assert.Equal((BlockStatus.Done, BlockStatus.Invalid, BlockStatus.Done), (done[0].Status, done[1].Status, done[2].Status));
        Assert.Equal((1, 0, 3), (blk.Disk.Bytes[0], blk.Disk.Bytes[Sector], blk.Disk.Bytes[2 * Sector]));
    });

    [Fact]
    public void AllOfARequestThatFailsHaveFailedAndNothingIsFlushed() => BlkFixture.Run(async (test, blk) =>
    {
        var batch = new BlockBatch(3);
        Assert.True(batch.TryAddWrite(0, 1, blk.Buffer(1)));
        Assert.True(batch.TryAddWrite(1, 1, blk.Buffer(2)));
        Assert.True(batch.TryAddWrite(9, 1, blk.Buffer(3)));
        batch.AddFlush();
        var answer = blk.SubmitAsync(batch);
        await test.WhenIdle();
        var requests = blk.Disk.TakeAll();
        blk.Disk.Perform(requests[0], FakeDisk.IoError);
        blk.Disk.Perform(requests[1]);
        using var done = await answer;
        Assert.Equal((BlockStatus.DeviceFailed, BlockStatus.DeviceFailed, BlockStatus.Done), (done[0].Status, done[1].Status, done[2].Status));
        Assert.Equal(BlockStatus.DeviceFailed, done.FlushStatus);
        Assert.Empty(blk.Disk.TakeAll());
        var statistics = await blk.StatisticsAsync();
        Assert.Equal((1, 2), (statistics.Writes, statistics.Failed));
    });

    [Fact]
    public void AReadOfSeveralThatIsTooShortIsALie() => BlkFixture.Run(async (test, blk) =>
    {
        await blk.InformationAsync();
        var batch = new BlockBatch(2);
        Assert.True(batch.TryAddRead(0, 1, blk.Buffer()));
        Assert.True(batch.TryAddRead(1, 1, blk.Buffer()));
        var answer = blk.SubmitAsync(batch);
        await test.WhenIdle();
        // As much as one of them alone.
        blk.Disk.Perform(Assert.Single(blk.Disk.TakeAll()), written: Sector + 1);
        using var done = await answer;
        Assert.Equal((BlockStatus.DeviceReset, BlockStatus.DeviceReset), (done[0].Status, done[1].Status));
        Assert.Equal(1, (await blk.StatisticsAsync()).DeviceViolations);
    });

    [Fact]
    public void ABatchAtTheDeviceThatIsResetIsAnsweredOnce() => BlkFixture.Run(async (test, blk) =>
    {
        var batch = new BlockBatch(3);
        Assert.True(batch.TryAddWrite(0, 1, blk.Buffer()));
        Assert.True(batch.TryAddWrite(1, 1, blk.Buffer()));
        Assert.True(batch.TryAddRead(9, 1, blk.Buffer()));
        var answer = blk.SubmitAsync(batch);
        await test.WhenIdle();
        Assert.Equal(2, blk.Disk.TakeAll().Count);
        await blk.Driver.StopAsync(drain: false);
        using (var done = await answer)
        {
            Assert.Equal(Enumerable.Repeat(BlockStatus.DeviceReset, 3), Enumerable.Range(0, 3).Select(index => done[index].Status));
        }

        Assert.Equal(0, blk.Buffers.RentedCount);
    });

    /// <summary>A segment is a page or the last part of an operation's; 11 are in the ring, more in a page of their own, if the other half takes such.</summary>
    [Theory]
    [InlineData(0, 9, 1, 1)]
    [InlineData(256, 9, 1, 1, 1)]
    public void AXenDisksRequestsHaveAsManySegmentsAsTheOtherHalfTakes(int indirect, params int[] sectors) => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            var batch = new BlockBatch(sectors.Length * 4);
            long sector = 0;
            for (var index = 0; index < sectors.Length * 4; index++)
            {
                var count = sectors[index % sectors.Length];
                Assert.True(batch.TryAddWrite(sector, count, disk.Buffer((byte)(index + 1))));
                sector += count;
            }

            var answer = disk.SubmitAsync(batch);
            await test.WhenIdle();
            var requests = disk.Backend.TakeAll();
            // Four times (2 + 1 + 1) segments: 11 and 5 of them; or four times (2 + 1 + 1 + 1), at once.
            Assert.Equal(
                indirect == 0 ? [(11, false), (5, false)] : [(20, true)],
                requests.Select(static request => (request.Segments.Count, request.IsIndirect)));
            requests.ForEach(request => disk.Backend.Perform(request));
            using var done = await answer;
            Assert.Equal(BlockStatus.Done, done.Status);
            long at = 0;
            for (var index = 0; index < done.Count; index++)
            {
                var length = done[index].SectorCount * Sector;
                Assert.True(disk.Backend.Bytes.AsSpan((int)at, length).IndexOfAnyExcept((byte)(index + 1)) < 0, $"operation {index}");
                at += length;
            }
        },
        backend =>
        {
            if (indirect == 0)
            {
                backend.Properties.Remove("feature-max-indirect-segments");
            }
        });
}
