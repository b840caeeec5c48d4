using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

/// <summary>A virtio device as its driver gets it: the capability, an arena of that, and the transport made of it.</summary>
/// <param name="Capability">What can be revoked.</param>
/// <param name="Arena">An arena of the capability.</param>
/// <param name="Transport">The way to the registers.</param>
/// <param name="Pci">The function, if it is on PCI.</param>
internal sealed record FakeWay(DeviceCapability Capability, FakeArena Arena, IVirtioTransport Transport, FakePciDevice? Pci)
{
    /// <summary>By name: <c>mmio</c>, <c>pci-intx</c>, or <c>pci-msix</c> with so many vectors.</summary>
    public static FakeWay To(FakeVirtioDevice device, string transport, int vectors, long memory = FakeArena.Ample)
    {
        if (transport == "mmio")
        {
            var mmio = new FakeMmioDevice(device);
            return new FakeWay(mmio, mmio.CreateArena(memory), VirtioMmioTransport.Open(mmio), null);
        }

        var pci = new FakePciDevice(device, transport switch
        {
            "pci-msix" => vectors,
            "pci-intx" => 0,
            _ => throw new ArgumentOutOfRangeException(nameof(transport)),
        });
        return new FakeWay(pci, pci.CreateArena(memory), VirtioPciTransport.Open(pci), pci);
    }
}
