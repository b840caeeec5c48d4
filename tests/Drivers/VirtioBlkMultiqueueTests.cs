using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Tests;

/// <summary>Several queues of a virtio disk: how many, which takes which batch, and what becomes of all of them in a reset. Lies: VirtioBlkTrustTests.</summary>
public sealed class VirtioBlkMultiqueueTests
{
    [Fact]
    public void EachQueueBesideTheFirstInterruptsAProcessorOfItsOwn() => BlkFixture.RunWithQueues(
        async (_, blk) =>
        {
            await blk.InformationAsync();
            Assert.Equal([1, 2, 3], blk.Pci.QueueVectors);
            Assert.Equal([0, null, 1, 2], blk.Pci.Vectors.Select(static line => line.Processor));
            Assert.Equal(3, (await blk.StatisticsAsync()).Queues.Length);
        },
        queues: 3);

    [Theory]
    [InlineData(4, 2, 5, 2)]
    [InlineData(4, 4, 4, 3)]
    [InlineData(2, 8, 9, 2)]
    [InlineData(4, 1, 5, 1)]
    [InlineData(4, 4, 2, 1)]
    public void ThereAreAsManyQueuesAsTheDeviceHasAndAreWantedAndHaveVectors(int queues, int wanted, int vectors, int used) => BlkFixture.RunWithQueues(
        async (_, blk) =>
        {
            blk.Disk.PerformAtOnce();
            using var done = await blk.SubmitAsync(blk.Write(0, 1, flush: true));
            Assert.Equal(BlockStatus.Done, done.Status);
            Assert.Equal(Enumerable.Range(0, queues).Select(queue => queue < used), blk.Disk.Device.Queues.Select(static queue => queue.Ready));
            Assert.Equal(used > 1, (blk.Disk.Device.DriverFeatures & FakeDisk.Multiqueue) != 0);
            Assert.Equal(used > 1 ? used : 0, (await blk.StatisticsAsync()).Queues.Length);
        },
        queues,
        wanted,
        vectors);

