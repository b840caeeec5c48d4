using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Rtl8139;

namespace Troupe.Drivers.Tests;

/// <summary>The driver as the actor that it is.</summary>
public sealed class Rtl8139DriverTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private static readonly NetworkDeviceEventKind[] _restarted =
        [NetworkDeviceEventKind.Started, NetworkDeviceEventKind.Stopped, NetworkDeviceEventKind.Started];

    [Fact]
    public async Task ACardThatLiesIsCountedAndResetAndTheDriverGoesOn()
    {
        var net = new Rtl8139Fixture();
        await using var system = new ActorSystem();
        var driver = Spawn(system, net);
        await AskAsync(driver);
        net.Card.Put(0, 68, NetFixture.Frame(1));
        var statistics = await UntilAsync(driver, static seen => seen.Resets > 0);
        Assert.Equal(1, statistics.DeviceViolations);
        Assert.Equal(_restarted, net.Client.Events);
    }

    [Fact]
    public async Task ACardThatIsGoneIsStartedWhenItIsBack()
    {
        var clock = new FakeTimeProvider();
        var net = new Rtl8139Fixture();
        await using var system = new ActorSystem(new ActorSystemOptions { Time = clock });
        var driver = Spawn(system, net);
        await AskAsync(driver);
        net.Card.IsDead = true;
        net.Card.Raise(FakeRtl8139.LinkChange);
        // The reset is tried once and fails.
        await UntilAsync(driver, static seen => seen.DeviceViolations >= 2);
        clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(driver, static seen => seen.DeviceViolations >= 3);
        net.Card.IsDead = false;
        clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(driver, static seen => seen.Resets > 0);
        Assert.Equal(_restarted, net.Client.Events);
    }

    [Fact]
    public async Task ADriverThatFailsIsReplacedByOneThatResetsTheCardAndServesTheSameClient()
    {
        var net = new Rtl8139Fixture();
        await using var system = new ActorSystem();
        var driver = Spawn(system, net);
        await AskAsync(driver);
        var resets = net.Card.Resets;
        // A batch that somebody else has disposed: the driver's turn fails over it.
        Assert.True(net.Driver.Batches.TryRent(out var batch));
        var message = NetworkDeviceMessage.Transmit(batch);
        batch.Dispose();
        driver.Tell(message);
        await UntilAsync(driver, static seen => seen.Resets > 0);
        Assert.True(net.Card.Resets > resets);
        Assert.Equal(_restarted, net.Client.Events);
        Assert.True(net.Card.TryReceive(NetFixture.Frame(3)));
        await UntilAsync(driver, static seen => seen.ReceivedFrames > 0);
        Assert.Equal(NetFixture.Frame(3), Assert.Single(net.Client.Frames));
    }

    private static ActorRef<NetworkDeviceMessage> Spawn(ActorSystem system, Rtl8139Fixture net) =>
        system.Spawn(() => new Rtl8139Driver(net.Driver), new SpawnOptions { OnFailure = FailurePolicy.Restart });

    /// <summary>Asks until it is so; each answer is a turn in which the driver looks at what there is to do.</summary>
    private static async Task<NetworkDeviceStatistics> UntilAsync(ActorRef<NetworkDeviceMessage> driver, Func<NetworkDeviceStatistics, bool> isSo)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var seen = await AskAsync(driver);
            if (isSo(seen))
            {
                return seen;
            }

            Assert.True(clock.Elapsed < _patience, $"it did not come to it: {seen}");
        }
    }

    private static ValueTask<NetworkDeviceStatistics> AskAsync(ActorRef<NetworkDeviceMessage> driver) =>
        driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
}
