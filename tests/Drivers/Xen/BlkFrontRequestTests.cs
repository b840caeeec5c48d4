using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>What a Xen disk's requests look like to its other half, and what the driver makes of its answers and numbers, at the limits.</summary>
public sealed class BlkFrontRequestTests
{
    [Fact]
    public void ARequestHasAsManySegmentsAsAPageHoldsAndTheOtherHalfTakes() => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            // 40 buffers of 16 pages, one behind the other on the disk: one request, if it may have 640 segments.
            var batch = new BlockBatch(40);
            for (var index = 0; index < 40; index++)
            {
                Assert.True(batch.TryAddRead(128 * index, 128, disk.Buffer()));
            }

            var answer = disk.SubmitAsync(batch);
            await test.WhenIdle();
            var requests = disk.Backend.TakeAll();
            Assert.Equal([(0L, 512), (4096L, 128)], requests.Select(static request => (request.FirstSector, request.Segments.Count)));
            requests.ForEach(request => disk.Backend.Perform(request, FakeBlockBackend.Error));
            using var failed = await answer;
            Assert.Equal(BlockStatus.DeviceFailed, failed.Status);
        },
        static backend => (backend.Properties["sectors"], backend.Properties["feature-max-indirect-segments"]) = ("100000", "4096"));

    [Fact]
    public void WithoutPagesOfSegmentsARequestHasElevenAtMost() => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            var answer = disk.SubmitAsync(disk.Write(0, 5, sectors: 88));
            await test.WhenIdle();
            var request = Assert.Single(disk.Backend.TakeAll());
            Assert.Equal((11, false), (request.Segments.Count, request.IsIndirect));
            disk.Backend.Perform(request);
            using var done = await answer;
            Assert.Equal(BlockStatus.Done, done.Status);
        },
        static backend => backend.Properties.Remove("feature-max-indirect-segments"));

    [Fact]
    public void APageThatIsUsedInPartIsASegmentWhenOperationsAreJoined() => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            // Nine sectors are two pages: five of these are ten segments, and the sixth would be two more.
            var batch = new BlockBatch(8);
            for (var index = 0; index < 8; index++)
            {
                Assert.True(batch.TryAddWrite(9 * index, 9, disk.Buffer((byte)index)));
            }

            var answer = disk.SubmitAsync(batch);
            await test.WhenIdle();
            var requests = disk.Backend.TakeAll();
            Assert.Equal([(0L, 10), (45L, 6)], requests.Select(static request => (request.FirstSector, request.Segments.Count)));
            requests.ForEach(request => disk.Backend.Perform(request));
            using var done = await answer;
            Assert.Equal(BlockStatus.Done, done.Status);
            Assert.All(Enumerable.Range(0, 8), index => Assert.Equal((byte)index, disk.Backend.Bytes[((9 * index) + 8) * 512]));
        },
        static backend => backend.Properties.Remove("feature-max-indirect-segments"));

    [Fact]
    public void NoTwoRequestsHaveTheSameNumberInWhicheverQueueAndConnection() => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            HashSet<ulong> seen = [];
            for (var round = 0; round < 3; round++)
            {
                var answers = Enumerable.Range(0, 6).Select(sector => disk.SubmitAsync(disk.Write(3 * sector, 1))).ToArray();
                await test.WhenIdle();
                var requests = disk.Backend.TakeAll();
                Assert.Equal(6, requests.Count);
                Assert.All(requests, request => Assert.True(seen.Add(request.Id), $"{request.Id} once more"));
                if (round == 1)
                {
                    disk.Backend.SetState("5");
                }
                else
                {
                    requests.ForEach(request => disk.Backend.Perform(request));
                }

                foreach (var answer in answers)
                {
                    using var batch = await answer;
                    Assert.Equal(round == 1 ? BlockStatus.DeviceReset : BlockStatus.Done, batch.Status);
                }

                await test.AdvanceAsync(TimeSpan.FromSeconds(2));
            }

            Assert.Equal(2, disk.Backend.Connections);
        },
        queues: 2);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatEveryDiskCanDoIsNotUnsupportedWhateverItSays(bool isWrite) => BlkFrontFixture.Run(async (test, disk) =>
    {
        var answer = disk.SubmitAsync(isWrite ? disk.Write(0, 1) : disk.Read(0));
        await test.WhenIdle();
        disk.Backend.Perform(Assert.Single(disk.Backend.TakeAll()), FakeBlockBackend.NotSupported);
        using var failed = await answer;
        Assert.Equal(BlockStatus.DeviceFailed, failed.Status);
    });

    [Theory]
    [InlineData("9223372036854775807", "1000", "2", long.MaxValue / 512, 512, false)]
    [InlineData("8", "131072", "4", 8L, 512, true)]
    [InlineData("8", "65536", "6", 8L, 65536, true)]
    public void NumbersThatMakeNoSenseAreBroughtDownToWhatDoes(string sectors, string physical, string info, long count, int block, bool isReadOnly) => BlkFrontFixture.Run(
        async (_, disk) =>
        {
            var information = await disk.InformationAsync();
            Assert.Equal((count, block, isReadOnly), (information.SectorCount, information.PhysicalBlockSize, information.IsReadOnly));
        },
        backend => (backend.Properties["sectors"], backend.Properties["physical-sector-size"], backend.Properties["info"]) = (sectors, physical, info));

    [Fact]
    public void TheOtherHalfIsToldThatItMayKeepPagesMapped() => BlkFrontFixture.Run((_, disk) =>
    {
        Assert.Equal(("1", "4"), (disk.Node("feature-persistent"), disk.Node("state")));
        return Task.CompletedTask;
    });

    [Fact]
    public void TheOtherHalfIsInterruptedOnlyWhenItAskedForThat() => BlkFrontFixture.Run(async (test, disk) =>
    {
        var notifications = 0;
        disk.Backend.OnNotify = () => notifications++;
        var answers = new List<Task<BlockBatch>>();
        for (var sector = 0; sector < 3; sector++)
        {
            // It takes none meanwhile, so it has asked to hear of the first.
            answers.Add(disk.SubmitAsync(disk.Write(3 * sector, 1)));
            await test.WhenIdle();
        }

        Assert.Equal((1, 1L), (notifications, (await disk.StatisticsAsync()).Notifications));
        disk.Backend.PerformAll();
        foreach (var answer in answers)
        {
            using var batch = await answer;
            Assert.Equal(BlockStatus.Done, batch.Status);
        }
    });
}
