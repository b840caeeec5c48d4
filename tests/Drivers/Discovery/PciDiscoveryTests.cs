using Troupe.Actors;
using Troupe.Drivers.Discovery;

namespace Troupe.Drivers.Tests;

public sealed class PciDiscoveryTests
{
    private readonly FakePciBus _bus = new();

    [Fact]
    public void AFunctionIsDescribedByItsConfigurationSpace()
    {
        _bus.Add("00:03.0", 0x1af4, 0x1041, classCode: 0x020000);
        var (address, device) = Assert.Single(PciDiscovery.Enumerate(_bus));
        Assert.Equal("00:03.0", address.ToString());
        Assert.Equal(new DeviceDescription("pci 00:03.0", DeviceBus.Pci, 0x1af4, 0x1041, 0x020000), device);
    }

    [Fact]
    public void AnEmptyBusHasNothing() => Assert.Empty(PciDiscovery.Enumerate(_bus));

    [Fact]
    public void TheFunctionsOfAMultifunctionDeviceAreFoundAcrossGaps()
    {
        _bus.Add("00:1f.0", 0x8086, 0x2918, multipleFunctions: true);
        _bus.Add("00:1f.3", 0x8086, 0x2930);
        Assert.Equal(["pci 00:1f.0", "pci 00:1f.3"], Names());
    }

    [Fact]
    public void ASingleFunctionDeviceIsNotAskedForMore()
    {
        // Such a device may answer for all eight.
        _bus.Add("00:02.0", 1, 1);
        _bus.Add("00:02.1", 1, 1);
        Assert.Equal(["pci 00:02.0"], Names());
    }

    [Fact]
    public void WithoutFunctionZeroThereIsNoDevice()
    {
        _bus.Add("00:02.1", 1, 1);
        Assert.Empty(Names());
    }

    [Fact]
    public void WhatIsBehindABridgeIsFound()
    {
        _bus.Add("00:01.0", 0x1b36, 0x000c, bridgeTo: 4);
        _bus.Add("04:00.0", 0x1af4, 0x1041);
        Assert.Equal(["pci 00:01.0", "pci 04:00.0"], Names());
    }

    [Fact]
    public void BridgesInACircleEndTheScan()
    {
        _bus.Add("00:01.0", 1, 1, bridgeTo: 1);
        _bus.Add("01:00.0", 1, 1, bridgeTo: 0);
        _bus.Add("01:01.0", 1, 1, bridgeTo: 1);
        Assert.Equal(3, Names().Length);
    }

    [Fact]
    public async Task EveryFunctionIsReportedAndOpenedOnlyIfADriverFits()
    {
        _bus.Add("00:02.0", 1, 0xAAAA);
        _bus.Add("00:03.0", 1, 0xBBBB);
        await using var system = new ActorSystem();
        var registrar = system.Spawn(new DeviceRegistrar([new FakeFactory("fits", device => device.Device == 0xBBBB)], [DeviceBus.Pci]));
        system.Spawn(new PciDiscovery(_bus, registrar));
        var devices = await DeviceRegistrarTests.DevicesAsync(registrar);
        Assert.Equal(["pci 00:02.0", "pci 00:03.0"], devices.Select(entry => entry.Device.Name));
        Assert.Equal([null, "00:03.0 is only a description."], devices.Select(entry => entry.Problem));
        Assert.Equal("00:03.0", Assert.Single(_bus.Opened).ToString());
    }

    private string[] Names() => [.. PciDiscovery.Enumerate(_bus).Select(found => found.Device.Name)];
}
