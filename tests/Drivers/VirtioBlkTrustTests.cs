using Troupe.Actors.TestKit;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

/// <summary>A block device that lies, is silent or is reset: every request is answered, every buffer comes home, and the next request finds a device that works.</summary>
public sealed class VirtioBlkTrustTests
{
    public static TheoryData<string> Lies => ["a buffer that is not in flight", "more bytes than there are", "fewer bytes than were read", "no status", "a status that is none", "asks for a reset", "runs ahead"];

    [Theory]
    [MemberData(nameof(Lies))]
    public void ALyingDeviceIsResetAndItsRequestsAreToBeSubmittedAgain(string lie) => BlkFixture.Run((test, blk) => FindOutAsync(test, blk, lie, queue: 0));

    [Theory]
    [MemberData(nameof(Lies))]
    public void ALieInAnyQueueEndsWhatAllHaveAndTheyGoOn(string lie) => BlkFixture.RunWithQueues((test, blk) => FindOutAsync(test, blk, lie, queue: 1));

    private static async Task FindOutAsync(TestSystem test, BlkFixture blk, string lie, int queue)
    {
        // Of two queues the first has what is submitted first.
        var other = queue == 0 ? null : blk.SubmitAsync(blk.Write(8, 1));
        var read = blk.SubmitAsync(blk.Read(0, 2));
        var flush = blk.SubmitAsync(blk.Write(4, 1, flush: true));
        await test.WhenIdle();
        var requests = blk.Disk.TakeAll(queue);
        Assert.Equal(0u, requests[0].Type);
        Tell(blk.Disk, requests[0], lie);
        using (var failed = await read)
        {
            Assert.Equal(BlockStatus.DeviceReset, failed.Status);
            Assert.True(failed.Status.IsRetryable());
        }

        using (var failed = await flush)
        {
            Assert.Equal((BlockStatus.DeviceReset, BlockStatus.DeviceReset, 1), (failed.Status, failed.FlushStatus, failed.Incarnation));
        }

        if (other is not null)
        {
            using var failed = await other;
            Assert.Equal(BlockStatus.DeviceReset, failed.Status);
        }

        // At once, and not when somebody has lost patience; but the index that runs ahead has left behind where an interrupt was asked for.
        Assert.Equal(lie == "runs ahead", test.Time.Elapsed > TimeSpan.Zero);
        blk.Disk.PerformAtOnce();
        using (var again = await blk.SubmitAsync(blk.Write(4, 1, flush: true)))
        {
            Assert.Equal((BlockStatus.Done, 2), (again.Status, again.Incarnation));
        }

        var statistics = await blk.StatisticsAsync();
        // A read, a write and its flush.
        Assert.Equal((1, 1, other is null ? 3 : 4, 1), (statistics.DeviceViolations, statistics.Resets, statistics.LostInReset, statistics.Writes));
        await blk.AssertNothingLeakedAsync();
    }

    [Fact]
    public void ASilentDeviceIsReset() => BlkFixture.Run(async (_, blk) =>
    {
        using (var failed = await blk.SubmitAsync(blk.Write(0, 1)))
        {
            Assert.Equal(BlockStatus.DeviceReset, failed.Status);
        }

        blk.Disk.PerformAtOnce();
        using var done = await blk.SubmitAsync(blk.Write(0, 1));
        Assert.Equal(BlockStatus.Done, done.Status);
        Assert.Equal(1, (await blk.StatisticsAsync()).DeviceViolations);
    });

    [Fact]
    public void ASlowDeviceIsNotResetWhileItEndsRequests() => BlkFixture.Run(async (test, blk) =>
    {
        var answers = Enumerable.Range(0, 4).Select(sector => blk.SubmitAsync(blk.Write(sector, 1), TimeSpan.FromHours(1))).ToArray();
        await test.WhenIdle();
        foreach (var request in blk.Disk.TakeAll())
        {
            await test.AdvanceAsync(TimeSpan.FromSeconds(29));
            blk.Disk.Perform(request);
        }

        foreach (var answer in answers)
        {
            using var done = await answer;
            Assert.Equal(BlockStatus.Done, done.Status);
        }
    });

    [Fact]
    public void ADeviceThatKeepsLyingRestsAndClientsAreToldSoAtOnce() => BlkFixture.Run(async (test, blk) =>
    {
        blk.Disk.Device.OnNotify = _ => blk.Disk.Device.Queues[0].PushAndInterrupt(9999, 1);
        for (var attempt = 0; attempt < 5; attempt++)
        {
            using var failed = await blk.SubmitAsync(blk.Write(0, 1));
            Assert.Equal(BlockStatus.DeviceReset, failed.Status);
        }

        var before = test.Time.Elapsed;
        using (var refused = await blk.SubmitAsync(blk.Write(0, 1)))
        {
            Assert.Equal((BlockStatus.DeviceReset, VirtioStatus.Reset, before), (refused.Status, blk.Disk.Device.Status, test.Time.Elapsed));
        }

        blk.Disk.PerformAtOnce();
        await test.AdvanceAsync(TimeSpan.FromSeconds(2));
        using var done = await blk.SubmitAsync(blk.Write(0, 1));
        Assert.Equal(BlockStatus.Done, done.Status);
    });

