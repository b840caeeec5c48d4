using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Xen;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>The guest's half of a Xen network card against a made-up other half.</summary>
public sealed class NetFrontTests
{
    private static readonly HardwareAddress _address = new(0x0016_3E01_0203);
    private static readonly byte[] _frame = [.. Enumerable.Range(0, 60).Select(value => (byte)value)];

    private readonly FakeFrontend _frontend = new();
    private readonly RecordingClient _client = new();
    private readonly FakeBackend _backend;
    private readonly NetFrontDevice _device;
    private int _events;

    public NetFrontTests()
    {
        _backend = new FakeBackend(_frontend);
        NetFrontOptions options = new() { ReceiveFrameCount = 300, TransmitFrameCount = 64, BatchCount = 32, TransmitQueueLength = 32 };
        _device = new NetFrontDevice(_frontend, _frontend.CreateArena(options.RequiredDmaMemory), options);
        _device.Attach(_client);
    }

    [Fact]
    public void AFrameIsDeliveredFromWhereTheOtherHalfPutIt()
    {
        Start();
        Assert.True(_backend.TryDeliver(_frame, offset: 64));
        Assert.True(_backend.TryDeliver(_frame, flags: 3));
        Run();
        Assert.Equal([_frame, _frame], _client.Frames);
        Assert.Equal([FrameOffloadFlags.None, FrameOffloadFlags.ChecksumVerified], _client.Offloads);
    }

    [Fact]
    public void ManyMoreFramesThanTheRingHoldsArrive()
    {
        Start();
        for (var round = 0; round < 50; round++)
        {
            for (var count = 0; count < 40; count++)
            {
                Assert.True(_backend.TryDeliver(_frame));
            }

            Run();
        }

        Assert.Equal(2000, _client.Count);
        Assert.Equal(256, _device.ReceiveFrames.RentedCount);
    }

    [Fact]
    public void FramesAreSentFromTheirOwnPagesAndComeBack()
    {
        Start();
        Send(_frame, FrameOffloadFlags.None);
        Send(_frame, FrameOffloadFlags.NeedsChecksum);
        _backend.TakeSent();
        Run();
        Assert.Equal([(ushort)0, (ushort)3], _backend.Sent.Select(sent => sent.Flags));
        Assert.All(_backend.Sent, sent => Assert.Equal(_frame, sent.Frame));
        Assert.Equal(0, _device.TransmitFrames.RentedCount);
        Assert.Equal(2, _device.ReadStatistics().TransmittedFrames);
    }

    [Fact]
    public void AFrameThatIsTooLongIsDroppedAndCounted()
    {
        Start();
        Send(new byte[1519], FrameOffloadFlags.None);
        Send(new byte[13], FrameOffloadFlags.None);
        Assert.Equal(2, _device.ReadStatistics().TransmitDroppedInvalid);
        Assert.Equal(0, _device.TransmitFrames.RentedCount);
    }

    [Theory]
    [InlineData(256, 0, 0, 60)] // no such buffer
    [InlineData(0, 4090, 0, 60)] // beyond the page
    [InlineData(0, 0, 4, 60)] // a frame in several buffers was not offered
    [InlineData(0, 0, 8, 60)] // nor was anything beside a frame
    public void ALieIsAViolation(int id, int offset, int flags, int status)
    {
        Start();
        _backend.Respond((ushort)id, (ushort)offset, (ushort)flags, (short)status);
        Assert.Throws<XenViolationException>(() => _device.Service());
        Assert.Empty(_client.Frames);
    }

    [Fact]
    public void TheSameBufferTwiceIsAViolation()
    {
        Start();
        _backend.Respond(5, 0, 0, 60);
        _backend.Respond(5, 0, 0, 60);
        Assert.Throws<XenViolationException>(() => _device.Service());
    }

    [Theory]
    [InlineData(257u)]
    [InlineData(0xFFFF_FFFFu)]
    public void MoreFramesThanBuffersAreAViolation(uint producer)
    {
        Start();
        _backend.Claim(producer);
        Assert.Throws<XenViolationException>(() => _device.Service());
    }

    [Fact]
    public void AnErrorOfTheOtherHalfCostsOneFrame()
    {
        Start();
        _backend.Respond(0, 0, 0, -1);
        Run();
        Assert.Equal(1, _device.ReadStatistics().ReceiveDroppedMalformed);
        Assert.Equal(256, _device.ReceiveFrames.RentedCount);
    }

