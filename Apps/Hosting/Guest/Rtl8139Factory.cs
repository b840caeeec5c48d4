using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Discovery;
using Troupe.Drivers.Rtl8139;

namespace Troupe.Apps.Hosting.Guest;

/// <summary>RTL8139 network cards.</summary>
internal sealed class Rtl8139Factory : DriverFactory
{
    /// <inheritdoc/>
    public override string Name => "rtl8139";

    /// <inheritdoc/>
    public override bool Matches(DeviceDescription device) =>
        device.Bus == DeviceBus.Pci && device.Vendor == Rtl8139Device.Vendor && device.Device == Rtl8139Device.Identifier;

    /// <inheritdoc/>
    public override ActorRef Start(ActorSystem system, DeviceDescription device, DeviceCapability capability)
    {
        Rtl8139Device driven = new((PciFunction)capability, capability.CreateArena(Rtl8139Device.RequiredDmaMemory));
        return system.Spawn(
            () => new Rtl8139Driver(driven),
            new SpawnOptions { Name = $"{Name} {device.Name}", OnFailure = FailurePolicy.Restart, WaitsFor = [] });
    }
}
