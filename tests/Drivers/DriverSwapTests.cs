using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Discovery;
using Troupe.Drivers.Tests.Xen;
using Troupe.Drivers.VirtioBlk;
using Troupe.Drivers.VirtioNet;
using Troupe.Drivers.Xen;

namespace Troupe.Drivers.Tests;

/// <summary>A driver is swapped while its device is at work: the old one lets go of it, the new one resets it and goes on, and the clients' references stay.</summary>
public sealed class DriverSwapTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ADisksNewDriverGoesOnAndEveryBatchIsAnsweredOnce(int queues) => BlkFixture.RunWithQueues(
        async (test, blk) =>
        {
            await blk.InformationAsync();
            var answers = Enumerable.Range(0, 6).Select(sector => blk.SubmitAsync(blk.Write(3 * sector, 1))).ToArray();
            await test.WhenIdle();
            var taken = blk.Disk.TakeAll();
            Assert.Equal(Enumerable.Range(0, queues), taken.Select(static request => request.Queue).Distinct());
            blk.Disk.Perform(taken[0]);
            await test.WhenIdle();

            var swap = blk.Driver.SwapAsync(() => new VirtioBlkDriver(blk.Device));
            await test.WhenIdle();
            Assert.Equal(2, (await swap).Generation);
            var statuses = new List<BlockStatus>();
            foreach (var answer in answers)
            {
                using var batch = await answer;
                statuses.Add(batch.Status);
            }

            // What the device had is its own business until the reset, and nobody's afterwards.
            Assert.Equal([BlockStatus.Done, .. Enumerable.Repeat(BlockStatus.DeviceReset, 5)], statuses.Order());
            Assert.Equal(2, (await blk.InformationAsync()).Incarnation);
            blk.Disk.PerformAtOnce();
            var after = Enumerable.Range(0, 4).Select(sector => blk.SubmitAsync(blk.Write(3 * sector, 9))).ToArray();
            foreach (var answer in after)
            {
                using var batch = await answer;
                Assert.Equal(BlockStatus.Done, batch.Status);
            }

            Assert.Equal(9, blk.Disk.Bytes[0]);
            var statistics = await blk.StatisticsAsync();
            Assert.Equal((1, 0), (statistics.Resets, statistics.DeviceViolations));
            await blk.AssertNothingLeakedAsync();
        },
        queues);

    [Fact]
    public async Task TheRegistrarOfDevicesRefusesAndStillKnowsThem()
    {
        await using var system = new ActorSystem();
        var registrar = system.Spawn(new DeviceRegistrar([new FakeFactory("any", static _ => true)], [DeviceBus.Pci]), "devices");
        registrar.Tell(new DeviceRegistrarMessage.Found(new DeviceDescription("card", DeviceBus.Pci, 1, 2), static () => new FakePlatformDevice("card", new FakeWindow(4))));
        registrar.Tell(new DeviceRegistrarMessage.ScanCompleted(DeviceBus.Pci, 1));
        Assert.Single(await DeviceRegistrarTests.DevicesAsync(registrar));
        var refused = await Assert.ThrowsAsync<HotSwapException>(() => registrar.SwapAsync(static () => new DeviceRegistrar([], [])));
        Assert.Contains("discoveries report once", refused.Message, StringComparison.Ordinal);
        Assert.Single(await DeviceRegistrarTests.DevicesAsync(registrar));
    }

    [Fact]
    public void XenstoresClientRefusesAndItsWatchesGoOn() => BlkFrontFixture.Run(async (test, disk) =>
    {
        await disk.InformationAsync();
        var refused = await Assert.ThrowsAsync<HotSwapException>(() => disk.XenStore.SwapAsync(() => new XenStoreClient(disk.Store)));
        Assert.Contains("stream of octets", refused.Message, StringComparison.Ordinal);
        // It is told of through a watch, and read through the same stream.
        disk.Backend.Grow(512);
        await test.WhenIdle();
        Assert.Equal(512, (await disk.InformationAsync()).SectorCount);
    });

    [Fact]
    public void AQueueOfADiskRefusesAndItsDriverIsSwappedWithIt() => BlkFixture.RunWithQueues(async (test, blk) =>
    {
        await blk.InformationAsync();
        await test.WhenIdle();
        var queue = test.System.Find("/disk/queue 1");
        Assert.NotNull(queue);
        var refused = await Assert.ThrowsAsync<HotSwapException>(() => queue.SwapAsync(() => new VirtioBlkDriver(blk.Device)));
        Assert.Contains("swapped with its queues", refused.Message, StringComparison.Ordinal);
        blk.Disk.PerformAtOnce();
        using (var batch = await blk.SubmitAsync(blk.Write(0, 1)))
        {
            Assert.Equal(BlockStatus.Done, batch.Status);
        }

        await blk.AssertNothingLeakedAsync();
    });

    [Fact]
    public async Task ACardsNewDriverSendsAndReceivesByEveryPair()
    {
        await using var net = new MultiqueueFixture();
        await net.StartAsync();
        await net.OpenAsync();
        await net.SendAsync(net.PortOfPair(0));
        await net.SendAsync(net.PortOfPair(1));
        await net.SentAsync(2);

        var swapped = await net.Driver.SwapAsync(() => new VirtioNetDriver(net.Driven));
        Assert.Equal(2, swapped.Generation);
        await net.OpenAsync();
        await net.SendAsync(net.PortOfPair(0), mark: 1);
        await net.SendAsync(net.PortOfPair(1), mark: 2);
        var sent = await net.SentAsync(2);
        Assert.Equal((1, 2), (Assert.Single(sent[0])[59], Assert.Single(sent[1])[59]));
        Assert.Equal(1, (await net.UntilAsync(static _ => true)).Resets);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void AXenDisksNewDriverConnectsAnew(int queues) => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            await disk.InformationAsync();
            var before = disk.SubmitAsync(disk.Write(0, 1));
            await test.WhenIdle();
            var swap = disk.Driver.SwapAsync(disk.NewDriver);
            await test.WhenIdle();
            Assert.Equal(2, (await swap).Generation);
            using (var reset = await before)
            {
                Assert.Equal(BlockStatus.DeviceReset, reset.Status);
            }

            disk.Backend.PerformAtOnce();
            using var done = await disk.SubmitWhenConnectedAsync(test, () => disk.Write(1, 9));
            Assert.Equal((BlockStatus.Done, 9), (done.Status, disk.Backend.Bytes[512]));
            Assert.Equal(2, (await disk.InformationAsync()).Incarnation);
        },
        queues: queues);
}