    [Fact]
    public void ADeviceThatSaysItHasNoQueuesIsRefused() => TestSystem.Run(async test =>
    {
        var memory = new FakeMemory();
        var disk = new FakeDisk(memory, queues: 2);
        disk.Device.Configuration[34] = 0;
        _ = new BlkFixture(test, disk, "pci-msix", wanted: 2, vectors: 3);
        Assert.Contains("has no queues", (await test.ExpectFailureAsync()).Exception.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void BatchesThatAreUnderWayTogetherAreSpreadOverTheQueues() => BlkFixture.RunWithQueues(
        async (test, blk) =>
        {
            var answers = Enumerable.Range(0, 6).Select(sector => blk.SubmitAsync(blk.Write(sector, (byte)(sector + 1)))).ToArray();
            await test.WhenIdle();
            Assert.Equal([2, 2, 2], blk.Disk.Device.Queues.Select((_, queue) => Perform(blk, blk.Disk.TakeAll(queue))));
            foreach (var answer in answers)
            {
                using var batch = await answer;
                Assert.Equal(BlockStatus.Done, batch.Status);
            }

            Assert.Equal([1, 2, 3, 4, 5, 6], Enumerable.Range(0, 6).Select(sector => (int)blk.Disk.Bytes[sector * 512]));
            var statistics = await blk.StatisticsAsync();
            Assert.Equal(6, statistics.Writes);
            Assert.Equal([2, 2, 2], statistics.Queues.Select(static queue => queue.Requests));
            Assert.All(statistics.Queues, static queue => Assert.True(queue.Interrupts > 0));
            await blk.AssertNothingLeakedAsync();
        },
        queues: 3);

    [Fact]
    public void BatchesThatComeOneAfterAnotherTakeTheFirstQueue() => BlkFixture.RunWithQueues(async (_, blk) =>
    {
        blk.Disk.PerformAtOnce();
        for (var sector = 0; sector < 10; sector++)
        {
            using var done = await blk.SubmitAsync(blk.Write(sector, 1, flush: true));
            Assert.Equal(BlockStatus.Done, done.Status);
        }

        Assert.Equal([20, 0], (await blk.StatisticsAsync()).Queues.Select(static queue => queue.Requests));
    });

    [Fact]
    public void AQueueThatIsSlowGetsNoMoreThanTheOther() => BlkFixture.RunWithQueues(async (test, blk) =>
    {
        var slow = blk.SubmitAsync(blk.Read(0));
        await test.WhenIdle();
        var held = Assert.Single(blk.Disk.TakeAll(0));
        for (var sector = 1; sector < 10; sector++)
        {
            var answer = blk.SubmitAsync(blk.Write(sector, 1));
            await test.WhenIdle();
            blk.Disk.Perform(Assert.Single(blk.Disk.TakeAll(1)));
            using var done = await answer;
            Assert.Equal(BlockStatus.Done, done.Status);
        }

        blk.Disk.Perform(held);
        (await slow).Dispose();
    });

    [Fact]
    public void AFlushInOneQueueComesAfterTheWriteThatWasAnsweredInAnother() => BlkFixture.RunWithQueues(async (test, blk) =>
    {
        var read = blk.SubmitAsync(blk.Read(9));
        var write = blk.SubmitAsync(blk.Write(0, 7));
        await test.WhenIdle();
        blk.Disk.Perform(Assert.Single(blk.Disk.TakeAll(1)));
        (await write).Dispose();
        blk.Disk.Perform(Assert.Single(blk.Disk.TakeAll(0)));
        (await read).Dispose();
        var flush = blk.SubmitAsync(BlkFixture.Flush());
        await test.WhenIdle();
        var request = Assert.Single(blk.Disk.TakeAll(0));
        Assert.Equal(4u, request.Type);
        blk.Disk.Perform(request);
        (await flush).Dispose();
        Assert.Equal(7, blk.Disk.Durable[0]);
    });

    [Fact]
    public void TheFlushOfABatchFollowsItsOperationsInTheirQueue() => BlkFixture.RunWithQueues(async (test, blk) =>
    {
        var other = blk.SubmitAsync(blk.Read(9));
        var batch = new BlockBatch(2);
        Assert.True(batch.TryAddWrite(0, 1, blk.Buffer(1)) & batch.TryAddWrite(1, 1, blk.Buffer(2)));
        batch.AddFlush();
        var answer = blk.SubmitAsync(batch);
        await test.WhenIdle();
        foreach (var write in blk.Disk.TakeAll(1))
        {
            Assert.Equal(1u, write.Type);
            Assert.Empty(blk.Disk.TakeAll(1));
            blk.Disk.Perform(write);
            await test.WhenIdle();
        }

        blk.Disk.Perform(Assert.Single(blk.Disk.TakeAll(1)));
        using var done = await answer;
        Assert.Equal((BlockStatus.Done, 1, 2), (done.Status, blk.Disk.Durable[0], blk.Disk.Durable[512]));
        blk.Disk.PerformAll();
        (await other).Dispose();
    });

    [Fact]
    public void AllQueuesTogetherTakeNoMoreBatchesThanTheDriverMay() => BlkFixture.RunWithQueues(async (test, blk) =>
    {
        // Room for 16; more batches than buffers.
        var answers = Enumerable.Range(0, 17).Select(_ => blk.SubmitAsync(BlkFixture.Flush())).ToArray();
        await test.WhenIdle();
        using (var refused = Assert.Single(answers, static answer => answer.IsCompleted).Result)
        {
            Assert.Equal(BlockStatus.Busy, refused.Status);
        }

        while (blk.Disk.PerformAll() > 0)
        {
            await test.WhenIdle();
        }

        Assert.All(answers, static answer => Assert.True(answer.IsCompleted));
        Assert.Equal([8, 8], (await blk.StatisticsAsync()).Queues.Select(static queue => queue.Requests));
    });

    [Fact]
    public void ADeviceThatGrowsIsBelievedByEveryQueue() => BlkFixture.RunWithQueues(async (test, blk) =>
    {
        var other = blk.SubmitAsync(blk.Read(0));
        await test.WhenIdle();
        blk.Disk.Configure(0, 300);
        blk.Disk.Device.ChangeConfiguration();
        Assert.Equal(300, (await blk.InformationAsync()).SectorCount);
        var answer = blk.SubmitAsync(blk.Read(299));
        await test.WhenIdle();
        Assert.Single(blk.Disk.TakeAll(1));
        await blk.Driver.StopAsync(drain: false);
        (await answer).Dispose();
        (await other).Dispose();
    });

    [Fact]
    public void AQueueThatEndsNothingIsFoundOutHoweverBusyTheOtherIs() => BlkFixture.RunWithQueues(async (test, blk) =>
    {
        blk.Disk.Device.OnNotify = queue => Perform(blk, queue == 0 ? blk.Disk.TakeAll(0) : []);
        List<Task<BlockBatch>> answers = [];
        for (var second = 0; second < 31; second++)
        {
            answers.Add(blk.SubmitAsync(BlkFixture.Flush()));
            answers.Add(blk.SubmitAsync(BlkFixture.Flush()));
            await test.AdvanceAsync(TimeSpan.FromSeconds(1));
            if (answers.TrueForAll(static answer => answer.IsCompleted))
            {
                break;
            }
        }

        Assert.All(answers, static answer => Assert.True(answer.IsCompleted));
        Assert.Contains(answers, static answer => answer.Result.Status == BlockStatus.DeviceReset);
        Assert.Contains(answers, static answer => answer.Result.Status == BlockStatus.Done);
        Assert.Equal(1, (await blk.StatisticsAsync()).DeviceViolations);
    });

    /// <summary>In the middle of a batch, whichever queue that is in, and with others behind it that the queue's actor never comes to. Under 100 seeds.</summary>
    [Fact]
    public void AQueueThatFailsTakesTheDriverAlongAndEverythingIsAnsweredAtOnce() => TestSystem.RunSeeds(
        async test =>
        {
            var blk = BlkFixture.WithQueues(test);
            Task<BlockBatch>[] atTheDevice = [blk.SubmitAsync(blk.Write(0, 1)), blk.SubmitAsync(blk.Write(1, 1))];
            await test.WhenIdle();
            Assert.Equal(2, blk.Disk.TakeAll().Count);
            blk.Disk.PerformAtOnce();
            var bad = new BlockBatch();
            Assert.True(bad.TryAddWrite(9, 1, blk.Buffer(1)));
            // No client's compiler lets that pass; it breaks the turn of whoever looks at the buffer.
            bad.PeekBuffer(0).Dispose();
            var third = blk.SubmitAsync(blk.Write(2, 1));
            var failed = blk.SubmitAsync(bad);
            var behind = Enumerable.Range(3, 6).Select(sector => blk.SubmitAsync(blk.Write(sector, 1))).ToArray();
            if ((await test.ExpectFailureAsync(static failure => failure.Exception is InvalidOperationException)).Policy == FailurePolicy.Escalate)
            {
                // It was the queue's actor; the driver's own failure follows.
                await test.ExpectFailureAsync(static failure => failure.Exception is InvalidOperationException);
            }

            // Disposed of, it would be a second time.
            Assert.Equal(BlockStatus.DeviceReset, (await failed).Status);
            foreach (var answer in atTheDevice)
            {
                using var lost = await answer;
                Assert.Equal(BlockStatus.DeviceReset, lost.Status);
            }

            foreach (var answer in behind.Append(third))
            {
                using var batch = await answer;
                Assert.True(batch.Status is BlockStatus.Done or BlockStatus.DeviceReset);
            }

            Assert.Equal(TimeSpan.Zero, test.Time.Elapsed);
            using (var done = await blk.SubmitAsync(blk.Write(0, 1)))
            {
                Assert.Equal((BlockStatus.Done, 2), (done.Status, done.Incarnation));
            }

            Assert.Equal(0, (await blk.StatisticsAsync()).DeviceViolations);
            await blk.Driver.StopAsync(drain: false);
            Assert.Equal(0, blk.Buffers.RentedCount);
        },
        count: 100);

    [Fact]
    public void BuffersOfEveryQueueStayWithADeviceWhoseResetIsNotOver() => BlkFixture.RunWithQueues(async (test, blk) =>
    {
        var answers = Enumerable.Range(0, 4).Select(sector => blk.SubmitAsync(blk.Write(sector, 1))).ToArray();
        await test.WhenIdle();
        blk.Disk.Device.RefusesReset = true;
        blk.Disk.Device.Queues[1].PushAndInterrupt(9999, 1);
        await test.WhenIdle();
        Assert.All(answers, static answer => Assert.False(answer.IsCompleted));
        blk.Disk.Device.RefusesReset = false;
        await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        foreach (var answer in answers)
        {
            using var lost = await answer;
            Assert.Equal(BlockStatus.DeviceReset, lost.Status);
        }

        await blk.AssertNothingLeakedAsync();
    });

    private static int Perform(BlkFixture blk, List<FakeDisk.Request> requests)
    {
        foreach (var request in requests)
        {
            blk.Disk.Perform(request);
        }

        return requests.Count;
    }
}
