using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>Several queues of a Xen disk: what the two halves agree on, which queue takes which batch, and what becomes of all of them when the halves part.</summary>
public sealed class BlkFrontMultiqueueTests
{
    [Theory]
    [InlineData("4", 3, 3)]
    [InlineData("2", 4, 2)]
    public void AsManyQueuesAreUsedAsBothHalvesTakeEachWithNodesAndAChannelToAProcessorOfItsOwn(string offered, int wanted, int queues) => BlkFrontFixture.Run(
        async (_, disk) =>
        {
            Assert.Equal($"{queues}", disk.Node("multi-queue-num-queues"));
            Assert.Equal(queues, Enumerable.Range(0, queues).Select(queue => disk.Node($"queue-{queue}/ring-ref")).Distinct().Count(static grant => grant is not null));
            Assert.Equal(Enumerable.Range(7, queues).Select(static port => $"{port}"), Enumerable.Range(0, queues).Select(queue => disk.Node($"queue-{queue}/event-channel")));
            Assert.Equal(Enumerable.Range(0, queues), disk.Frontend.Channels.Select(static channel => channel.Processor!.Value));
            Assert.Null(disk.Node($"queue-{queues}/ring-ref"));
            Assert.Null(disk.Node("ring-ref"));
            // These are the device's.
            Assert.Equal(("x86_64-abi", "1"), (disk.Node("protocol"), disk.Node("feature-persistent")));
            Assert.Equal(queues, (await disk.StatisticsAsync()).Queues.Length);
            // Buffers once, and a ring and pages of segments for each.
            Assert.Equal((40 * 16) + (33 * queues), disk.Frontend.GrantCount);
            await disk.AssertNothingLeakedAsync();
        },
        backend => backend.Offer = offered,
        queues: wanted);

    [Theory]
    [InlineData(null, 2)]
    [InlineData("1", 2)]
    [InlineData("4", 1)]
    [InlineData("0", 2)]
    [InlineData("-3", 2)]
    [InlineData("many", 2)]
    public void WithOneProcessorOrAnotherHalfThatTakesOneQueueOrTalksNonsenseThereIsOneWithTheOldNodes(string? offered, int wanted) => BlkFrontFixture.Run(
        async (_, disk) =>
        {
            Assert.Equal("1", disk.Node("multi-queue-num-queues"));
            Assert.All((string[])["ring-ref", "event-channel"], node => Assert.NotNull(disk.Node(node)));
            Assert.Null(disk.Node("queue-0/ring-ref"));
            Assert.Null(Assert.Single(disk.Frontend.Channels).Processor);
            disk.Backend.PerformAtOnce();
            using var done = await disk.SubmitAsync(disk.Write(0, 1, flush: true));
            Assert.Equal(BlockStatus.Done, done.Status);
            Assert.Empty((await disk.StatisticsAsync()).Queues);
        },
        backend => backend.Offer = offered,
        queues: wanted);

    [Fact]
    public void BatchesThatAreUnderWayTogetherAreSpreadOverTheQueues() => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            var answers = Enumerable.Range(0, 6).Select(sector => disk.SubmitAsync(disk.Write(sector, (byte)(sector + 1)))).ToArray();
            await test.WhenIdle();
            Assert.Equal([2, 2, 2], Enumerable.Range(0, 3).Select(queue => Perform(disk, disk.Backend.TakeAll(queue))));
            foreach (var answer in answers)
            {
                using var batch = await answer;
                Assert.Equal(BlockStatus.Done, batch.Status);
            }

