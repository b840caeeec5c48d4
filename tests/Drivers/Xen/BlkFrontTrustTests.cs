using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>Another half of a Xen disk that lies, is silent, closes or is killed: every request is answered, every buffer comes home, and the next request finds a disk that works.</summary>
public sealed class BlkFrontTrustTests
{
    public static TheoryData<string> Lies => ["a request that is not in flight", "the same request twice", "another operation", "a status that is none", "more answers than requests", "a place out of range", "segments in a page for what had none there"];

    [Theory]
    [MemberData(nameof(Lies))]
    public void ALieIsCountedAndTheHalvesConnectAnew(string lie) => BlkFrontFixture.Run(async (test, disk) =>
    {
        var read = disk.SubmitAsync(disk.Read(0, 2));
        var write = disk.SubmitAsync(disk.Write(4, 1, sectors: 128, flush: true));
        await test.WhenIdle();
        Tell(disk.Backend, disk.Backend.TakeAll(), lie);
        var isFirstDone = lie == "the same request twice";
        using (var failed = await read)
        {
            Assert.Equal(isFirstDone ? BlockStatus.Done : BlockStatus.DeviceReset, failed.Status);
        }

        using (var failed = await write)
        {
            Assert.Equal((BlockStatus.DeviceReset, BlockStatus.DeviceReset, 1), (failed.Status, failed.FlushStatus, failed.Incarnation));
        }

        disk.Backend.PerformAtOnce();
        using (var again = await disk.SubmitWhenConnectedAsync(test, () => disk.Write(4, 1, flush: true)))
        {
            Assert.Equal((BlockStatus.Done, 2), (again.Status, again.Incarnation));
        }

        var statistics = await disk.StatisticsAsync();
        Assert.Equal((1, 1, isFirstDone ? 2 : 3, 1), (statistics.DeviceViolations, statistics.Resets, statistics.LostInReset, statistics.Writes));
        await disk.AssertNothingLeakedAsync();
    });

    [Fact]
    public void WhatIsInFlightIsNotAnsweredBeforeTheOtherHalfHasLetGo() => BlkFrontFixture.Run(async (test, disk) =>
    {
        var write = disk.SubmitAsync(disk.Write(0, 1), TimeSpan.FromHours(1));
        await test.WhenIdle();
        disk.Backend.HoldsPages = true;
        disk.Backend.Respond(12345, 0, 0);
        await test.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.False(write.IsCompleted);
        Assert.Equal((1, 1), (disk.Device.Buffers.RentedCount, disk.Backend.Connections));

        disk.Backend.HoldsPages = false;
        await test.AdvanceAsync(TimeSpan.FromSeconds(10));
        using var failed = await write;
        Assert.Equal(BlockStatus.DeviceReset, failed.Status);
        Assert.Equal(2, disk.Backend.Connections);
    });

    [Fact]
    public void NothingIsGrantedAnewWhileTheOtherHalfHasPagesThoughNothingIsInFlight() => BlkFrontFixture.Run(async (test, disk) =>
    {
        var granted = disk.Frontend.GrantCount;
        disk.Backend.HoldsPages = true;
        disk.Backend.SetState("5");
        await test.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((1, granted), (disk.Backend.Connections, disk.Frontend.GrantCount));
        disk.Backend.HoldsPages = disk.Frontend.IsMapped = false;
        await test.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((2, granted), (disk.Backend.Connections, disk.Frontend.GrantCount));
    });

    [Fact]
    public void AnOtherHalfThatLetsGoBetweenTwoLooksLeavesNoRequestBehind() => BlkFrontFixture.Run(async (test, disk) =>
    {
        var answer = disk.SubmitAsync(disk.Write(0, 1));
        await test.WhenIdle();
        disk.Frontend.Refusals = 1;
        disk.Frontend.IsMapped = false;
        await disk.Driver.StopAsync(drain: false);
        Assert.False(answer.IsCompleted);
        disk.Frontend.Refusals = 1;
        Assert.False(disk.Device.TryPrepare(1, static () => { }, out _));
        Assert.True(disk.Device.TryPrepare(1, static () => { }, out _));
        using var batch = await answer;
        Assert.Equal(BlockStatus.DeviceReset, batch.Status);
        disk.Device.Stop();
    });

    [Fact]
    public void WhatWaitsIsAnsweredAtOnceWhenTheOtherHalfIsCutOff() => BlkFrontFixture.Run(async (test, disk) =>
    {
        var answers = Enumerable.Range(0, 34).Select(sector => disk.SubmitAsync(disk.Write(sector, 1), TimeSpan.FromHours(1))).ToArray();
        await test.WhenIdle();
        disk.Backend.IsDeaf = true;
        disk.Backend.Respond(12345, 0, 0);
        await test.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(2, answers.Count(static answer => answer.IsCompleted));
        disk.Backend.IsDeaf = false;
        // It had not heard that it is to close.
        disk.Backend.SetState("5");
        foreach (var answer in answers)
        {
            using var failed = await answer;
            Assert.Equal(BlockStatus.DeviceReset, failed.Status);
        }

        Assert.Equal(34, (await disk.StatisticsAsync()).LostInReset);
        await disk.AssertNothingLeakedAsync();
    });

