using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

public sealed class VirtioNetTests
{
    [Theory]
    [InlineData("mmio", true, 70_000)]
    [InlineData("mmio", false, 2_000)]
    [InlineData("pci-msix", true, 2_000)]
    [InlineData("pci-one-vector", true, 2_000)]
    [InlineData("pci-intx", true, 2_000)]
    [InlineData("pci-intx", false, 2_000)]
    public void FramesGoBothWaysUnchanged(string transport, bool eventIndex, int rounds)
    {
        var net = new NetFixture(transport, eventIndex ? NetFixture.AllFeatures : NetFixture.AllFeatures & ~VirtioFeatures.EventIndex);
        net.Start();
        Assert.Equal(0x525400123456ul, net.Client.Information!.HardwareAddress.Value);
        Assert.Equal(1500, net.Client.Information.MaximumTransmissionUnit);
        Assert.True(net.Client.IsLinkUp);
        // Far more than the ring, and in one case past the wrap of its 16-bit indices.
        for (var round = 0; round < rounds; round++)
        {
            var sent = NetFixture.Frame(round & 15, 60 + (round & 63));
            Assert.True(net.Device.TryReceive(sent));
            Assert.True(net.Run());
            Assert.Equal(sent, Assert.Single(net.Client.Frames));
            net.Client.Frames.Clear();
            net.Send(sent);
            Assert.True(net.Device.TryTransmit(out var seen));
            Assert.Equal(sent, seen);
            net.Run();
        }

        net.AssertNothingLeaked();
    }

    [Fact]
    public void NoInterruptIsAskedForWhileFramesAreBeingTaken()
    {
        var net = new NetFixture();
        net.Start();
        for (var index = 0; index < 10; index++)
        {
            Assert.True(net.Device.TryReceive(NetFixture.Frame(index)));
        }

        Assert.Equal(1, net.Interrupts);
        Assert.True(net.Run());
        Assert.Equal(10, net.Client.Frames.Count);
        Assert.False(net.Run());
        Assert.True(net.Device.TryReceive(NetFixture.Frame(11)));
        Assert.Equal(1, net.Interrupts);
    }

    [Fact]
    public void FramesBeyondTheRingWaitAndThoseBeyondTheQueueAreCounted()
    {
        var net = new NetFixture(ring: 8);
        net.Start();
        for (var index = 0; index < 50; index++)
        {
            net.Send(NetFixture.Frame(index));
        }

        // 8 in the ring, 32 waiting, 10 dropped.
        Assert.Equal(10, net.Driver.ReadStatistics().TransmitDroppedQueueFull);
        var seen = 0;
        do
        {
            while (net.Device.TryTransmit(out var frame))
            {
                Assert.Equal(NetFixture.Frame(seen++), frame);
            }
        }
        while (net.Run());

        Assert.Equal(40, seen);
        net.AssertNothingLeaked();
    }

    [Fact]
    public void WhatAClientHasNoRoomForStaysWithTheDeviceAndIsLostToNobodyWhoGotIntoTheRing()
    {
        var net = new NetFixture(ring: 16, frames: 32);
        net.Client.Holds = true;
        net.Start();
        var accepted = 0;
        while (accepted < 200 && net.Device.TryReceive(NetFixture.Frame(accepted)))
        {
            accepted++;
            net.Run();
        }

        // All frames but those that stay with the device, and then what the ring itself holds.
        Assert.InRange(accepted, 32, 40);
        Assert.True(net.Driver.IsHeldBack);
        Assert.True(net.Driver.ReadStatistics().ReceiveHeldBack > 0);
        net.Client.Clear();
        net.Driver.Service();
        Assert.False(net.Driver.IsHeldBack);
        Assert.Equal(accepted, net.Driver.ReadStatistics().ReceivedFrames);
        Assert.True(net.Device.TryReceive(NetFixture.Frame(accepted)));
        net.Run();
        Assert.Equal(accepted + 1, net.Driver.ReadStatistics().ReceivedFrames);
        net.AssertNothingLeaked();
    }

    [Fact]
    public void AClientWithAFullMailboxLosesFramesAndIsToldTheStateLater()
    {
        var net = new NetFixture();
        net.Client.Refuses = true;
        net.Start();
        Assert.True(net.Device.TryReceive(NetFixture.Frame(1)));
        net.Run();
        Assert.Equal(1, net.Driver.ReadStatistics().ReceiveDroppedClientBusy);
        net.Client.Refuses = false;
        net.Driver.CatchUp();
        Assert.Equal([NetworkDeviceEventKind.Started], net.Client.Events);
        net.AssertNothingLeaked();
    }

    [Fact]
    public void AResetWithBuffersInFlightReturnsEveryFrame()
    {
        var net = new NetFixture();
        net.Client.Holds = true;
        net.Start();
        net.Device.TryReceive(NetFixture.Frame(1));
        net.Run();
        net.Send(NetFixture.Frame(2), NetFixture.Frame(3));
        net.Start();
        Assert.Equal(2, net.Driver.ReadStatistics().TransmitLostInReset);
        Assert.Equal(1, net.Driver.ReadStatistics().Resets);
        net.Device.TryReceive(NetFixture.Frame(4));
        net.Run();
        Assert.Equal(2, net.Client.Frames.Count);
        net.AssertNothingLeaked();
    }

    [Fact]
    public void NothingIsTakenBackFromADeviceThatDoesNotReset()
    {
        var net = new NetFixture();
        net.Start();
        var held = net.Driver.ReceiveFrames.RentedCount;
        net.Device.RefusesReset = true;
        Assert.Throws<VirtioException>(net.Driver.Stop);
        Assert.Equal(held, net.Driver.ReceiveFrames.RentedCount);
        Assert.True(net.Arena.BytesInQuarantine > 0);
        net.Device.RefusesReset = false;
        net.AssertNothingLeaked();
    }

