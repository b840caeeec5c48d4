using Troupe.Core.Capabilities;
using Troupe.Smp.Host.Pci;

namespace Troupe.Smp.Tests.Host;

/// <summary>Against what QEMU 7.2 writes into the DSDT of a q35 (PRTA and the devices GSIE to GSIH).</summary>
public sealed class WiredRoutingTests
{
    private readonly Dictionary<(PciAddress, int), uint> _words = new() { [(new PciAddress(0, 31, 0), 0)] = 0x2918_8086 };

    [Theory]
    [InlineData(0, 1, 20)]
    [InlineData(1, 1, 21)]
    [InlineData(2, 1, 22)]
    [InlineData(3, 1, 23)]
    [InlineData(4, 1, 20)]
    [InlineData(3, 2, 20)]
    [InlineData(24, 4, 23)]
    public void ASlotsPinsGoToTheLastFourWiresInTurn(int device, int pin, uint line) => Assert.Equal(line, Find(new PciAddress(0, device, 0), pin));

    [Fact]
    public void BehindABridgeTheDeviceNumberTurnsThePins()
    {
        // A root port in slot 2, and in slot 1 of it a function with INTB#: out at INTC# of slot 2.
        AddBridge(new PciAddress(0, 2, 0), 5);
        Assert.Equal(20u, Find(new PciAddress(5, 1, 0), 2));
    }

    [Theory]
    [InlineData(0, 3, 0, "neither MSI-X nor a wired interrupt")]
    [InlineData(0, 3, 5, "neither MSI-X nor a wired interrupt")]
    [InlineData(0, 31, 1, "chipset's own slots")]
    [InlineData(7, 0, 1, "behind more than one bridge")]
    public void WhatIsNotKnownIsRefused(int bus, int device, int pin, string why) =>
        Assert.Contains(why, Assert.Throws<CapabilityException>(() => Find(new PciAddress(bus, device, 0), pin)).Message, StringComparison.Ordinal);

    [Fact]
    public void AnotherBoardIsRefused()
    {
        _words[(new PciAddress(0, 31, 0), 0)] = 0x7000_8086;
        Assert.Contains("q35 only", Assert.Throws<CapabilityException>(() => Find(new PciAddress(0, 3, 0), 1)).Message, StringComparison.Ordinal);
    }

    private uint Find(PciAddress address, int pin)
    {
        _words[(address, 0x3C)] = (uint)pin << 8;
        return WiredRouting.Find(address, (at, offset) => _words.GetValueOrDefault((at, offset), uint.MaxValue));
    }

    private void AddBridge(PciAddress address, int secondary)
    {
        _words[(address, 0)] = 0x000c_1b36;
        _words[(address, 0x0C)] = 1u << 16;
        _words[(address, 0x18)] = (uint)secondary << 8;
    }
}