    [Fact]
    public void StoppingTakesAllGrantsAndFramesBack()
    {
        Start();
        Send(_frame, FrameOffloadFlags.None);
        _device.Stop();
        Assert.Equal(0, _frontend.GrantCount);
        Assert.Equal(0, _device.ReceiveFrames.RentedCount + _device.TransmitFrames.RentedCount);
        Assert.Equal(1, _device.ReadStatistics().TransmitLostInReset);
        Assert.Equal([NetworkDeviceEventKind.Started, NetworkDeviceEventKind.Stopped], _client.Events);
    }

    [Fact]
    public void FramesThatAreStillMappedStayAwayUntilTheyAreNot()
    {
        Start();
        Send(_frame, FrameOffloadFlags.None);
        _frontend.IsMapped = true;
        _device.Stop();
        Assert.Equal(1, _device.TransmitFrames.RentedCount);
        Assert.False(_device.TryPrepare(OnEvent, out _));
        _frontend.IsMapped = false;
        Start();
        Assert.Equal(0, _device.TransmitFrames.RentedCount);
    }

    [Fact]
    public async Task TheDriverConnectsAndConnectsAgainAfterALie()
    {
        FakeStore store = new();
        store.Nodes["device/vif/0/backend"] = "/local/domain/0/backend/vif/1/0";
        store.Nodes["device/vif/0/mac"] = _address.ToString();
        store.Nodes["/local/domain/0/backend/vif/1/0/state"] = "2";
        store.Nodes["/local/domain/0/backend/vif/1/0/feature-ipv6-csum-offload"] = "1";
        var connected = new SemaphoreSlim(0);
        store.OnWrite = (path, value) =>
        {
            if (path != "device/vif/0/state")
            {
                return;
            }

            // As Linux's netback follows its front.
            var answer = value switch { "4" => "4", "5" => "5", "6" => "6", _ => "2" };
            if (value == "4")
            {
                _backend.Reset();
                _backend.TransmitRing = uint.Parse(store.Nodes["device/vif/0/tx-ring-ref"], System.Globalization.CultureInfo.InvariantCulture);
                _backend.ReceiveRing = uint.Parse(store.Nodes["device/vif/0/rx-ring-ref"], System.Globalization.CultureInfo.InvariantCulture);
            }

            store.Set("/local/domain/0/backend/vif/1/0/state", answer);
            if (value == "4")
            {
                connected.Release();
            }
        };
        await using var system = new ActorSystem();
        var client = system.Spawn(new XenStoreClient(store));
        var driver = system.Spawn(() => new NetFrontDriver(_device, client, "device/vif/0"), new SpawnOptions { OnFailure = FailurePolicy.Restart });
        Assert.True(await connected.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal("7", store.Nodes["device/vif/0/event-channel"]);
        Assert.Equal("1", store.Nodes["device/vif/0/request-rx-copy"]);
        await RunningAsync(driver, resets: 0);
        Assert.Equal(_address, _client.Information!.HardwareAddress);
        Assert.Equal(FrameOffloadFlags.NeedsChecksum, _client.Information.TransmitOffload);

        _backend.Claim(9999);
        Assert.True(await connected.WaitAsync(TimeSpan.FromSeconds(60)));
        var statistics = await RunningAsync(driver, resets: 1);
        Assert.Equal(1, statistics.DeviceViolations);
        Assert.Equal([NetworkDeviceEventKind.Started, NetworkDeviceEventKind.Stopped, NetworkDeviceEventKind.Started], _client.Events);
    }

    private async Task<NetworkDeviceStatistics> RunningAsync(ActorRef<NetworkDeviceMessage> driver, int resets)
    {
        while (true)
        {
            var statistics = await driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
            if (_device.IsRunning && statistics.Resets == resets)
            {
                return statistics;
            }

            await Task.Delay(10);
        }
    }

    private void Start()
    {
        Assert.True(_device.TryPrepare(OnEvent, out var numbers));
        _backend.Reset();
        _backend.TransmitRing = numbers.TransmitRing;
        _backend.ReceiveRing = numbers.ReceiveRing;
        _device.Start(_address, completesChecksums: true);
    }

    private void OnEvent() => _events++;

    /// <summary>Does what the actor does with its interrupt message, if there was an event.</summary>
    private void Run()
    {
        if (_events > 0)
        {
            _events = 0;
            while (_device.Service())
            {
            }
        }
    }

    private void Send(byte[] bytes, FrameOffloadFlags flags)
    {
        Assert.True(_device.Batches.TryRent(out var batch));
        Assert.True(_device.TransmitFrames.TryRent(out var frame));
        frame.Append(bytes);
        if (flags != FrameOffloadFlags.None)
        {
            frame.SetOffload(new FrameOffload(flags, ChecksumStart: 34, ChecksumOffset: 16));
        }

        Assert.True(batch.TryAdd(frame));
        _device.Transmit(batch);
    }
}
