using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Discovery;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

public sealed class VirtioMmioDiscoveryTests
{
    [Fact]
    public void ADeviceIsDescribedByItsRegisters() => Assert.Equal(
        new DeviceDescription("virtio-mmio 0", DeviceBus.VirtioMmio, 0x554d4551, (uint)VirtioDeviceType.Network),
        VirtioMmioDiscovery.Identify(Device()));

    [Fact]
    public void AnEmptySlotIsNoDevice()
    {
        var device = Device();
        device.DeviceIdOverride = 0;
        Assert.Null(VirtioMmioDiscovery.Identify(device));
    }

    [Fact]
    public void ALegacyDeviceIsLeftAlone()
    {
        var device = Device();
        device.Version = 1;
        Assert.Null(VirtioMmioDiscovery.Identify(device));
    }

    [Fact]
    public void WhatLacksTheMagicNumberIsNoDevice() =>
        Assert.Null(VirtioMmioDiscovery.Identify(new FakePlatformDevice("memory", new FakeWindow(0x200))));

    [Fact]
    public void AWindowTooShortForTheRegistersIsNotRead() =>
        Assert.Null(VirtioMmioDiscovery.Identify(new FakePlatformDevice("short", new FakeWindow(2))));

    [Fact]
    public async Task OccupiedWindowsAreReportedAndEmptyOnesAreNot()
    {
        var empty = Device();
        empty.DeviceIdOverride = 0;
        var factory = new FakeFactory("any", static _ => true);
        await using var system = new ActorSystem();
        var registrar = system.Spawn(new DeviceRegistrar([factory], [DeviceBus.VirtioMmio]));
        system.Spawn(new VirtioMmioDiscovery(new Bus(empty, Device(), empty), registrar));
        Assert.Single(await DeviceRegistrarTests.DevicesAsync(registrar));
        Assert.Equal(["virtio-mmio 0"], factory.Started);
    }

    private static FakeMmioDevice Device() => new(new FakeVirtioDevice(new FakeMemory(), VirtioDeviceType.Network, 2, 8, 0));

    private sealed class Bus(params PlatformDevice[] devices) : VirtioMmioBus
    {
        public override IReadOnlyList<PlatformDevice> Devices => devices;
    }
}