    [Fact]
    public void TheLinkGoesDownAndUp()
    {
        var net = new NetFixture();
        net.Start();
        net.Device.Configuration[6] = 0;
        net.Device.ChangeConfiguration();
        net.Run();
        Assert.Equal([NetworkDeviceEventKind.Started, NetworkDeviceEventKind.LinkChanged], net.Client.Events);
        Assert.False(net.Client.IsLinkUp);
    }

    [Fact]
    public void ForeignFramesAreCopiedAndInvalidOnesDropped()
    {
        var net = new NetFixture();
        net.Start();
        var foreign = FramePool.Create(new FramePoolOptions { FrameCount = 2 });
        Assert.True(net.Driver.Batches.TryRent(out var batch));
        Assert.True(foreign.TryRent(out var frame));
        frame.Append(NetFixture.Frame(1));
        batch.TryAdd(frame);
        Assert.True(foreign.TryRent(out var tooShort));
        tooShort.Append(5);
        batch.TryAdd(tooShort);
        net.Driver.Transmit(batch);
        Assert.True(net.Device.TryTransmit(out var seen));
        Assert.Equal(NetFixture.Frame(1), seen);
        Assert.Equal(1, net.Driver.ReadStatistics().TransmitCopied);
        Assert.Equal(1, net.Driver.ReadStatistics().TransmitDroppedInvalid);
        Assert.Equal(0, foreign.RentedCount);
        net.AssertNothingLeaked();
    }

    [Theory]
    [InlineData("identifier out of range")]
    [InlineData("not in flight")]
    [InlineData("length")]
    [InlineData("index jumps")]
    public void ALieOfTheDeviceIsDetectedAndAResetRepairsIt(string lie)
    {
        var net = new NetFixture();
        net.Start();
        var queue = net.Device.Queues[0];
        Assert.True(queue.TryPop(out var head, out var pieces));
        switch (lie)
        {
            case "identifier out of range": queue.Push(9999, 64); break;
            case "not in flight": queue.Push((uint)head, 64); queue.Push((uint)head, 64); break;
            case "length": queue.Push((uint)head, (uint)pieces[0].Length + 1); break;
            default: queue.UsedIndex += 100; queue.Push((uint)head, 64); break;
        }

        Assert.Throws<DeviceViolationException>(() => net.Driver.Service());
        net.Start();
        Assert.True(net.Device.TryReceive(NetFixture.Frame(7)));
        net.Run();
        Assert.Contains(net.Client.Frames, frame => frame.AsSpan().SequenceEqual(NetFixture.Frame(7)));
        net.AssertNothingLeaked();
    }

    [Fact]
    public void NothingIsAllocatedPerFrame()
    {
        var net = new NetFixture("pci-msix", ring: 64, frames: 128);
        net.Client.Records = false;
        net.Start();
        var rounds = 0;
        var allocated = Allocations.Least(() => Enumerable.Range(0, 25).Sum(_ => Round()));
        Assert.Equal(0, allocated);
        Assert.Equal(rounds * 32, net.Client.Count);
        net.AssertNothingLeaked();

        long Round()
        {
            rounds++;
            for (var index = 0; index < 32; index++)
            {
                net.Device.TryReceive(NetFixture.Frame(index));
            }

            Assert.True(net.Driver.Batches.TryRent(out var batch));
            for (var index = 0; index < 32; index++)
            {
                net.Driver.TransmitFrames.TryRent(out var frame);
                frame.Append(64);
                batch.TryAdd(frame);
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            net.Driver.TakeInterrupt();
            net.Driver.Service();
            net.Driver.Transmit(batch);
            var after = GC.GetAllocatedBytesForCurrentThread();
            while (net.Device.TryTransmit(out _))
            {
            }

            return after - before;
        }
    }

    [Fact]
    public void RandomWorkLosesNoFrame()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TROUPE_SEED"), out var given) ? given : Random.Shared.Next();
        try
        {
            RunRandomWork(new Random(seed), operations: 20_000);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"Failed with TROUPE_SEED={seed}", exception);
        }
    }

    private static void RunRandomWork(Random random, int operations)
    {
        var net = new NetFixture(random.Next(2) == 0 ? "mmio" : "pci-msix", ring: 8, frames: 32);
        net.Start();
        long sent = 0, received = 0;
        for (var operation = 0; operation < operations; operation++)
        {
            switch (random.Next(12))
            {
                case < 4: received += net.Device.TryReceive(NetFixture.Frame(operation)) ? 1 : 0; break;
                case < 6 when net.Driver.TransmitFrames.RentedCount < 30: net.Send(NetFixture.Frame(operation)); sent++; break;
                case < 9: net.Device.TryTransmit(out _); break;
                case 9: net.Client.Holds = !net.Client.Holds; break;
                case 10: net.Client.Clear(); break;
                default:
                    net.Run();
                    if (random.Next(50) == 0)
                    {
                        // What the device has filled and the driver not seen is lost with the reset.
                        net.Driver.Service();
                        net.Start();
                    }

                    break;
            }
        }

        net.Client.Clear();
        net.Client.Holds = false;
        net.Driver.Service();
        net.Driver.Stop();
        var statistics = net.Driver.ReadStatistics();
        Assert.Equal(received, statistics.ReceivedFrames);
        Assert.Equal(sent, statistics.TransmittedFrames + statistics.TransmitLostInReset + statistics.TransmitDroppedQueueFull);
        net.AssertNothingLeaked();
    }
}
