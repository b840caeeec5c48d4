using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Drivers.Tests;

/// <summary>Several queue pairs of a virtio network card: who interrupts whom, which way frames go, and what becomes of all of them in a reset.</summary>
public sealed class MultiqueueTests
{
    private const int Flows = 32;

    [Fact]
    public async Task EachPairHasAVectorToItsOwnProcessorAndTheDeviceIsAskedForAllOfThem()
    {
        await using var net = new MultiqueueFixture(pairs: 3, wanted: 3);
        await net.StartAsync();
        var seen = await net.UntilAsync(_ => net.Asked.Count > 0);
        Assert.Equal([3], net.Asked);
        Assert.Equal(3, seen.Queues.Length);
        Assert.Equal([2, 2, 3, 3, 4, 4, 1], net.Pci.QueueVectors);
        Assert.Equal([0, 1, 2], net.Pci.Vectors.Skip(2).Take(3).Select(static line => line.Processor!.Value));
    }

    [Theory]
    [InlineData(2, 2, 3)]
    [InlineData(2, 1, 6)]
    public async Task WithoutAVectorForEachPairOrOneProcessorThereIsOnePair(int pairs, int wanted, int vectors)
    {
        await using var net = new MultiqueueFixture(pairs, wanted, vectors);
        await net.StartAsync();
        Assert.Empty(net.Asked);
        Assert.Equal(0ul, net.Device.DriverFeatures & (1UL << 22));
        Assert.Equal([true, true, false, false, false], net.Device.Queues.Select(static queue => queue.Ready));
    }

    [Fact]
    public async Task NoMorePairsAreUsedThanThereAreProcessors()
    {
        await using var net = new MultiqueueFixture(pairs: 4, wanted: 2);
        await net.StartAsync();
        await net.UntilAsync(_ => net.Asked.Count > 0);
        Assert.Equal([2], net.Asked);
        Assert.Equal([true, true, true, true, false, false, false, false, true], net.Device.Queues.Select(static queue => queue.Ready));
    }

    [Fact]
    public async Task TheFramesOfAFlowLeaveByOnePairInOrderAndThoseOfManyFlowsByAll()
    {
        const int FramesOfEach = 3;
        await using var net = new MultiqueueFixture();
        await net.StartAsync();
        await net.OpenAsync();
        for (byte mark = 0; mark < FramesOfEach; mark++)
        {
            for (ushort port = 0; port < Flows; port++)
            {
                await net.SendAsync(port, mark);
            }
        }

        var sent = await net.SentAsync(Flows * FramesOfEach);
        Assert.All(sent, static frames => Assert.NotEmpty(frames));
        foreach (var flow in sent.SelectMany(static (frames, pair) => frames.Select(frame => (Pair: pair, Frame: frame))).GroupBy(static one => one.Frame[35]))
        {
            Assert.Single(flow.Select(static one => one.Pair).Distinct());
            Assert.Equal([0, 1, 2], flow.Select(static one => one.Frame[59]));
        }

        await net.EndAndFindNothingLeakedAsync();
    }

    [Fact]
    public async Task FramesThatComeInByEitherPairReachTheClientAndAreCountedByPair()
    {
        await using var net = new MultiqueueFixture();
        await net.StartAsync();
        await net.OpenAsync();
        for (byte mark = 0; mark < 10; mark++)
        {
            Assert.True(net.Device.TryReceive(MultiqueueFixture.FrameOf(1, mark), pair: 1));
        }

        Assert.True(net.Device.TryReceive(MultiqueueFixture.FrameOf(2, 10), pair: 0));
        var seen = await net.UntilAsync(static statistics => statistics.ReceivedFrames == 11);
        Assert.Equal([1, 10], seen.Queues.Select(static queue => queue.ReceivedFrames));
        Assert.All(seen.Queues, static queue => Assert.True(queue.Interrupts > 0));
        Assert.Equal(Enumerable.Range(0, 10), net.Client.Frames.Where(static frame => frame[35] == 1).Select(static frame => (int)frame[59]));
        await net.EndAndFindNothingLeakedAsync();
    }

    [Fact]
    public async Task ADeviceThatRefusesMorePairsGoesOnWithTheFirst()
    {
        await using var net = new MultiqueueFixture(refusesPairs: true);
        await net.StartAsync();
        await net.UntilAsync(_ => net.Asked.Count > 0);
        for (ushort port = 0; port < Flows; port++)
        {
            await net.SendAsync(port);
        }

        Assert.Equal([Flows, 0], (await net.SentAsync(Flows)).Select(static frames => frames.Count));
        await net.EndAndFindNothingLeakedAsync();
    }