    [Fact]
    public void ASilentOtherHalfIsCutOffAndConnectedToAnew() => BlkFrontFixture.Run(async (test, disk) =>
    {
        var before = test.Time.Elapsed;
        using (var failed = await disk.SubmitAsync(disk.Write(0, 1)))
        {
            Assert.Equal(BlockStatus.DeviceReset, failed.Status);
        }

        Assert.InRange(test.Time.Elapsed - before, BlockDeviceMessage.Patience / 2, BlockDeviceMessage.Patience * 0.9);
        disk.Backend.PerformAtOnce();
        using var done = await disk.SubmitWhenConnectedAsync(test, () => disk.Write(0, 1));
        Assert.Equal((BlockStatus.Done, 1), (done.Status, (await disk.StatisticsAsync()).DeviceViolations));
    });

    [Fact]
    public void ASlowOtherHalfIsNotCutOffWhileItEndsRequests() => BlkFrontFixture.Run(async (test, disk) =>
    {
        var answers = Enumerable.Range(0, 4).Select(sector => disk.SubmitAsync(disk.Write(sector, 1), TimeSpan.FromHours(1))).ToArray();
        await test.WhenIdle();
        foreach (var request in disk.Backend.TakeAll())
        {
            await test.AdvanceAsync(TimeSpan.FromSeconds(29));
            disk.Backend.Perform(request);
        }

        foreach (var answer in answers)
        {
            using var done = await answer;
            Assert.Equal(BlockStatus.Done, done.Status);
        }
    });

    [Fact]
    public void AnOtherHalfThatKeepsLyingIsLeftAloneForASecond() => BlkFrontFixture.Run(async (test, disk) =>
    {
        disk.Backend.OnNotify = () => disk.Backend.Respond(12345, 0, 0);
        for (var attempt = 0; attempt < 20; attempt++)
        {
            using var failed = await disk.SubmitAsync(disk.Write(0, 1));
            Assert.Equal(BlockStatus.DeviceReset, failed.Status);
            await test.WhenIdle();
        }

        Assert.Equal((2, 2), (disk.Backend.Connections, (await disk.StatisticsAsync()).DeviceViolations));
        disk.Backend.OnNotify = static () => { };
        disk.Backend.PerformAtOnce();
        using var done = await disk.SubmitWhenConnectedAsync(test, () => disk.Write(0, 1));
        Assert.Equal(BlockStatus.Done, done.Status);
    });

    [Theory]
    [InlineData("5")] // closing
    [InlineData("6")] // closed
    public void AnOtherHalfThatClosesIsConnectedToAnew(string state) => BlkFrontFixture.Run(async (test, disk) =>
    {
        var write = disk.SubmitAsync(disk.Write(0, 1));
        await test.WhenIdle();
        disk.Backend.Die(state);
        using (var failed = await write)
        {
            Assert.Equal(BlockStatus.DeviceReset, failed.Status);
        }

        disk.Backend.PerformAtOnce();
        using var done = await disk.SubmitWhenConnectedAsync(test, () => disk.Write(0, 1));
        Assert.Equal((BlockStatus.Done, 2, 2), (done.Status, done.Incarnation, disk.Backend.Connections));
        Assert.Equal(0, (await disk.StatisticsAsync()).DeviceViolations);
    });

    [Fact]
    public void ARestartOfTheDriverAnswersWhatWasInFlightAndGoesOn() => BlkFrontFixture.Run(async (test, disk) =>
    {
        var waiting = Enumerable.Range(0, 34).Select(sector => disk.SubmitAsync(disk.Write(sector, 1))).ToArray();
        await test.WhenIdle();
        Assert.Equal(32, disk.Backend.TakeAll().Count);
        var gone = new BlockBatch();
        gone.Dispose();
        // No client's compiler lets that pass; it breaks the driver's turn.
        disk.Driver.Tell(BlockDeviceMessage.Submit(gone, default));
        await test.ExpectFailureAsync(static failure => failure.Exception is ObjectDisposedException);
        foreach (var answer in waiting)
        {
            using var failed = await answer;
            Assert.Equal(BlockStatus.DeviceReset, failed.Status);
        }

        disk.Backend.PerformAtOnce();
        using (var done = await disk.SubmitWhenConnectedAsync(test, () => disk.Write(0, 1)))
        {
            Assert.Equal((BlockStatus.Done, 2), (done.Status, done.Incarnation));
        }

        Assert.Equal(34, (await disk.StatisticsAsync()).LostInReset);
        await disk.AssertNothingLeakedAsync();
    });

    [Fact]
    public void ADriverThatStopsHasItsOtherHalfCloseAndGrantsNothingMore() => BlkFrontFixture.Run(async (test, disk) =>
    {
        await disk.Driver.StopAsync(drain: false);
        await test.WhenIdle();
        Assert.Equal("6", disk.Backend.State);
        await disk.AssertNothingLeakedAsync();
    });

