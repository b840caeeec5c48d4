using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Rtl8139;
using Troupe.Drivers.Virtio;
using Troupe.Drivers.VirtioNet;
using Troupe.Drivers.VirtioRng;

namespace Troupe.Drivers.Tests;

/// <summary>
/// The capability of a running driver is taken back. Its device can then not be reset by it, and on a bus without a way to keep a device from memory it may go on writing to what it was told of:
/// so whoever waits is answered, and no memory that the device knows is used for anything else.
/// </summary>
public sealed class RevocationTests
{
    [Theory]
    [InlineData("mmio")]
    [InlineData("pci-msix")]
    [InlineData("pci-intx")]
    public void AStoppedDiskHasAnsweredEveryRequestAndLendsNoBufferAgain(string transport) => BlkFixture.Run(
        async (test, blk) =>
        {
            await blk.InformationAsync();
            // Four are at the device, and two wait.
            var answers = Enumerable.Range(0, 6).Select(sector => blk.SubmitAsync(blk.Read(3 * sector))).ToArray();
            await test.WhenIdle();
            Assert.Equal(4, blk.Disk.TakeAll().Count);
            var (freed, began) = (blk.Arena.Freed, test.Time.GetTimestamp());

            blk.Way.Capability.Revoke();
            await blk.Driver.StopAsync(drain: false);
            AssertSaid((await test.ExpectFailureAsync()).Exception);
            foreach (var answer in answers)
            {
                using var batch = await answer;
                Assert.Equal(BlockStatus.DeviceReset, batch.Status);
            }

            // Not because anybody's patience was at its end.
            Assert.Equal(TimeSpan.Zero, test.Time.GetElapsedTime(began));
            var statistics = blk.Device.ReadStatistics();
            Assert.Equal((6, 1), (statistics.LostInReset, statistics.RefusedResets));
            AssertNothingIsUsedAgain(blk, freed);
        },
        transport: transport);

    [Theory]
    [InlineData("mmio")]
    [InlineData("pci-msix")]
    public void ADiskThatRunsFailsOnceAndAnswersFromThenOn(string transport) => BlkFixture.Run(
        async (test, blk) =>
        {
            await blk.InformationAsync();
            var before = blk.SubmitAsync(blk.Write(0, 1));
            await test.WhenIdle();
            var freed = blk.Arena.Freed;
            var refused = blk.Write(9, 1);
            var later = blk.Write(12, 1);

            blk.Way.Capability.Revoke();
            var found = blk.SubmitAsync(blk.Write(3, 1));
            await test.ExpectFailureAsync(static failure => failure.Policy == FailurePolicy.Restart);
            AssertSaid((await test.ExpectFailureAsync()).Exception);
            foreach (var answer in (Task<BlockBatch>[])[before, found, blk.SubmitAsync(refused)])
            {
                using var batch = await answer;
                Assert.Equal(BlockStatus.DeviceReset, batch.Status);
            }

            // Nothing is tried again: it would fail again.
            await test.AdvanceAsync(TimeSpan.FromMinutes(1));
            using (var batch = await blk.SubmitAsync(later))
            {
                Assert.Equal(BlockStatus.DeviceReset, batch.Status);
            }

            var statistics = await blk.StatisticsAsync();
            Assert.Equal((2, 2, 1), (statistics.LostInReset, statistics.Refused, statistics.RefusedResets));
            AssertNothingIsUsedAgain(blk, freed);
            // Whoever stops it hears of it as well: it was never reset.
            await blk.Driver.StopAsync(drain: false);
            AssertSaid((await test.ExpectFailureAsync()).Exception);
        },
        transport: transport);

    [Fact]
    public void ADiskWithoutAnotherRequestFindsOutWhenTheDeviceIsSilent() => BlkFixture.Run(
        async (test, blk) =>
        {
            await blk.InformationAsync();
            var answer = blk.SubmitAsync(blk.Write(0, 1));
            await test.WhenIdle();
            blk.Way.Capability.Revoke();
            await test.AdvanceAsync(BlockDeviceMessage.Patience / 2);
            Assert.True(answer.IsCompleted);
            using var batch = await answer;
            Assert.Equal(BlockStatus.DeviceReset, batch.Status);
            AssertSaid((await test.ExpectFailureAsync(static failure => failure.Policy == FailurePolicy.Restart)).Exception);
            // Its end, before the next incarnation, and the end of that.
            AssertSaid((await test.ExpectFailureAsync()).Exception);
            await blk.Driver.StopAsync(drain: false);
            AssertSaid((await test.ExpectFailureAsync()).Exception);
        });