    [Fact]
    public async Task ALieInAnyQueueResetsTheWholeDeviceAndAllPairsGoOn()
    {
        await using var net = new MultiqueueFixture();
        await net.StartAsync();
        await net.OpenAsync();
        net.Device.Queues[2].PushAndInterrupt(9999, 1);
        var seen = await net.UntilAsync(static statistics => statistics.Resets > 0);
        Assert.Equal((1, 1), (seen.DeviceViolations, seen.Resets));
        Assert.Equal([NetworkDeviceEventKind.Started, NetworkDeviceEventKind.Stopped, NetworkDeviceEventKind.Started], net.Client.Events);
        await net.OpenAsync();
        Assert.Equal([2, 2], net.Asked);
        Assert.True(net.Device.TryReceive(MultiqueueFixture.FrameOf(1, 0), pair: 1));
        await net.UntilAsync(static statistics => statistics.ReceivedFrames == 1);
        await net.EndAndFindNothingLeakedAsync();
    }

    [Fact]
    public async Task APairThatFailsInTheMiddleOfABatchTakesTheDriverAlongWhichStartsAgainAndHoldsNothing()
    {
        await using var net = new MultiqueueFixture();
        await net.StartAsync();
        await net.OpenAsync();
        var port = net.PortOfPair(1);
        Assert.True(net.Driven.Batches.TryRent(out var batch));
        for (var count = 0; count < 3; count++)
        {
            Assert.True(net.Driven.TransmitFrames.TryRent(out var frame));
            frame.Append(MultiqueueFixture.FrameOf(port, 0));
            Assert.True(batch.TryAdd(frame));
        }

        batch[1].Dispose();
        await net.Driver.TellAsync(NetworkDeviceMessage.Transmit(batch));
        await net.UntilAsync(static statistics => statistics.Resets > 0);
        Assert.Equal((0, 0), (net.Driven.TransmitFrames.RentedCount, net.Driven.Batches.RentedCount));
        await net.OpenAsync();
        await net.EndAndFindNothingLeakedAsync(misuses: 1);
    }

    [Fact]
    public async Task AClientThatIsDetachedGetsNothingMoreFromAnyPairAndTheNextOneDoes()
    {
        await using var net = new MultiqueueFixture();
        await net.StartAsync();
        await net.OpenAsync();
        await net.Driver.TellAsync(NetworkDeviceMessage.Detach());
        await net.UntilAsync(static _ => true);
        Assert.True(net.Device.TryReceive(MultiqueueFixture.FrameOf(1, 0), pair: 1));
        await net.UntilAsync(static statistics => statistics.ReceiveDroppedNoClient == 1);
        Assert.Empty(net.Client.Frames);
        await net.Driver.TellAsync(NetworkDeviceMessage.Attach(net.Client));
        await net.UntilAsync(_ => net.Client.Events.Count == 2);
        Assert.True(net.Device.TryReceive(MultiqueueFixture.FrameOf(1, 1), pair: 1));
        await net.UntilAsync(static statistics => statistics.ReceivedFrames == 1);
        await net.EndAndFindNothingLeakedAsync();
    }

    [Fact]
    public async Task NoFrameOvertakesTheNewsOfTheStartWhicheverPairItComesBy()
    {
        await using var net = new MultiqueueFixture();
        net.Client.Refuses = true;
        await net.Driver.TellAsync(NetworkDeviceMessage.Attach(net.Client));
        await net.UntilAsync(_ => net.Asked.Count > 0);
        Assert.True(net.Device.TryReceive(MultiqueueFixture.FrameOf(1, 0), pair: 1));
        Assert.True(net.Device.TryReceive(MultiqueueFixture.FrameOf(1, 1), pair: 0));
        await net.UntilAsync(static statistics => statistics.ReceiveDroppedClientBusy == 1);
        net.Client.Refuses = false;
        // The other pair's waited in its ring.
        await net.UntilAsync(static statistics => statistics.ReceivedFrames == 1);
        Assert.Equal([NetworkDeviceEventKind.Started], net.Client.Events);
        await net.EndAndFindNothingLeakedAsync();
    }

    [Fact]
    public void AFlowIsNamedByAddressesAndPortsAndAFragmentByAddressesAlone()
    {
        var frame = MultiqueueFixture.FrameOf(1, 0);
        Assert.Equal(FlowHash.Of(frame), FlowHash.Of(MultiqueueFixture.FrameOf(1, 99)));
        Assert.NotEqual(FlowHash.Of(frame), FlowHash.Of(MultiqueueFixture.FrameOf(2, 0)));
        byte[] first = MultiqueueFixture.FrameOf(1, 0), last = MultiqueueFixture.FrameOf(2, 0);
        (first[20], last[21]) = (0x20, 1);
        Assert.Equal(FlowHash.Of(first), FlowHash.Of(last));
        for (var length = 0; length < frame.Length; length++)
        {
            // A header that promises more than there is.
            byte[] cut = [.. frame.AsSpan(0, length)];
            if (length > 14)
            {
                cut[14] = 0x4f;
            }

            FlowHash.Of(cut);
        }

        byte[] arp = new byte[60];
        (arp[12], arp[13]) = (8, 6);
        Assert.Equal(0u, FlowHash.Of(arp));
    }
}
