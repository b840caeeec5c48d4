using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Discovery;
using Troupe.Drivers.Virtio;
using Troupe.Drivers.VirtioBlk;
using Troupe.Drivers.VirtioConsole;
using Troupe.Drivers.VirtioNet;
using Troupe.Drivers.VirtioRng;

namespace Troupe.Apps.Hosting.Guest;

/// <summary>Drivers of one virtio device type, on either bus.</summary>
internal abstract class VirtioFactory(VirtioDeviceType type) : DriverFactory
{
    /// <inheritdoc/>
    public override bool Matches(DeviceDescription device) => device.Bus switch
    {
        DeviceBus.Pci => VirtioPciTransport.Identify((ushort)device.Vendor, (ushort)device.Device) == type,
        DeviceBus.VirtioMmio => device.Device == (uint)type,
        _ => false,
    };

    /// <summary>The transport that goes with the capability.</summary>
    private protected static IVirtioTransport Open(DeviceCapability capability) => capability switch
    {
        PciFunction function => VirtioPciTransport.Open(function),
        PlatformDevice device => VirtioMmioTransport.Open(device),
        _ => throw new CapabilityException($"{capability.Name} is on no bus that virtio knows."),
    };
}

/// <summary>Network devices.</summary>
internal sealed class VirtioNetFactory(bool offloads) : VirtioFactory(VirtioDeviceType.Network)
{
    /// <summary>With more, the rings of one would be too small for a large packet (<see cref="VirtioNetOptions.QueuePairs"/>).</summary>
    private const int MostQueuePairs = 8;

    /// <inheritdoc/>
    public override string Name => "virtio-net";

    /// <inheritdoc/>
    public override ActorRef Start(ActorSystem system, DeviceDescription device, DeviceCapability capability)
    {
        VirtioNetOptions options = new() { Offloads = offloads, QueuePairs = Math.Min(Environment.ProcessorCount, MostQueuePairs) };
        VirtioNetDevice driven = new(Open(capability), capability.CreateArena(options.RequiredDmaMemory), options);
        return system.Spawn(
            () => new VirtioNetDriver(driven),
            new SpawnOptions { Name = $"{Name} {device.Name}", OnFailure = FailurePolicy.Restart, WaitsFor = [] });
    }
}

/// <summary>Block devices.</summary>
internal sealed class VirtioBlkFactory() : VirtioFactory(VirtioDeviceType.Block)
{
    /// <summary>Each takes 28 KB of DMA memory and an actor, used or not.</summary>
    private const int MostQueues = 8;

    /// <inheritdoc/>
    public override string Name => "virtio-blk";

    /// <inheritdoc/>
    public override ActorRef Start(ActorSystem system, DeviceDescription device, DeviceCapability capability)
    {
        VirtioBlkOptions options = new() { Queues = Math.Min(Environment.ProcessorCount, MostQueues) };
        VirtioBlkDevice driven = new(Open(capability), capability.CreateArena(options.RequiredDmaMemory), options);
        return system.Spawn(
            () => new VirtioBlkDriver(driven),
            new SpawnOptions { Name = $"{Name} {device.Name}", OnFailure = FailurePolicy.Restart, WaitsFor = [] });
    }
}

/// <summary>Entropy devices.</summary>
internal sealed class VirtioRngFactory() : VirtioFactory(VirtioDeviceType.Entropy)
{
    /// <inheritdoc/>
    public override string Name => "virtio-rng";

    /// <inheritdoc/>
    public override ActorRef Start(ActorSystem system, DeviceDescription device, DeviceCapability capability)
    {
        IVirtioTransport transport = Open(capability);
        DmaArena arena = capability.CreateArena(VirtioRngDriver.RequiredDmaMemory);
        return system.Spawn(
            () => new VirtioRngDriver(transport, arena),
            new SpawnOptions { Name = $"{Name} {device.Name}", OnFailure = FailurePolicy.Restart, WaitsFor = [] });
    }
}

/// <summary>Console devices: ports to the host.</summary>
internal sealed class VirtioConsoleFactory() : VirtioFactory(VirtioDeviceType.Console)
{
    /// <inheritdoc/>
    public override string Name => "virtio-console";

    /// <inheritdoc/>
    public override ActorRef Start(ActorSystem system, DeviceDescription device, DeviceCapability capability)
    {
        VirtioConsoleDevice driven = new(Open(capability), capability.CreateArena(VirtioConsoleDevice.RequiredDmaMemory));
        return system.Spawn(
            () => new VirtioConsoleDriver(driven),
            new SpawnOptions { Name = $"{Name} {device.Name}", OnFailure = FailurePolicy.Restart, WaitsFor = [] });
    }
}