            Assert.Equal([1, 2, 3, 4, 5, 6], Enumerable.Range(0, 6).Select(sector => (int)disk.Backend.Bytes[sector * 512]));
            var statistics = await disk.StatisticsAsync();
            // The other half wants to be told once before it looks.
            Assert.Equal((6, 3), (statistics.Writes, statistics.Notifications));
            Assert.Equal([2, 2, 2], statistics.Queues.Select(static queue => queue.Requests));
            Assert.All(statistics.Queues, static queue => Assert.True(queue.Interrupts > 0));
            await disk.AssertNothingLeakedAsync();
        },
        queues: 3);

    [Fact]
    public void BatchesThatComeOneAfterAnotherTakeTheFirstQueue() => BlkFrontFixture.Run(
        async (_, disk) =>
        {
            disk.Backend.PerformAtOnce();
            for (var sector = 0; sector < 10; sector++)
            {
                using var done = await disk.SubmitAsync(disk.Write(sector, 1, flush: true));
                Assert.Equal(BlockStatus.Done, done.Status);
            }

            Assert.Equal([20, 0], (await disk.StatisticsAsync()).Queues.Select(static queue => queue.Requests));
        },
        queues: 2);

    // Of several queues each has pages of its own for the segments that are not in the ring.
    [Fact]
    public void LargeRequestsInEveryQueueMoveWhatTheySay() => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            Task<BlockBatch>[] writing = [disk.SubmitAsync(disk.Write(0, 1, sectors: 128)), disk.SubmitAsync(disk.Write(128, 2, sectors: 128))];
            await test.WhenIdle();
            var requests = disk.Backend.TakeAll();
            Assert.Equal([(0, true, 16), (1, true, 16)], requests.Select(static request => (request.Queue, request.IsIndirect, request.Segments.Count)));
            Perform(disk, requests);
            foreach (var answer in writing)
            {
                (await answer).Dispose();
            }

            Task<BlockBatch>[] reading = [disk.SubmitAsync(disk.Read(0, sectors: 128)), disk.SubmitAsync(disk.Read(128, sectors: 128))];
            await test.WhenIdle();
            Assert.Equal(2, disk.Backend.PerformAll());
            for (var half = 0; half < 2; half++)
            {
                using var read = await reading[half];
                Assert.Equal(BlockStatus.Done, read.Status);
                Assert.True(read.PeekBuffer(0).Data[..(128 * 512)].IndexOfAnyExcept((byte)(half + 1)) < 0);
            }

            await disk.AssertNothingLeakedAsync();
        },
        queues: 2);

    [Fact]
    public void AFlushInOneQueueComesAfterTheWriteThatWasAnsweredInAnother() => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            var read = disk.SubmitAsync(disk.Read(9));
            var write = disk.SubmitAsync(disk.Write(0, 7));
            await test.WhenIdle();
            Perform(disk, [Assert.Single(disk.Backend.TakeAll(1))]);
            (await write).Dispose();
            Perform(disk, [Assert.Single(disk.Backend.TakeAll(0))]);
            (await read).Dispose();
            var flush = disk.SubmitAsync(BlkFrontFixture.Flush());
            await test.WhenIdle();
            var request = Assert.Single(disk.Backend.TakeAll(0));
            Assert.Equal(FakeBlockBackend.Flush, request.Operation);
            disk.Backend.Perform(request);
            (await flush).Dispose();
            Assert.Equal(7, disk.Backend.Durable[0]);
        },
        queues: 2);

    [Fact]
    public void TheFlushOfABatchFollowsItsOperationsInTheirQueue() => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            var other = disk.SubmitAsync(disk.Read(9));
            var batch = new BlockBatch(2);
            Assert.True(batch.TryAddWrite(0, 1, disk.Buffer(1)) & batch.TryAddWrite(1, 1, disk.Buffer(2)));
            batch.AddFlush();
            var answer = disk.SubmitAsync(batch);
            await test.WhenIdle();
            foreach (var write in disk.Backend.TakeAll(1))
            {
                Assert.Equal(FakeBlockBackend.Write, write.Operation);
                Assert.Empty(disk.Backend.TakeAll(1));
                disk.Backend.Perform(write);
                await test.WhenIdle();
            }

            disk.Backend.Perform(Assert.Single(disk.Backend.TakeAll(1)));
            using var done = await answer;
            Assert.Equal((BlockStatus.Done, 1, 2), (done.Status, disk.Backend.Durable[0], disk.Backend.Durable[512]));
            disk.Backend.PerformAll();
            (await other).Dispose();
        },
        queues: 2);

    [Fact]
    public void AllQueuesTogetherTakeNoMoreBatchesThanTheDriverMay() => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            // More batches than buffers.
            var answers = Enumerable.Range(0, 17).Select(_ => disk.SubmitAsync(BlkFrontFixture.Flush())).ToArray();
            await test.WhenIdle();
            using (var refused = Assert.Single(answers, static answer => answer.IsCompleted).Result)
            {
                Assert.Equal(BlockStatus.Busy, refused.Status);
            }

            while (disk.Backend.PerformAll() > 0)
            {
                await test.WhenIdle();
            }

            Assert.All(answers, static answer => Assert.True(answer.IsCompleted));
            Assert.Equal([8, 8], (await disk.StatisticsAsync()).Queues.Select(static queue => queue.Requests));
        },
        maximumBatches: 16,
        queues: 2);

    [Fact]
    public void ADiskThatGrowsIsBelievedByEveryQueue() => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            var other = disk.SubmitAsync(disk.Read(0));
            await test.WhenIdle();
            disk.Backend.Grow(1000);
            await test.WhenIdle();
            var answer = disk.SubmitAsync(disk.Read(999));
            await test.WhenIdle();
            var request = Assert.Single(disk.Backend.TakeAll(1));
            Assert.Equal(999, request.FirstSector);
            disk.Backend.Respond(request.Id, FakeBlockBackend.Read, FakeBlockBackend.Okay, queue: 1);
            (await answer).Dispose();
            disk.Backend.PerformAll();
            (await other).Dispose();
            await disk.AssertNothingLeakedAsync();
        },
        queues: 2);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void ALieInAnyQueueCutsTheWholeDeviceOffAndAllQueuesGoOnWhenItIsConnectedAgain(int queue) => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            var answers = Enumerable.Range(0, 4).Select(sector => disk.SubmitAsync(disk.Write(sector, 1))).ToArray();
            await test.WhenIdle();
            var requests = disk.Backend.TakeAll();
            // It is in flight, and in the other queue.
            disk.Backend.Respond(requests.First(request => request.Queue != queue).Id, FakeBlockBackend.Write, FakeBlockBackend.Okay, queue);
            foreach (var answer in answers)
            {
                using var lost = await answer;
                Assert.Equal((BlockStatus.DeviceReset, 1), (lost.Status, lost.Incarnation));
            }

            await test.WhenIdle();
            var again = Enumerable.Range(0, 4).Select(sector => disk.SubmitAsync(disk.Write(sector, 2))).ToArray();
            await test.WhenIdle();
            Assert.Equal([2, 2], Enumerable.Range(0, 2).Select(number => Perform(disk, disk.Backend.TakeAll(number))));
            foreach (var answer in again)
            {
                using var done = await answer;
                Assert.Equal((BlockStatus.Done, 2), (done.Status, done.Incarnation));
            }

            var statistics = await disk.StatisticsAsync();
            Assert.Equal((1, 1, 4, 2), (statistics.DeviceViolations, statistics.Resets, statistics.LostInReset, disk.Backend.Connections));
            await disk.AssertNothingLeakedAsync();
        },
        queues: 2);

    [Fact]
    public void WhatIsInFlightInAnyQueueIsNotAnsweredBeforeTheOtherHalfHasLetGoAndWhatOnlyWaitsIsAtOnce() => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            // 32 at the other half in each queue, the rest waits.
            var answers = Enumerable.Range(0, 68).Select(_ => disk.SubmitAsync(BlkFrontFixture.Flush(), TimeSpan.FromHours(1))).ToArray();
            await test.WhenIdle();
            Assert.Equal(64, disk.Backend.TakeAll().Count);
            disk.Backend.HoldsPages = true;
            disk.Backend.Respond(12345, 0, 0, queue: 1);
            await test.AdvanceAsync(TimeSpan.FromSeconds(10));
            Assert.Equal((4, 1), (answers.Count(static answer => answer.IsCompleted), disk.Backend.Connections));

            disk.Backend.HoldsPages = false;
            await test.AdvanceAsync(TimeSpan.FromSeconds(10));
            foreach (var answer in answers)
            {
                using var lost = await answer;
                Assert.Equal(BlockStatus.DeviceReset, lost.Status);
            }

            Assert.Equal((68, 2), ((await disk.StatisticsAsync()).LostInReset, disk.Backend.Connections));
            await disk.AssertNothingLeakedAsync();
        },
        maximumBatches: 80,
        queues: 2);

    [Fact]
    public void AnotherHalfThatClosesIsConnectedToWithAsManyQueuesAsItTakesThen() => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            var connections = 1;
            foreach (var queues in (int[])[1, 2, 3, 1])
            {
                var underWay = Enumerable.Range(0, 4).Select(sector => disk.SubmitAsync(disk.Write(sector, 1))).ToArray();
                await test.WhenIdle();
                disk.Backend.Offer = $"{queues}";
                disk.Backend.Die("5");
                foreach (var answer in underWay)
                {
                    using var lost = await answer;
                    Assert.Equal(BlockStatus.DeviceReset, lost.Status);
                }

                await test.WhenIdle();
                var answers = Enumerable.Range(0, 2 * queues).Select(sector => disk.SubmitAsync(disk.Write(sector, 2))).ToArray();
                await test.WhenIdle();
                Assert.Equal((++connections, queues), (disk.Backend.Connections, disk.Backend.Queues));
                Assert.Equal(Enumerable.Repeat(2, queues), Enumerable.Range(0, queues).Select(queue => Perform(disk, disk.Backend.TakeAll(queue))));
                foreach (var answer in answers)
                {
                    using var done = await answer;
                    Assert.Equal((BlockStatus.Done, connections), (done.Status, done.Incarnation));
                }

                Assert.Equal(queues == 1 ? 0 : queues, (await disk.StatisticsAsync()).Queues.Length);
                Assert.Equal(queues, disk.Frontend.Channels.Count(static channel => channel.IsConnected));
            }

            Assert.Equal(0, (await disk.StatisticsAsync()).DeviceViolations);
            await disk.AssertNothingLeakedAsync();
        },
        queues: 3);

    [Fact]
    public void AQueueThatEndsNothingIsFoundOutHoweverBusyTheOtherIs() => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            disk.Backend.OnNotify = () => Perform(disk, disk.Backend.TakeAll(0));
            List<Task<BlockBatch>> answers = [];
            for (var second = 0; second < 31; second++)
            {
                answers.Add(disk.SubmitAsync(BlkFrontFixture.Flush()));
                answers.Add(disk.SubmitAsync(BlkFrontFixture.Flush()));
                await test.AdvanceAsync(TimeSpan.FromSeconds(1));
                if (answers.TrueForAll(static answer => answer.IsCompleted))
                {
                    break;
                }
            }

            Assert.All(answers, static answer => Assert.True(answer.IsCompleted));
            Assert.Contains(answers, static answer => answer.Result.Status == BlockStatus.DeviceReset);
            Assert.Contains(answers, static answer => answer.Result.Status == BlockStatus.Done);
            Assert.Equal(1, (await disk.StatisticsAsync()).DeviceViolations);
        },
        queues: 2);

    /// <summary>In the middle of a batch, whichever queue that is in, and with others behind it that the queue's actor never comes to. Under 100 seeds.</summary>
    [Fact]
    public void AQueueThatFailsTakesTheDriverAlongAndEverythingIsAnswered() => BlkFrontFixture.RunSeeds(
        async (test, disk) =>
        {
            Task<BlockBatch>[] atTheOtherHalf = [disk.SubmitAsync(disk.Write(0, 1)), disk.SubmitAsync(disk.Write(1, 1))];
            await test.WhenIdle();
            Assert.Equal(2, disk.Backend.TakeAll().Count);
            disk.Backend.OnNotify = () => disk.Backend.PerformAll();
            var bad = new BlockBatch();
            Assert.True(bad.TryAddWrite(9, 1, disk.Buffer(1)));
            // No client's compiler lets that pass; it breaks the turn of whoever looks at the buffer.
            bad.PeekBuffer(0).Dispose();
            var third = disk.SubmitAsync(disk.Write(2, 1));
            var failed = disk.SubmitAsync(bad);
            var behind = Enumerable.Range(3, 6).Select(sector => disk.SubmitAsync(disk.Write(sector, 1))).ToArray();
            if ((await test.ExpectFailureAsync(static failure => failure.Exception is InvalidOperationException)).Policy == FailurePolicy.Escalate)
            {
                // It was the queue's actor; the driver's own failure follows.
                await test.ExpectFailureAsync(static failure => failure.Exception is InvalidOperationException);
            }

            // Disposed of, it would be a second time.
            Assert.Equal(BlockStatus.DeviceReset, (await failed).Status);
            foreach (var answer in atTheOtherHalf)
            {
                using var lost = await answer;
                Assert.Equal(BlockStatus.DeviceReset, lost.Status);
            }

            foreach (var answer in behind.Append(third))
            {
                using var batch = await answer;
                Assert.True(batch.Status is BlockStatus.Done or BlockStatus.DeviceReset);
            }

            using (var done = await disk.SubmitWhenConnectedAsync(test, () => disk.Write(0, 1)))
            {
                Assert.Equal((BlockStatus.Done, 2), (done.Status, done.Incarnation));
            }

            Assert.Equal((0, 2), ((await disk.StatisticsAsync()).DeviceViolations, disk.Backend.Queues));
            await disk.Driver.StopAsync(drain: false);
            Assert.Equal(0, disk.Device.Buffers.RentedCount);
        },
        queues: 2);

    private static int Perform(BlkFrontFixture disk, List<FakeBlockBackend.Request> requests)
    {
        requests.ForEach(request => disk.Backend.Perform(request));
        return requests.Count;
    }
}
