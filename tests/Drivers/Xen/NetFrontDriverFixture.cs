using System.Diagnostics;
using System.Globalization;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;
using Troupe.Drivers.Xen;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>The driver's actor of a Xen network card, with xenstore's client and another half that follows its front as Linux's netback does.</summary>
internal sealed class NetFrontDriverFixture : IAsyncDisposable
{
    public const string Front = "device/vif/0";

    private const string Other = "/local/domain/0/backend/vif/1/0";
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly ActorSystem _system = new(new ActorSystemOptions { OnFailure = static _ => { } });

    /// <param name="offered">What the other half says of the most queues; null: nothing.</param>
    /// <param name="wanted">The most queues that the driver is to use.</param>
    public NetFrontDriverFixture(string? offered = null, int wanted = 1)
    {
        NetFrontOptions options = new() { ReceiveFrameCount = 384, TransmitFrameCount = 256, BatchCount = 192, TransmitQueueLength = 64, Queues = wanted };
        Device = new NetFrontDevice(Frontend, Frontend.CreateArena(options.RequiredDmaMemory), options);
        Store.Nodes[$"{Front}/backend"] = Other;
        Store.Nodes[$"{Front}/mac"] = NetFrontFixture.Address.ToString();
        Store.Nodes[$"{Other}/state"] = "2";
        foreach (var feature in (string[])["ipv6-csum-offload", "sg", "gso-tcpv4", "gso-tcpv6"])
        {
            Store.Nodes[$"{Other}/feature-{feature}"] = "1";
        }

        Offer(offered);
        Store.OnWrite = Follow;
        var client = _system.Spawn(new XenStoreClient(Store));
        Driver = _system.Spawn(() => new NetFrontDriver(Device, client, Front), new SpawnOptions { Name = "driver", OnFailure = FailurePolicy.Restart, WaitsFor = [client] });
    }

    public FakeFrontend Frontend { get; } = new();

    public FakeStore Store { get; } = new();

    public RecordingClient Client { get; } = new();

    public NetFrontDevice Device { get; }

    public ActorRef<NetworkDeviceMessage> Driver { get; }

    /// <summary>The other half's queues since it was connected to last.</summary>
    public FakeBackend[] Queues { get; private set; } = [];

    /// <summary>How often the other half was connected to.</summary>
    public int Connections { get; private set; }

    public void Offer(string? queues)
    {
        if (queues is null)
        {
            Store.Nodes.Remove($"{Other}/multi-queue-max-queues");
        }
        else
        {
            Store.Nodes[$"{Other}/multi-queue-max-queues"] = queues;
        }
    }

    /// <summary>A node of the front.</summary>
    public string? Node(string name) => Store.Nodes.GetValueOrDefault($"{Front}/{name}");

    public async Task AttachAsync() => await Driver.TellAsync(NetworkDeviceMessage.Attach(Client));

    /// <summary>Until the two halves are connected for so many times, the client knows, and each queue beside the first has its actor, which is a child of the driver.</summary>
    public async Task<NetworkDeviceStatistics> ConnectedAsync(int times = 1)
    {
        await UntilAsync(_ => Connections == times && Device.IsRunning && !Device.IsStatusUntold && _system.ActorCount == 1 + Queues.Length);
        // The answer that came with it may be older.
        return await UntilAsync(static _ => true);
    }

    /// <summary>The other half closes of its own accord, and follows the front again.</summary>
    public void Close() => Store.Set($"{Other}/state", "5");

    /// <summary>Asks until it is so; each answer is a turn of the driver.</summary>
    public async Task<NetworkDeviceStatistics> UntilAsync(Func<NetworkDeviceStatistics, bool> isSo)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var seen = await Driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
            if (isSo(seen))
            {
                return seen;
            }

            Assert.True(clock.Elapsed < _patience, $"it did not come to it: {seen}");
            await Task.Delay(1);
        }
    }

    /// <summary>A port whose flow leaves by a queue.</summary>
    public ushort PortOfQueue(int queue) => (ushort)Enumerable.Range(0, 1000).First(port => FlowHash.Queue(MultiqueueFixture.FrameOf((ushort)port, 0), Queues.Length) == queue);

    /// <summary>Sends a frame of a flow, which the port tells from others.</summary>
    public async Task SendAsync(ushort port, byte mark = 0)
    {
        Assert.True(Device.Batches.TryRent(out var batch));
        Assert.True(Device.TransmitFrames.TryRent(out var frame));
        frame.Append(MultiqueueFixture.FrameOf(port, mark));
        Assert.True(batch.TryAdd(frame));
        await Driver.TellAsync(NetworkDeviceMessage.Transmit(batch));
    }

    /// <summary>What left by each queue, waiting until it is so many; all of it is answered.</summary>
    public async Task<byte[][][]> SentAsync(int count)
    {
        await UntilAsync(_ =>
        {
            foreach (var queue in Queues)
            {
                queue.TakeSent();
            }

            return Queues.Sum(static queue => queue.Sent.Count) == count;
        });
        return [.. Queues.Select(static queue => queue.Sent.Select(static packet => packet.Frame).ToArray())];
    }

    /// <summary>Everything is back where it came from.</summary>
    public async Task EndAndFindNothingLostAsync(int misuses = 0)
    {
        await Driver.StopAsync();
        Client.Clear();
        Assert.Equal((0, 0, 0, 0), (Device.ReceiveFrames.RentedCount, Device.TransmitFrames.RentedCount, Device.Batches.RentedCount, Frontend.GrantCount));
        Assert.Equal(misuses, Device.ReceiveFrames.MisuseCount + Device.TransmitFrames.MisuseCount);
        Assert.All(Frontend.Channels, static channel => Assert.False(channel.IsConnected));
    }

    public ValueTask DisposeAsync() => _system.DisposeAsync();

    private void Follow(string path, string value)
    {
        if (path != $"{Front}/state")
        {
            return;
        }

        if (value == "4")
        {
            var count = int.Parse(Node("multi-queue-num-queues") ?? "1", CultureInfo.InvariantCulture);
            Queues = [.. Enumerable.Range(0, count).Select(queue => Connect(queue, count == 1 ? "" : $"queue-{queue}/"))];
        }

        Store.Set($"{Other}/state", value switch { "4" => "4", "5" => "5", "6" => "6", _ => "2" });
        Connections += value == "4" ? 1 : 0;
    }

    private FakeBackend Connect(int queue, string prefix)
    {
        Assert.Equal(Frontend.Channels[queue].Port, Number($"{prefix}event-channel"));
        return new FakeBackend(Frontend, queue) { TransmitRing = Number($"{prefix}tx-ring-ref"), ReceiveRing = Number($"{prefix}rx-ring-ref") };
    }

    private uint Number(string node) => uint.Parse(Node(node)!, CultureInfo.InvariantCulture);
}
