using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Xen;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>The guest's half of a Xen disk, its driver's actor and xenstore's client in a system of the TestKit, a made-up other half, and a client.</summary>
internal sealed class BlkFrontFixture
{
    private BlkFrontFixture(TestSystem test, Action<FakeBlockBackend>? configure, int maximumBatches, int queues)
    {
        Backend = new FakeBlockBackend(Frontend, Store);
        Backend.Offer = queues > 1 ? $"{queues}" : null;
        configure?.Invoke(Backend);
        BlkFrontOptions options = new() { Queues = queues, MaximumBatches = maximumBatches, BufferCount = 40, BufferSize = 64 * 1024 };
        Device = new BlkFrontDevice(Frontend, Frontend.CreateArena(options.RequiredDmaMemory), 51712, options);
        XenStore = test.System.Spawn(new XenStoreClient(Store), "xenstore");
        NewDriver = () => new BlkFrontDriver(Device, XenStore, FakeBlockBackend.Front);
        Driver = test.System.Spawn(NewDriver, new SpawnOptions { Name = "disk", OnFailure = FailurePolicy.Restart });
    }

    public FakeFrontend Frontend { get; } = new("vbd 51712");

    public FakeStore Store { get; } = new();

    public ActorRef<XenStoreMessage> XenStore { get; }

    public FakeBlockBackend Backend { get; }

    public BlkFrontDevice Device { get; }

    public ActorRef<BlockDeviceMessage> Driver { get; }

    /// <summary>Makes its incarnations.</summary>
    public Func<BlkFrontDriver> NewDriver { get; }

    /// <summary>A scenario with a disk, which is connected when it begins. As many queues are wanted as are offered, if <paramref name="configure"/> does not say otherwise.</summary>
    public static void Run(Func<TestSystem, BlkFrontFixture, Task> scenario, Action<FakeBlockBackend>? configure = null, int maximumBatches = 64, int queues = 1) =>
        TestSystem.Run(test => RunAsync(test, scenario, configure, maximumBatches, queues));

    /// <summary>The same with 100 seeds.</summary>
    public static void RunSeeds(Func<TestSystem, BlkFrontFixture, Task> scenario, int queues = 1) => TestSystem.RunSeeds(test => RunAsync(test, scenario, null, 64, queues), count: 100);

    /// <summary>A node of the front.</summary>
    public string? Node(string name) => Store.Nodes.GetValueOrDefault($"{FakeBlockBackend.Front}/{name}");

    public async Task<BlockDeviceInformation> InformationAsync() => await Driver.AskAsync<BlockDeviceInformation>(BlockDeviceMessage.GetInformation);

    public async Task<BlockDeviceStatistics> StatisticsAsync() => await Driver.AskAsync<BlockDeviceStatistics>(BlockDeviceMessage.GetStatistics);

    public async Task<BlockBatch> SubmitAsync(BlockBatch batch, TimeSpan? patience = null) =>
        await Driver.AskAsync<BlockBatch, BlockBatch>(batch, BlockDeviceMessage.Submit, patience ?? BlockDeviceMessage.Patience);

    public BlockBuffer Buffer(byte fill = 0)
    {
        Assert.True(Device.Buffers.TryRent(out var buffer));
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

    public static BlockBatch Flush()
    {
        var batch = new BlockBatch();
        batch.AddFlush();
        return batch;
    }

    public BlockBatch Read(long sector, int sectors = 1)
    {
        var batch = new BlockBatch();
        Assert.True(batch.TryAddRead(sector, sectors, Buffer(0xEE)));
        return batch;
    }

    /// <summary>Submits until the answer is not to be repeated: as long as the halves are apart a driver refuses.</summary>
    public async Task<BlockBatch> SubmitWhenConnectedAsync(TestSystem test, Func<BlockBatch> create)
    {
        while (true)
        {
            var answer = await SubmitAsync(create());
            if (!answer.Status.IsRetryable())
            {
                return answer;
            }

            answer.Dispose();
            await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Every buffer is home and no page granted, once the driver has stopped, its other half let go, and the client too.</summary>
    public async Task AssertNothingLeakedAsync()
    {
        await Driver.StopAsync(drain: false);
        Frontend.IsMapped = false;
        Device.Stop();
        Assert.Equal((0, 0), (Device.Buffers.RentedCount, Frontend.GrantCount));
        Assert.Equal(0, Device.Buffers.MisuseCount);
        Assert.All(Frontend.Channels, static channel => Assert.False(channel.IsConnected));
    }

    private static async Task RunAsync(TestSystem test, Func<TestSystem, BlkFrontFixture, Task> scenario, Action<FakeBlockBackend>? configure, int maximumBatches, int queues)
    {
        var disk = new BlkFrontFixture(test, configure, maximumBatches, queues);
        await disk.InformationAsync();
        await scenario(test, disk);
    }
}