    [Theory]
    [InlineData("sector-size", "4096", "sectors of 4096 bytes")]
    [InlineData("sectors", "-1", "no known number of sectors")]
    public void ADiskThatMakesNoSenseIsRefusedWithTheReason(string node, string value, string reason) => TestSystem.Run(async test =>
    {
        FakeStore store = new();
        FakeFrontend frontend = new("vbd 51712");
        FakeBlockBackend backend = new(frontend, store);
        backend.Properties[node] = value;
        Drivers.Xen.BlkFrontOptions options = new() { BufferCount = 1 };
        Drivers.Xen.BlkFrontDevice device = new(frontend, frontend.CreateArena(options.RequiredDmaMemory), 51712, options);
        var client = test.System.Spawn(new Drivers.Xen.XenStoreClient(store), "xenstore");
        var driver = test.System.Spawn(() => new Drivers.Xen.BlkFrontDriver(device, client, FakeBlockBackend.Front), new SpawnOptions { OnFailure = FailurePolicy.Restart });
        var failure = await Assert.ThrowsAsync<AskFailedException>(async () => await driver.AskAsync<BlockDeviceInformation>(BlockDeviceMessage.GetInformation));
        Assert.Contains(reason, failure.InnerException!.Message, StringComparison.Ordinal);
    });

    /// <summary>
    /// Another half that does what it likes: wrong names, operations and states, twice, out of order, or nothing, in any queue. Under 100 seeds, 20 requests of each of two clients.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void WhateverTheOtherHalfDoesEveryRequestIsAnsweredAndNothingLeaks(int queues) => BlkFrontFixture.RunSeeds(
        async (test, disk) =>
        {
            var taken = new List<FakeBlockBackend.Request>();
            var connection = disk.Backend.Connections;
            disk.Backend.OnNotify = () =>
            {
                if (connection != disk.Backend.Connections)
                {
                    taken.Clear();
                    connection = disk.Backend.Connections;
                }

                Misbehave(test.Random, disk.Backend, taken);
            };
            await Task.WhenAll(AskAsync(test.Random, disk), AskAsync(test.Random, disk));
            disk.Backend.PerformAtOnce();
            await test.AdvanceAsync(TimeSpan.FromMinutes(2));
            using (var works = await disk.SubmitWhenConnectedAsync(test, () => disk.Write(0, 1, flush: true)))
            {
                Assert.Equal(BlockStatus.Done, works.Status);
            }

            Assert.Equal(queues, disk.Backend.Queues);
            await disk.AssertNothingLeakedAsync();
        },
        queues);

    private static async Task AskAsync(Random random, BlkFrontFixture disk)
    {
        for (var round = 0; round < 20; round++)
        {
            var sector = random.Next(100);
            var sectors = random.Next(1, 129);
            using var answer = await disk.SubmitAsync(random.Next(3) == 0 ? disk.Read(sector, sectors) : disk.Write(sector, 1, sectors, flush: random.Next(2) == 0));
            Assert.NotEqual(BlockStatus.Pending, answer.Status);
        }
    }

    private static void Misbehave(Random random, FakeBlockBackend backend, List<FakeBlockBackend.Request> taken)
    {
        taken.AddRange(backend.TakeAll());
        for (var deed = random.Next(3); deed >= 0 && backend.Queues > 0; deed--)
        {
            var victim = taken.Count == 0 ? null : taken[random.Next(taken.Count)];
            var queue = random.Next(backend.Queues);
            switch (random.Next(10))
            {
                case 0:
                    backend.Respond((ulong)random.NextInt64(), (byte)random.Next(8), (short)random.Next(-3, 2), queue);
                    break;
                case 1:
                    backend.Claim((uint)random.Next(), queue);
                    break;
                case 2:
                    backend.SetState(random.Next(2, 8).ToString(System.Globalization.CultureInfo.InvariantCulture));
                    break;
                case 3 when victim is not null:
                    // By the queue that has it, or by another.
                    backend.Respond(victim.Id, (byte)random.Next(8), 0, queue);
                    break;
                case 4 when victim is not null:
                    backend.Perform(victim, (short)random.Next(-3, 2));
                    break;
                case 5:
                    break;
                default:
                    if (victim is not null)
                    {
                        backend.Perform(victim);
                        taken.Remove(victim);
                    }

                    break;
            }
        }
    }

    private static void Tell(FakeBlockBackend backend, List<FakeBlockBackend.Request> requests, string lie)
    {
        switch (lie)
        {
            case "a request that is not in flight":
                backend.Respond(requests[0].Id + 32, FakeBlockBackend.Read, 0);
                break;
            case "the same request twice":
                backend.Perform(requests[0]);
                backend.Perform(requests[0]);
                break;
            case "another operation":
                backend.Perform(requests[1], operation: FakeBlockBackend.Read);
                break;
            case "a status that is none":
                backend.Perform(requests[0], status: 1);
                break;
            case "more answers than requests":
                backend.Claim(3);
                break;
            case "segments in a page for what had none there":
                backend.Perform(requests[0], operation: FakeBlockBackend.Indirect);
                break;
            default:
                backend.Respond(ulong.MaxValue, FakeBlockBackend.Read, 0);
                break;
        }
    }
}