    [Fact]
    public void EachQueueOfADiskAnswers() => BlkFixture.RunWithQueues(
        async (test, blk) =>
        {
            await blk.InformationAsync();
            var answers = Enumerable.Range(0, 6).Select(sector => blk.SubmitAsync(blk.Write(3 * sector, 1))).ToArray();
            await test.WhenIdle();
            Assert.Equal([0, 1], blk.Disk.TakeAll().Select(static request => request.Queue).Distinct().Order());
            var freed = blk.Arena.Freed;
            blk.Way.Capability.Revoke();
            await blk.Driver.StopAsync(drain: false);
            AssertSaid((await test.ExpectFailureAsync()).Exception);
            foreach (var answer in answers)
            {
                using var batch = await answer;
                Assert.Equal(BlockStatus.DeviceReset, batch.Status);
            }

            AssertNothingIsUsedAgain(blk, freed);
        });

    [Fact]
    public void WhatADiskWasNeverToldOfDoesNotWaitForAResetThatDoesNotEnd() => BlkFixture.Run(
        async (test, blk) =>
        {
            await blk.InformationAsync();
            var answers = Enumerable.Range(0, 6).Select(sector => blk.SubmitAsync(blk.Write(3 * sector, 1))).ToArray();
            await test.WhenIdle();
            blk.Disk.Device.RefusesReset = true;
            blk.Disk.Device.AskForReset();
            await test.WhenIdle();
            Assert.Equal([false, false, false, false, true, true], answers.Select(static answer => answer.IsCompleted));
            blk.Disk.Device.RefusesReset = false;
            await test.AdvanceAsync(TimeSpan.FromSeconds(1));
            foreach (var answer in answers)
            {
                using var batch = await answer;
                Assert.Equal(BlockStatus.DeviceReset, batch.Status);
            }

            await blk.AssertNothingLeakedAsync();
        });

    [Theory]
    [InlineData("mmio")]
    [InlineData("pci-msix")]
    public void AStoppedCardKeepsTheFramesThatItHasAndNoOthers(string transport) => TestSystem.Run(async test =>
    {
        var net = new NetFixture(transport);
        var driver = SpawnNet(test, net);
        await StatisticsAsync(driver);
        Send(net, driver, 20);
        await test.WhenIdle();
        var freed = net.Arena.Freed;
        var posted = net.Driver.ReceiveFrames.RentedCount;
        net.Way.Capability.Revoke();
        await driver.StopAsync(drain: false);
        AssertSaid((await test.ExpectFailureAsync()).Exception);

        Assert.Equal([NetworkDeviceEventKind.Started, NetworkDeviceEventKind.Stopped], net.Client.Events);
        // The ring holds 16.
        Assert.Equal((16, posted, 0), (net.Driver.TransmitFrames.RentedCount, net.Driver.ReceiveFrames.RentedCount, net.Driver.Batches.RentedCount));
        var statistics = net.Driver.ReadStatistics();
        Assert.Equal((20, 1, 0), (statistics.TransmitLostInReset, statistics.RefusedResets, statistics.ReceivedFramesHeld));
        Assert.Equal(freed, net.Arena.Freed);
        Assert.Equal(0, net.Driver.TransmitFrames.MisuseCount + net.Driver.ReceiveFrames.MisuseCount);
    });

