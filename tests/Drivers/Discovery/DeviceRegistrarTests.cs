using System.Collections.Immutable;
using System.Diagnostics;
using Troupe.Actors;
using Troupe.Drivers.Discovery;

namespace Troupe.Drivers.Tests;

public sealed class DeviceRegistrarTests : IAsyncLifetime
{
    private static readonly DeviceDescription _card = new("card", DeviceBus.Pci, 1, 2);
    private static readonly DeviceDescription _disk = new("disk", DeviceBus.Pci, 1, 3);

    private readonly ActorSystem _system = new();
    private readonly FakePlatformDevice _capability = new("card", new FakeWindow(4));

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _system.DisposeAsync().AsTask();

    internal static async Task<ImmutableArray<DeviceEntry>> DevicesAsync(ActorRef<DeviceRegistrarMessage> registrar) =>
        await registrar.AskAsync<ImmutableArray<DeviceEntry>>(static reply => new DeviceRegistrarMessage.GetDevices(reply));

    [Fact]
    public async Task ADeviceGoesToTheFirstDriverThatFits()
    {
        var other = new FakeFactory("other", static device => device.Device == 9);
        var first = new FakeFactory("first", static _ => true);
        var second = new FakeFactory("second", static _ => true);
        var entry = Assert.Single(await RegisterAsync([other, first, second], _card));
        Assert.Equal("first", entry.DriverName);
        Assert.NotNull(entry.Driver);
        Assert.Null(entry.Problem);
        Assert.Equal(["card"], first.Started);
        Assert.Empty(second.Started);
        Assert.False(_capability.IsRevoked);
    }

    [Fact]
    public async Task ADeviceThatNoDriverFitsIsListedWithoutOneAndNotOpened()
    {
        var opened = false;
        var registrar = Spawn([new FakeFactory("none", static _ => false)]);
        registrar.Tell(new DeviceRegistrarMessage.Found(_card, () =>
        {
            opened = true;
            return _capability;
        }));
        registrar.Tell(new DeviceRegistrarMessage.ScanCompleted(DeviceBus.Pci, 1));
        Assert.Equal(new DeviceEntry(_card, null, null, null), Assert.Single(await DevicesAsync(registrar)));
        Assert.False(opened);
    }

    [Fact]
    public async Task ADriverThatFailsToStartLosesItsCapabilityAndTheOthersGoOn()
    {
        var failing = new FakeFactory("failing", static device => device == _card, static _ => throw new InvalidOperationException("on fire"));
        var working = new FakeFactory("working", static _ => true);
        var devices = await RegisterAsync([failing, working], _card, _disk);
        Assert.Equal(new DeviceEntry(_card, "failing", null, "on fire"), devices[0]);
        Assert.True(_capability.IsRevoked);
        Assert.Equal("working", devices[1].DriverName);
        Assert.NotNull(devices[1].Driver);
    }

    [Fact]
    public async Task ADeviceIsTakenBackWhenItsDriverHasStopped()
    {
        var registrar = Spawn([new FakeFactory("any", static _ => true)]);
        registrar.Tell(new DeviceRegistrarMessage.Found(_card, () => _capability));
        registrar.Tell(new DeviceRegistrarMessage.ScanCompleted(DeviceBus.Pci, 1));
        var driver = Assert.Single(await DevicesAsync(registrar)).Driver!;
        Assert.False(_capability.IsRevoked);
        await driver.StopAsync();
        var clock = Stopwatch.StartNew();
        while (!_capability.IsRevoked)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), "It was not taken back.");
            await DevicesAsync(registrar);
        }
    }

    [Fact]
    public async Task ADeviceThatCannotBeOpenedIsListedWithTheReason()
    {
        var registrar = Spawn([new FakeFactory("any", static _ => true)]);
        registrar.Tell(new DeviceRegistrarMessage.Found(_card, static () => throw new Core.Capabilities.CapabilityException("taken")));
        registrar.Tell(new DeviceRegistrarMessage.ScanCompleted(DeviceBus.Pci, 1));
        Assert.Equal(new DeviceEntry(_card, "any", null, "taken"), Assert.Single(await DevicesAsync(registrar)));
    }

    [Fact]
    public async Task WhoAsksIsAnsweredOnceEveryDiscoveryHasReported()
    {
        var registrar = _system.Spawn(new DeviceRegistrar([], [DeviceBus.Pci, DeviceBus.VirtioMmio]));
        var asked = DevicesAsync(registrar);
        registrar.Tell(new DeviceRegistrarMessage.ScanCompleted(DeviceBus.Pci, 0));
        registrar.Tell(new DeviceRegistrarMessage.Found(_card, () => _capability));
        registrar.Tell(new DeviceRegistrarMessage.ScanCompleted(DeviceBus.VirtioMmio, 1));
        // Had the first bus sufficed, the answer would be an empty list.
        Assert.Single(await asked);
    }

    private async Task<ImmutableArray<DeviceEntry>> RegisterAsync(ImmutableArray<DriverFactory> factories, params DeviceDescription[] devices)
    {
        var registrar = Spawn(factories);
        foreach (var device in devices)
        {
            registrar.Tell(new DeviceRegistrarMessage.Found(device, () => _capability));
        }

        registrar.Tell(new DeviceRegistrarMessage.ScanCompleted(DeviceBus.Pci, devices.Length));
        return await DevicesAsync(registrar);
    }

    private ActorRef<DeviceRegistrarMessage> Spawn(ImmutableArray<DriverFactory> factories) =>
        _system.Spawn(new DeviceRegistrar(factories, [DeviceBus.Pci]));
}
