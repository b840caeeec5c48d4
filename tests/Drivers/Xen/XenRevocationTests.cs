using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>The capability of a running front end is taken back. What the other domain has mapped stays its own until it lets go, and nobody grants it anything again.</summary>
public sealed class XenRevocationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void AStoppedDiskHasAnsweredEveryRequestThoughTheOtherHalfKeepsItsPages(int queues) => BlkFrontFixture.Run(
        async (test, disk) =>
        {
            var answers = Enumerable.Range(0, 6).Select(sector => disk.SubmitAsync(disk.Read(3 * sector))).ToArray();
            await test.WhenIdle();
            Assert.Equal(6, disk.Backend.TakeAll().Count);
            disk.Backend.HoldsPages = true;
            disk.Frontend.Revoke();
            await disk.Driver.StopAsync(drain: false);
            AssertSaid((await test.ExpectFailureAsync()).Exception);
            foreach (var answer in answers)
            {
                using var batch = await answer;
                Assert.Equal(BlockStatus.DeviceReset, batch.Status);
            }

            var statistics = disk.Device.ReadStatistics();
            Assert.Equal((6, 1), (statistics.LostInReset, statistics.RefusedResets));
            Assert.NotEqual(0, disk.Frontend.GrantCount);
            Assert.Equal((0, 0L), (disk.Device.Buffers.RentedCount, disk.Device.Buffers.MisuseCount));
            Assert.False(disk.Device.Buffers.TryRent(out _));
            await test.WhenIdle();
            // It was told, so that it may let go.
            Assert.Equal("6", disk.Node("state"));
        },
        queues: queues);

    [Fact]
    public void ADiskThatRunsFailsOnceAndLooksAfterItsPagesUntilTheyAreBack() => BlkFrontFixture.Run(async (test, disk) =>
    {
        var before = disk.SubmitAsync(disk.Write(0, 1));
        await test.WhenIdle();
        var later = disk.Write(9, 1);
        disk.Backend.HoldsPages = true;
        disk.Frontend.Revoke();
        var found = disk.SubmitAsync(disk.Write(3, 1));
        await test.ExpectFailureAsync(static failure => failure.Policy == FailurePolicy.Restart);
        AssertSaid((await test.ExpectFailureAsync()).Exception);
        foreach (var answer in (Task<BlockBatch>[])[before, found, disk.SubmitAsync(later)])
        {
            using var batch = await answer;
            Assert.Equal(BlockStatus.DeviceReset, batch.Status);
        }

        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.NotEqual(0, disk.Frontend.GrantCount);
        Assert.Equal((1, 1), ((await disk.StatisticsAsync()).RefusedResets, disk.Backend.Connections));
        disk.Frontend.IsMapped = false;
        await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(0, disk.Frontend.GrantCount);
        // What was given up once is not lent again.
        Assert.False(disk.Device.Buffers.TryRent(out _));
        await disk.Driver.StopAsync(drain: false);
    });

    [Fact]
    public void ADiskWhoseOtherHalfLetsGoLosesNothingButItself() => BlkFrontFixture.Run(async (test, disk) =>
    {
        var answer = disk.SubmitAsync(disk.Write(0, 1));
        await test.WhenIdle();
        disk.Frontend.IsMapped = false;
        disk.Frontend.Revoke();
        await disk.Driver.StopAsync(drain: false);
        using var batch = await answer;
        Assert.Equal(BlockStatus.DeviceReset, batch.Status);
        Assert.Equal((0, 0), (disk.Frontend.GrantCount, disk.Device.ReadStatistics().RefusedResets));
    });

    [Fact]
    public async Task ACardThatRunsFailsAndTakesBackTheFramesThatTheOtherHalfLetsGo()
    {
        await using NetFrontDriverFixture net = new();
        await net.AttachAsync();
        await net.ConnectedAsync();
        net.Frontend.IsMapped = true;
        net.Frontend.Revoke();
        await net.SendAsync(1);
        await net.UntilAsync(_ => !net.Device.IsRunning);
        var posted = net.Device.ReceiveFrames.RentedCount;
        Assert.NotEqual(0, posted);
        Assert.Equal([NetworkDeviceEventKind.Started, NetworkDeviceEventKind.Stopped], net.Client.Events);
        Assert.Equal(0, net.Device.TransmitFrames.RentedCount);
        await net.UntilAsync(static _ => true);
        Assert.Equal(posted, net.Device.ReceiveFrames.RentedCount);
        net.Frontend.IsMapped = false;
        await net.UntilAsync(_ => net.Device.ReceiveFrames.RentedCount == 0);
        Assert.Equal(1, net.Connections);
        await net.EndAndFindNothingLostAsync();
    }

    private static void AssertSaid(Exception exception) => Assert.Contains("was revoked", Assert.IsType<CapabilityException>(exception).Message, StringComparison.Ordinal);
}