    [Theory]
    [InlineData("mmio")]
    [InlineData("pci-msix")]
    public void ACardThatRunsFailsOnceAndDropsFromThenOn(string transport) => TestSystem.Run(async test =>
    {
        var net = new NetFixture(transport);
        var driver = SpawnNet(test, net);
        await StatisticsAsync(driver);
        var freed = net.Arena.Freed;
        net.Way.Capability.Revoke();
        Send(net, driver, 3);
        await test.ExpectFailureAsync(static failure => failure.Policy == FailurePolicy.Restart);
        AssertSaid((await test.ExpectFailureAsync()).Exception);
        Assert.Equal([NetworkDeviceEventKind.Started, NetworkDeviceEventKind.Stopped], net.Client.Events);

        Send(net, driver, 2);
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        var statistics = await StatisticsAsync(driver);
        Assert.Equal((3, 2, 1), (statistics.TransmitLostInReset, statistics.TransmitDroppedInvalid, statistics.RefusedResets));
        // They never came to the device.
        Assert.Equal((0, 0), (net.Driver.TransmitFrames.RentedCount, net.Driver.Batches.RentedCount));
        Assert.Equal(freed, net.Arena.Freed);
        await driver.StopAsync(drain: false);
        AssertSaid((await test.ExpectFailureAsync()).Exception);
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhoWaitsForEntropyIsAnswered(bool isStopped) => TestSystem.Run(async test =>
    {
        var memory = new FakeMemory();
        var device = new FakeVirtioDevice(memory, VirtioDeviceType.Entropy, 1, 8, VirtioFeatures.EventIndex);
        var way = FakeWay.To(device, "mmio", vectors: 0, VirtioRngDriver.RequiredDmaMemory);
        var driver = test.System.Spawn(() => new VirtioRngDriver(way.Transport, way.Arena), new SpawnOptions { Name = "rng", OnFailure = FailurePolicy.Restart });
        var waiting = Enumerable.Range(0, 3).Select(_ => RequestAsync(driver)).ToArray();
        await test.WhenIdle();
        var freed = way.Arena.Freed;
        way.Capability.Revoke();
        if (isStopped)
        {
            await driver.StopAsync(drain: false);
        }
        else
        {
            // The device is silent for too long.
            await test.AdvanceAsync(TimeSpan.FromSeconds(5));
            AssertSaid((await test.ExpectFailureAsync(static failure => failure.Policy == FailurePolicy.Restart)).Exception);
        }

        AssertSaid((await test.ExpectFailureAsync()).Exception);
        foreach (var request in waiting)
        {
            Assert.True(request.IsCompleted);
            await Assert.ThrowsAsync<AskFailedException>(() => request);
        }

        Assert.Equal(freed, way.Arena.Freed);
        if (!isStopped)
        {
            var refused = (await Assert.ThrowsAsync<AskFailedException>(() => RequestAsync(driver))).InnerException;
            Assert.Contains("revoked", Assert.IsType<VirtioException>(refused).Message, StringComparison.Ordinal);
            await test.AdvanceAsync(TimeSpan.FromMinutes(1));
            await driver.StopAsync(drain: false);
            AssertSaid((await test.ExpectFailureAsync()).Exception);
        }
    });

    [Fact]
    public void AStoppedConsoleKeepsTheBuffersThatItHasAndItsClientHearsOfTheEnd() => ConsoleFixture.Run(
        async (test, console) =>
        {
            await console.AttachAsync(test);
            console.Console.HostReads = false;
            Assert.True(console.TrySend("twelve bytes"));
            await test.WhenIdle();
            Assert.Equal(1, console.Client.Port!.SendBuffers.RentedCount);
            var freed = console.Arena.Freed;
            console.Way.Capability.Revoke();
            await console.Driver.StopAsync(drain: false);
            AssertSaid((await test.ExpectFailureAsync()).Exception);
            Assert.Equal(ConsolePortEventKind.Closed, console.Client.Events[^1]);
            Assert.Equal(1, console.Client.Port!.SendBuffers.RentedCount);
            var statistics = console.Device.ReadStatistics();
            Assert.Equal((12, 1), (statistics.SendLostInReset, statistics.RefusedResets));
            Assert.Equal(freed, console.Arena.Freed);
        });

    [Fact]
    public void AConsoleThatRunsFailsOnceAndSaysWhatItCounted() => ConsoleFixture.Run(
        async (test, console) =>
        {
            await console.AttachAsync(test);
            console.Way.Capability.Revoke();
            Assert.True(console.TrySend("twelve bytes"));
            await test.ExpectFailureAsync(static failure => failure.Policy == FailurePolicy.Restart);
            AssertSaid((await test.ExpectFailureAsync()).Exception);
            Assert.Equal(ConsolePortEventKind.Closed, console.Client.Events[^1]);
            await test.AdvanceAsync(TimeSpan.FromMinutes(1));
            Assert.Equal((0, 1), ((await console.StatisticsAsync()).Ports, (await console.StatisticsAsync()).RefusedResets));
            Assert.Equal(0, console.Client.Port!.SendBuffers.RentedCount);
            await console.Driver.StopAsync(drain: false);
            AssertSaid((await test.ExpectFailureAsync()).Exception);
        });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ARealtekCardGivesEveryFrameBack(bool isStopped) => TestSystem.Run(async test =>
    {
        var net = new Rtl8139Fixture();
        net.Card.SendsAtOnce = false;
        var driver = test.System.Spawn(() => new Rtl8139Driver(net.Driver), new SpawnOptions { Name = "card", OnFailure = FailurePolicy.Restart });
        await StatisticsAsync(driver);
        // Four are in the card's own buffers, and two wait.
        Send(net.Driver.Batches, net.Driver.TransmitFrames, driver, 6);
        await test.WhenIdle();
        var freed = net.Arena.Freed;
        net.Card.Revoke();
        Assert.False(net.Card.IsBusMaster);
        if (isStopped)
        {
            await driver.StopAsync(drain: false);
        }
        else
        {
            Send(net.Driver.Batches, net.Driver.TransmitFrames, driver, 1);
            await test.ExpectFailureAsync(static failure => failure.Policy == FailurePolicy.Restart);
            await test.AdvanceAsync(TimeSpan.FromMinutes(1));
            Assert.Equal(1, (await StatisticsAsync(driver)).RefusedResets);
        }

        AssertSaid((await test.ExpectFailureAsync()).Exception);
        Assert.Equal([NetworkDeviceEventKind.Started, NetworkDeviceEventKind.Stopped], net.Client.Events);
        Assert.Equal((0, 0, 0), (net.Driver.TransmitFrames.RentedCount, net.Driver.ReceiveFrames.RentedCount, net.Driver.Batches.RentedCount));
        Assert.Equal((isStopped ? 6 : 7, 1), (net.Statistics.TransmitLostInReset, net.Statistics.RefusedResets));
        Assert.Equal(freed, net.Arena.Freed);
        if (!isStopped)
        {
            await driver.StopAsync(drain: false);
            AssertSaid((await test.ExpectFailureAsync()).Exception);
        }
    });

    /// <summary>Somebody is told, by name.</summary>
    private static void AssertSaid(Exception exception) => Assert.Contains("capability was revoked", Assert.IsType<CapabilityException>(exception).Message, StringComparison.Ordinal);

    /// <summary>Clients have their buffers back and may look at them; nobody gets one of them, and the machine none of that memory.</summary>
    private static void AssertNothingIsUsedAgain(BlkFixture blk, int freed)
    {
        Assert.Equal((0, 0L), (blk.Buffers.RentedCount, blk.Buffers.MisuseCount));
        Assert.False(blk.Buffers.TryRent(out _));
        Assert.Equal(freed, blk.Arena.Freed);
        Assert.NotEqual(0, blk.Arena.BytesInQuarantine);
        Assert.NotEqual(VirtioStatus.Reset, blk.Disk.Device.Status);
    }

    private static ActorRef<NetworkDeviceMessage> SpawnNet(TestSystem test, NetFixture net) =>
        test.System.Spawn(() => new VirtioNetDriver(net.Driver), new SpawnOptions { Name = "card", OnFailure = FailurePolicy.Restart });

    private static async Task<NetworkDeviceStatistics> StatisticsAsync(ActorRef<NetworkDeviceMessage> driver) =>
        await driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);

    private static async Task<ImmutableArray<byte>> RequestAsync(ActorRef<EntropyMessage> driver) =>
        await driver.AskAsync<ImmutableArray<byte>>(static reply => EntropyMessage.Request(8, reply), TimeSpan.FromMinutes(10));

    private static void Send(NetFixture net, ActorRef<NetworkDeviceMessage> driver, int frames) => Send(net.Driver.Batches, net.Driver.TransmitFrames, driver, frames);

    private static void Send(FrameBatchPool batches, FramePool frames, ActorRef<NetworkDeviceMessage> driver, int count)
    {
        Assert.True(batches.TryRent(out var batch));
        for (var index = 0; index < count; index++)
        {
            Assert.True(frames.TryRent(out var frame));
            frame.Append(NetFixture.Frame(index));
            Assert.True(batch.TryAdd(frame));
        }

        Assert.True(driver.TryTell(NetworkDeviceMessage.Transmit(batch)));
    }
}
