using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>Several queues of a Xen network card: what the two halves agree on, which way frames go, and what becomes of all queues when one breaks the rules or the other half closes.</summary>
public sealed class NetFrontMultiqueueTests
{
    private const int Flows = 32;

    [Theory]
    [InlineData("4", 3, 3)]
    [InlineData("2", 4, 2)]
    public async Task AsManyQueuesAreUsedAsBothHalvesTakeEachWithNodesAndAChannelToAProcessorOfItsOwn(string offered, int wanted, int queues)
    {
        await using NetFrontDriverFixture net = new(offered, wanted);
        await net.AttachAsync();
        var seen = await net.ConnectedAsync();
        Assert.Equal($"{queues}", net.Node("multi-queue-num-queues"));
        Assert.Equal(queues, seen.Queues.Length);
        Assert.Equal(2 * queues, Enumerable.Range(0, queues).SelectMany(queue => (string?[])[net.Node($"queue-{queue}/tx-ring-ref"), net.Node($"queue-{queue}/rx-ring-ref")]).Distinct().Count(static grant => grant is not null));
        Assert.Equal(Enumerable.Range(7, queues).Select(static port => $"{port}"), Enumerable.Range(0, queues).Select(queue => net.Node($"queue-{queue}/event-channel")));
        Assert.Equal(Enumerable.Range(0, queues), net.Frontend.Channels.Select(static channel => channel.Processor!.Value));
        Assert.Null(net.Node($"queue-{queues}/tx-ring-ref"));
        Assert.Null(net.Node("tx-ring-ref"));
        await net.EndAndFindNothingLostAsync();
    }

    [Theory]
    [InlineData(null, 2)]
    [InlineData("1", 2)]
    [InlineData("4", 1)]
    [InlineData("0", 2)]
    [InlineData("-3", 2)]
    [InlineData("many", 2)]
    public async Task WithOneProcessorOrAnotherHalfThatTakesOneQueueOrTalksNonsenseThereIsOneWithTheOldNodes(string? offered, int wanted)
    {
        await using NetFrontDriverFixture net = new(offered, wanted);
        await net.AttachAsync();
        var seen = await net.ConnectedAsync();
        Assert.Equal("1", net.Node("multi-queue-num-queues"));
        Assert.All((string[])["tx-ring-ref", "rx-ring-ref", "event-channel"], node => Assert.NotNull(net.Node(node)));
        Assert.DoesNotContain(net.Store.Nodes.Keys, static path => path.Contains("queue-0", StringComparison.Ordinal));
        Assert.Empty(seen.Queues);
        Assert.Null(Assert.Single(net.Frontend.Channels).Processor);
        await net.SendAsync(1);
        Assert.Single((await net.SentAsync(1)).Single());
        await net.EndAndFindNothingLostAsync();
    }

    [Fact]
    public async Task TheFramesOfAFlowLeaveByOneQueueInOrderAndThoseOfManyFlowsByAll()
    {
        const int FramesOfEach = 3;
        await using NetFrontDriverFixture net = new("2", 2);
        await net.AttachAsync();
        await net.ConnectedAsync();
        for (byte mark = 0; mark < FramesOfEach; mark++)
        {
            for (ushort port = 0; port < Flows; port++)
            {
                await net.SendAsync(port, mark);
            }
        }

        var sent = await net.SentAsync(Flows * FramesOfEach);
        Assert.All(sent, static frames => Assert.NotEmpty(frames));
        foreach (var flow in sent.SelectMany(static (frames, queue) => frames.Select(frame => (Queue: queue, Frame: frame))).GroupBy(static one => one.Frame[35]))
        {
            Assert.Single(flow.Select(static one => one.Queue).Distinct());
            Assert.Equal([0, 1, 2], flow.Select(static one => one.Frame[59]));
        }

        var seen = await net.UntilAsync(static statistics => statistics.TransmittedFrames == Flows * FramesOfEach);
        Assert.Equal(sent.Select(static frames => (long)frames.Length), seen.Queues.Select(static queue => queue.TransmittedFrames));
        Assert.Equal(0, net.Device.TransmitFrames.RentedCount);
        await net.EndAndFindNothingLostAsync();
    }

