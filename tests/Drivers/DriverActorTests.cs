using System.Collections.Immutable;
using Microsoft.Extensions.Time.Testing;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;
using Troupe.Drivers.VirtioNet;
using Troupe.Drivers.VirtioRng;

namespace Troupe.Drivers.Tests;

public sealed class DriverActorTests
{
    [Fact]
    public async Task AnEntropyRequestIsFilledByTheDevice()
    {
        var memory = new FakeMemory();
        var device = new FakeVirtioDevice(memory, VirtioDeviceType.Entropy, 1, 8, VirtioFeatures.EventIndex);
        byte next = 0;
        device.OnNotify = _ =>
        {
            while (device.Queues[0].TryPop(out var head, out var pieces))
            {
                // Half of what was asked for at a time, as a device may.
                var count = Math.Max(1, pieces[0].Length / 2);
                foreach (ref var octet in memory.At(pieces[0].Address, count))
                {
                    octet = next++;
                }

                device.Queues[0].PushAndInterrupt((uint)head, (uint)count);
            }
        };
        var transport = VirtioMmioTransport.Open(new FakeMmioDevice(device));
        var arena = new FakeArena(memory, VirtioRngDriver.RequiredDmaMemory);
        await using var system = new ActorSystem();
        var driver = system.Spawn(() => new VirtioRngDriver(transport, arena), new SpawnOptions { OnFailure = FailurePolicy.Restart });
        var bytes = await driver.AskAsync<ImmutableArray<byte>>(reply => EntropyMessage.Request(10, reply));
        Assert.Equal(Enumerable.Range(0, 10).Select(value => (byte)value), bytes);
    }

    [Fact]
    public async Task ALyingDeviceIsCountedAndTheDriverGoesOn()
    {
        var net = new NetFixture();
        await using var system = new ActorSystem();
        var driver = system.Spawn(() => new VirtioNetDriver(net.Driver), new SpawnOptions { OnFailure = FailurePolicy.Restart });
        await driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
        net.Device.Queues[0].PushAndInterrupt(9999, 1);
        NetworkDeviceStatistics statistics;
        do
        {
            statistics = await driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
        }
        while (statistics.Resets == 0);

        Assert.Equal(1, statistics.DeviceViolations);
        Assert.Equal([NetworkDeviceEventKind.Started, NetworkDeviceEventKind.Stopped, NetworkDeviceEventKind.Started], net.Client.Events);
    }

    [Fact]
    public async Task ADriverThatFailsInTheMiddleOfABatchStartsAgainAndHoldsNothingOfIt()
    {
        var net = new NetFixture();
        await using var system = new ActorSystem(new ActorSystemOptions { OnFailure = static _ => { } });
        var driver = system.Spawn(() => new VirtioNetDriver(net.Driver), new SpawnOptions { OnFailure = FailurePolicy.Restart });
        Assert.True(net.Driver.Batches.TryRent(out var batch));
        for (var count = 0; count < 3; count++)
        {
            Assert.True(net.Driver.TransmitFrames.TryRent(out var frame));
            frame.Append(60).Clear();
            Assert.True(batch.TryAdd(frame));
        }

        // Whoever touches it fails: ./troupe test kills does the same in a guest.
        batch[1].Dispose();
        await driver.TellAsync(NetworkDeviceMessage.Transmit(batch));
        var statistics = await driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
        Assert.Equal((1, 1, 0, 0), (statistics.Resets, statistics.TransmitLostInReset, statistics.DeviceViolations, statistics.ReceivedFramesHeld));
        Assert.Equal((0, 0), (net.Driver.TransmitFrames.RentedCount, net.Driver.Batches.RentedCount));
    }

    [Fact]
    public async Task ADeviceThatLiesWheneverItIsStartedIsLeftAloneForAWhile()
    {
        const int Asks = 100, LiesInARow = 5;
        var clock = new FakeTimeProvider();
        var net = new NetFixture();
        net.Device.OnNotify = queue => net.Device.Queues[queue].PushAndInterrupt(9999, 1);
        await using var system = new ActorSystem(new ActorSystemOptions { Time = clock });
        var driver = system.Spawn(() => new VirtioNetDriver(net.Driver), new SpawnOptions { OnFailure = FailurePolicy.Restart });
        async Task<long> ViolationsAsync()
        {
            // Each answer is a turn, in which a driver that does not rest looks at the device.
            long violations = 0;
            for (var ask = 0; ask < Asks; ask++)
            {
                violations = (await driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics)).DeviceViolations;
            }

            return violations;
        }

        Assert.Equal(LiesInARow, await ViolationsAsync());
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(LiesInARow + 1, await ViolationsAsync());
    }

    [Fact]
    public async Task ADeviceWhoseResetDoesNotEndIsResetAgainLater()
    {
        var clock = new FakeTimeProvider();
        var net = new NetFixture();
        await using var system = new ActorSystem(new ActorSystemOptions { Time = clock });
        var driver = system.Spawn(() => new VirtioNetDriver(net.Driver), new SpawnOptions { OnFailure = FailurePolicy.Restart });
        await driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
        net.Device.RefusesReset = true;
        net.Device.AskForReset();
        await driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
        // What it has of our memory it may still write to.
        Assert.NotEqual(0, net.Driver.ReceiveFrames.RentedCount);
        Assert.NotEqual(0, net.Arena.BytesInQuarantine);
        net.Device.RefusesReset = false;
        clock.Advance(TimeSpan.FromSeconds(1));
        await driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
        Assert.True(net.Driver.IsRunning);
        Assert.False(driver.Terminated.IsCompleted);
        Assert.Equal(0, net.Arena.BytesInQuarantine);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ADeviceWhoseMemoryIsRefusedAfterAResetIsStartedLater(int refusals)
    {
        var net = new NetFixture();
        await using var system = new ActorSystem();
        var driver = system.Spawn(() => new VirtioNetDriver(net.Driver), new SpawnOptions { OnFailure = FailurePolicy.Restart });
        await driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
        net.Arena.Refusals = refusals;
        net.Device.AskForReset();
        do
        {
            await driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
            await Task.Delay(10);
        }
        while (net.Client.Events.Count < 3);

        Assert.Equal([NetworkDeviceEventKind.Started, NetworkDeviceEventKind.Stopped, NetworkDeviceEventKind.Started], net.Client.Events);
        Assert.Equal(0, net.Arena.BytesInQuarantine);
    }
}
