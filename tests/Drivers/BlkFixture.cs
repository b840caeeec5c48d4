using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.VirtioBlk;

namespace Troupe.Drivers.Tests;

/// <summary>A virtio block device, its driver's actor in a system of the TestKit, and a client.</summary>
internal sealed class BlkFixture
{
    public BlkFixture(TestSystem test, FakeDisk disk, string transport = "mmio", int maximumBatches = 16, int wanted = 1, int vectors = 2)
    {
        Disk = disk;
        Way = FakeWay.To(disk.Device, transport, vectors);
        Device = new VirtioBlkDevice(Way.Transport, Arena, new VirtioBlkOptions { Queues = wanted, RingSizeLimit = 16, MaximumInFlight = 4, MaximumBatches = maximumBatches, BufferCount = 16, BufferSize = 8192 });
        Driver = test.System.Spawn(() => new VirtioBlkDriver(Device), new SpawnOptions { Name = "disk", OnFailure = FailurePolicy.Restart });
    }

    public FakeDisk Disk { get; }

    /// <summary>What the driver has of the device.</summary>
    public FakeWay Way { get; }

    public FakePciDevice Pci => Way.Pci!;

    public FakeArena Arena => Way.Arena;

    public VirtioBlkDevice Device { get; }

    public ActorRef<BlockDeviceMessage> Driver { get; }

    public BlockBufferPool Buffers => Device.Buffers;

    /// <summary>A scenario with a disk.</summary>
    public static void Run(Func<TestSystem, BlkFixture, Task> scenario, ulong features = FakeDisk.Usual, string transport = "mmio", uint blockSize = 512, Action<FakeDisk>? configure = null, int maximumBatches = 16, TestOptions? options = null) =>
        TestSystem.Run(test =>
        {
            var memory = new FakeMemory();
            var disk = new FakeDisk(memory, features, blockSize: blockSize);
            configure?.Invoke(disk);
            return scenario(test, new BlkFixture(test, disk, transport, maximumBatches));
        }, options);

    /// <summary>A scenario with a disk of several queues, on PCI; as many are wanted and there are vectors for, unless it is said.</summary>
    public static void RunWithQueues(Func<TestSystem, BlkFixture, Task> scenario, int queues = 2, int? wanted = null, int? vectors = null) =>
        TestSystem.Run(test => scenario(test, WithQueues(test, queues, wanted, vectors)));

    public static BlkFixture WithQueues(TestSystem test, int queues = 2, int? wanted = null, int? vectors = null)
    {
        var memory = new FakeMemory();
        return new BlkFixture(test, new FakeDisk(memory, queues: queues), "pci-msix", wanted: wanted ?? queues, vectors: vectors ?? queues + 1);
    }

    public async Task<BlockDeviceInformation> InformationAsync() => await Driver.AskAsync<BlockDeviceInformation>(BlockDeviceMessage.GetInformation);

    public async Task<BlockDeviceStatistics> StatisticsAsync() => await Driver.AskAsync<BlockDeviceStatistics>(BlockDeviceMessage.GetStatistics);

    public async Task<BlockBatch> SubmitAsync(BlockBatch batch, TimeSpan? patience = null) =>
        await Driver.AskAsync<BlockBatch, BlockBatch>(batch, BlockDeviceMessage.Submit, patience ?? BlockDeviceMessage.Patience);

    public BlockBuffer Buffer(byte fill = 0)
    {
        Assert.True(Buffers.TryRent(out var buffer));
        buffer.Data.Fill(fill);
        return buffer;
    }

    public BlockBatch Write(long sector, byte fill, int sectors = 1, bool flush = false)
    {
        var batch = new BlockBatch();
        Assert.True(batch.TryAddWrite(sector, sectors, Buffer(fill)));
        if (flush)
        {
            batch.AddFlush();
        }

        return batch;
    }

    public BlockBatch Read(long sector, int sectors = 1)
    {
        var batch = new BlockBatch();
        Assert.True(batch.TryAddRead(sector, sectors, Buffer(0xEE)));
        return batch;
    }

    public static BlockBatch Flush()
    {
        var batch = new BlockBatch();
        batch.AddFlush();
        return batch;
    }

    /// <summary>Every buffer is home once the driver has stopped and the client let go, and the device keeps no memory.</summary>
    public async Task AssertNothingLeakedAsync()
    {
        await Driver.StopAsync(drain: false);
        Assert.Equal(0, Buffers.RentedCount);
        Assert.Equal(0, Buffers.MisuseCount);
        Assert.Equal(0, Arena.BytesInQuarantine);
    }
}