    [Fact]
    public async Task FramesThatComeInByEitherQueueReachTheClientAndAreCountedByQueue()
    {
        await using NetFrontDriverFixture net = new("2", 2);
        await net.AttachAsync();
        await net.ConnectedAsync();
        for (byte mark = 0; mark < 10; mark++)
        {
            Assert.True(net.Queues[1].TryDeliver(MultiqueueFixture.FrameOf(1, mark)));
        }

        Assert.True(net.Queues[0].TryDeliver(MultiqueueFixture.FrameOf(2, 10)));
        var seen = await net.UntilAsync(static statistics => statistics.ReceivedFrames == 11);
        Assert.Equal([1, 10], seen.Queues.Select(static queue => queue.ReceivedFrames));
        Assert.All(seen.Queues, static queue => Assert.True(queue.Interrupts > 0));
        Assert.Equal(Enumerable.Range(0, 10), net.Client.Frames.Where(static frame => frame[35] == 1).Select(static frame => (int)frame[59]));
        await net.EndAndFindNothingLostAsync();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task TheQueuesTogetherHaveHalfOfTheFramesAndEachCanTakeALargePacket(int queues)
    {
        await using NetFrontDriverFixture net = new("8", queues);
        await net.AttachAsync();
        await net.ConnectedAsync();
        Assert.All(net.Queues, queue => Assert.Equal(384 / 2 / queues, queue.Buffers));
        Assert.Equal(384 / 2, net.Device.ReceiveFrames.RentedCount);
        Assert.Equal("1", net.Node("feature-gso-tcpv4"));
        byte[] large = [.. Enumerable.Range(0, 65_000).Select(static value => (byte)(value / 9))];
        Assert.All(net.Queues, queue => Assert.True(queue.TryDeliverLarge(large)));
        await net.UntilAsync(statistics => statistics.ReceivedMerged == queues);
        Assert.All(net.Client.Frames, frame => Assert.Equal(large, frame));
        await net.EndAndFindNothingLostAsync();
    }

    [Fact]
    public async Task SoManyQueuesThatNoneHasBuffersForALargePacketOfferToTakeNone()
    {
        await using NetFrontDriverFixture net = new("8", 4);
        await net.AttachAsync();
        await net.ConnectedAsync();
        Assert.All((string[])["feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6"], feature => Assert.Equal("0", net.Node(feature)));
        await net.EndAndFindNothingLostAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task ALieInAnyQueueCutsTheWholeDeviceOffAndAllQueuesGoOnWhenItIsConnectedAgain(int queue)
    {
        await using NetFrontDriverFixture net = new("2", 2);
        await net.AttachAsync();
        await net.ConnectedAsync();
        net.Queues[queue].Claim(9999);
        var seen = await net.ConnectedAsync(times: 2);
        Assert.Equal((1, 1), (seen.DeviceViolations, seen.Resets));
        Assert.Equal([NetworkDeviceEventKind.Started, NetworkDeviceEventKind.Stopped, NetworkDeviceEventKind.Started], net.Client.Events);
        Assert.All(net.Queues, static other => Assert.True(other.TryDeliver(MultiqueueFixture.FrameOf(1, 0))));
        await net.UntilAsync(static statistics => statistics.ReceivedFrames == 2);
        await net.EndAndFindNothingLostAsync();
    }

    [Fact]
    public async Task AnotherHalfThatClosesIsConnectedToWithAsManyQueuesAsItTakesThen()
    {
        await using NetFrontDriverFixture net = new("3", 3);
        await net.AttachAsync();
        await net.ConnectedAsync();
        var connections = 1;
        long received = 0;
        foreach (var queues in (int[])[1, 2, 3, 1])
        {
            await net.SendAsync(net.PortOfQueue(net.Queues.Length - 1));
            net.Offer($"{queues}");
            net.Close();
            await net.ConnectedAsync(++connections);
            Assert.Equal(queues, net.Queues.Length);
            Assert.All(net.Queues, static queue => Assert.True(queue.TryDeliver(MultiqueueFixture.FrameOf(1, 0))));
            received += queues;
            var seen = await net.UntilAsync(statistics => statistics.ReceivedFrames == received);
            Assert.Equal(queues == 1 ? 0 : queues, seen.Queues.Length);
            Assert.Equal(queues, net.Frontend.Channels.Count(static channel => channel.IsConnected));
            Assert.Equal(queues == 1 ? 256 : 384 / 2, net.Device.ReceiveFrames.RentedCount);
        }

        await net.EndAndFindNothingLostAsync();
    }

    [Fact]
    public async Task AQueueThatFailsInTheMiddleOfABatchTakesTheDriverAlongWhichConnectsAgainAndHoldsNothing()
    {
        await using NetFrontDriverFixture net = new("2", 2);
        await net.AttachAsync();
        await net.ConnectedAsync();
        var port = net.PortOfQueue(1);
        Assert.True(net.Device.Batches.TryRent(out var batch));
        for (var count = 0; count < 3; count++)
        {
            Assert.True(net.Device.TransmitFrames.TryRent(out var frame));
            frame.Append(MultiqueueFixture.FrameOf(port, 0));
            Assert.True(batch.TryAdd(frame));
        }

        batch[1].Dispose();
        await net.Driver.TellAsync(NetworkDeviceMessage.Transmit(batch));
        await net.ConnectedAsync(times: 2);
        Assert.Equal((0, 0), (net.Device.TransmitFrames.RentedCount, net.Device.Batches.RentedCount));
        await net.EndAndFindNothingLostAsync(misuses: 1);
    }

    [Fact]
    public async Task AClientThatIsDetachedGetsNothingMoreFromAnyQueueAndTheNextOneDoes()
    {
        await using NetFrontDriverFixture net = new("2", 2);
        await net.AttachAsync();
        await net.ConnectedAsync();
        await net.Driver.TellAsync(NetworkDeviceMessage.Detach());
        await net.ConnectedAsync();
        Assert.True(net.Queues[1].TryDeliver(MultiqueueFixture.FrameOf(1, 0)));
        await net.UntilAsync(static statistics => statistics.ReceiveDroppedNoClient == 1);
        Assert.Empty(net.Client.Frames);
        await net.AttachAsync();
        await net.UntilAsync(_ => net.Client.Events.Count == 2);
        await net.ConnectedAsync();
        Assert.True(net.Queues[1].TryDeliver(MultiqueueFixture.FrameOf(1, 1)));
        await net.UntilAsync(static statistics => statistics.ReceivedFrames == 1);
        await net.EndAndFindNothingLostAsync();
    }

    [Fact]
    public async Task NoFrameOvertakesTheNewsOfTheStartWhicheverQueueItComesBy()
    {
        await using NetFrontDriverFixture net = new("2", 2);
        net.Client.Refuses = true;
        await net.AttachAsync();
        await net.UntilAsync(_ => net.Device.IsRunning && net.Device.IsStatusUntold);
        Assert.True(net.Queues[1].TryDeliver(MultiqueueFixture.FrameOf(1, 0)));
        Assert.True(net.Queues[0].TryDeliver(MultiqueueFixture.FrameOf(1, 1)));
        await net.UntilAsync(static statistics => statistics.ReceiveDroppedClientBusy == 1);
        net.Client.Refuses = false;
        // The other queue's waited in its ring.
        await net.UntilAsync(static statistics => statistics.ReceivedFrames == 1);
        Assert.Equal([NetworkDeviceEventKind.Started], net.Client.Events);
        await net.EndAndFindNothingLostAsync();
    }

    [Fact]
    public async Task AQueueWhoseClientHoldsAllItGetsGoesOnWhenItGivesBackAndTheOtherOneHasItsBuffers()
    {
        await using NetFrontDriverFixture net = new("2", 2);
        await net.AttachAsync();
        await net.ConnectedAsync();
        net.Client.Holds = true;
        long delivered = 0;
        // Until it has no buffers for more; how many it takes is said by how many it has.
        await net.UntilAsync(statistics =>
        {
            while (net.Queues[1].TryDeliver(MultiqueueFixture.FrameOf(1, 0)))
            {
                delivered++;
            }

            return statistics.ReceiveHeldBack > 0;
        });
        Assert.True(net.Queues[0].Buffers >= 30, $"the other queue has {net.Queues[0].Buffers} buffers");
        net.Client.Holds = false;
        net.Client.Clear();
        // No event tells of it: a timer does.
        await net.UntilAsync(statistics => statistics.ReceivedFrames == delivered);
        await net.EndAndFindNothingLostAsync();
    }
}