    [Fact]
    public void ARestartOfTheDriverAnswersWhatWasInFlightAndGoesOn() => BlkFixture.Run(async (test, blk) =>
    {
        var waiting = Enumerable.Range(0, 6).Select(sector => blk.SubmitAsync(blk.Write(sector, 1))).ToArray();
        await test.WhenIdle();
        Assert.Equal(4, blk.Disk.TakeAll().Count);
        var gone = new BlockBatch();
        gone.Dispose();
        // No client's compiler lets that pass; it breaks the driver's turn.
        blk.Driver.Tell(BlockDeviceMessage.Submit(gone, default));
        await test.ExpectFailureAsync(static failure => failure.Exception is ObjectDisposedException);
        foreach (var answer in waiting)
        {
            using var failed = await answer;
            Assert.Equal(BlockStatus.DeviceReset, failed.Status);
        }

        blk.Disk.PerformAtOnce();
        using var done = await blk.SubmitAsync(blk.Write(0, 1));
        Assert.Equal((BlockStatus.Done, 2), (done.Status, done.Incarnation));
        Assert.Equal(6, (await blk.StatisticsAsync()).LostInReset);
        done.Dispose();
        await blk.AssertNothingLeakedAsync();
    });

    [Fact]
    public void WhatWasInFlightWhenTheDriverStoppedIsAnswered() => BlkFixture.Run(async (test, blk) =>
    {
        var answer = blk.SubmitAsync(blk.Read(0));
        await test.WhenIdle();
        await blk.Driver.StopAsync(drain: false);
        using var failed = await answer;
        Assert.Equal((BlockStatus.DeviceReset, VirtioStatus.Reset), (failed.Status, blk.Disk.Device.Status));
    });

    /// <summary>A device that does what it likes: wrong names, lengths and states, twice, out of order, or nothing. Under 200 seeds, 20 requests each.</summary>
    [Fact]
    public void WhateverADeviceDoesEveryRequestIsAnsweredAndNothingLeaks() => TestSystem.RunSeeds(
        test =>
        {
            var memory = new FakeMemory();
            return MisbehaveAsync(test, new BlkFixture(test, new FakeDisk(memory)), together: 1);
        },
        count: 200);

    /// <summary>The same with two queues, and four requests at a time.</summary>
    [Fact]
    public void WhateverADeviceDoesInAnyQueueEveryRequestIsAnsweredAndNothingLeaks() =>
        TestSystem.RunSeeds(test => MisbehaveAsync(test, BlkFixture.WithQueues(test), together: 4), count: 200);

    private static async Task MisbehaveAsync(TestSystem test, BlkFixture blk, int together)
    {
        var taken = new List<FakeDisk.Request>();
        blk.Disk.Device.OnNotify = queue => Misbehave(test.Random, blk.Disk, taken, queue);
        for (var round = 0; round < 20; round++)
        {
            List<Task<BlockBatch>> answers = [];
            for (var number = 0; number < together; number++)
            {
                var sector = test.Random.Next(200);
                answers.Add(blk.SubmitAsync(test.Random.Next(3) == 0 ? blk.Read(sector) : blk.Write(sector, 1, flush: test.Random.Next(2) == 0)));
            }

            foreach (var answer in answers)
            {
                using var batch = await answer;
                Assert.NotEqual(BlockStatus.Pending, batch.Status);
                // After a reset the device has forgotten what it took.
                if (batch.Status == BlockStatus.DeviceReset)
                {
                    taken.Clear();
                }
            }
        }

        blk.Disk.PerformAtOnce();
        await test.AdvanceAsync(TimeSpan.FromMinutes(2));
        using (var works = await blk.SubmitAsync(blk.Write(0, 1, flush: true)))
        {
            Assert.Equal(BlockStatus.Done, works.Status);
        }

        await blk.AssertNothingLeakedAsync();
    }

    private static void Misbehave(Random random, FakeDisk disk, List<FakeDisk.Request> taken, int queue)
    {
        taken.AddRange(disk.TakeAll());
        for (var deed = random.Next(3); deed >= 0; deed--)
        {
            var victim = taken.Count == 0 ? null : taken[random.Next(taken.Count)];
            switch (random.Next(10))
            {
                case 0:
                    disk.Device.Queues[queue].PushAndInterrupt((uint)random.Next(), (uint)random.Next());
                    break;
                case 1:
                    disk.Device.AskForReset();
                    break;
                case 2:
                    disk.Device.InterruptQueue(queue);
                    break;
                case 3 when victim is not null:
                    disk.Device.Queues[victim.Queue].PushAndInterrupt((uint)victim.Head, (uint)random.Next(2000));
                    break;
                case 4 when victim is not null:
                    disk.Perform(victim, (byte)random.Next(256));
                    break;
                case 5:
                    break;
                default:
                    if (victim is not null)
                    {
                        disk.Perform(victim);
                        taken.Remove(victim);
                    }

                    break;
            }
        }
    }

    private static void Tell(FakeDisk disk, FakeDisk.Request request, string lie)
    {
        switch (lie)
        {
            case "a buffer that is not in flight":
                disk.Device.Queues[request.Queue].PushAndInterrupt(15, 1);
                break;
            case "more bytes than there are":
                disk.Perform(request, written: 1026);
                break;
            case "fewer bytes than were read":
                disk.Perform(request, written: 1023);
                break;
            case "no status":
                disk.Device.Queues[request.Queue].PushAndInterrupt((uint)request.Head, 1025);
                break;
            case "a status that is none":
                disk.Perform(request, status: 3);
                break;
            case "asks for a reset":
                disk.Device.AskForReset();
                break;
            default:
                disk.Device.Queues[request.Queue].UsedIndex += 20;
                disk.Device.Queues[request.Queue].PushAndInterrupt(0, 1);
                break;
        }
    }
}
