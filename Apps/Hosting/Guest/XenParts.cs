using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Discovery;
using Troupe.Drivers.Xen;
using Troupe.Smp.Host.Xen;

namespace Troupe.Apps.Hosting.Guest;

/// <summary>What runs in a Xen domain besides: the client of xenstore, and who obeys the toolstack.</summary>
internal static class XenParts
{
    /// <summary>Starts both and answers the client.</summary>
    internal static ActorRef<XenStoreMessage> Start(ActorSystem system, MachineXen domain)
    {
        ActorRef<XenStoreMessage> store = system.Spawn(new XenStoreClient(domain.Store), "xenstore");
        system.Spawn(new XenShutdownWatch(store, Obey), "xen shutdown");
        return store;
    }

    private static void Obey(XenShutdownRequest request, string word)
    {
        if (request == XenShutdownRequest.Unknown)
        {
            Console.Error.WriteLine($"the toolstack asks for '{word}', which this domain cannot do.");
            return;
        }

        Console.Error.WriteLine($"the toolstack asks for '{word}'.");
        if (request == XenShutdownRequest.Reboot)
        {
            MachineXen.RestartAtExit();
        }

        Environment.Exit(0);
    }
}

/// <summary>Network cards whose other half is in another domain.</summary>
internal sealed class NetFrontFactory(ActorRef<XenStoreMessage> store, bool offloads) : DriverFactory
{
    /// <summary>With more, one would have too few buffers for large packets (<see cref="NetFrontOptions.Queues"/>).</summary>
    private const int MostQueues = 4;

    /// <inheritdoc/>
    public override string Name => "xen-netfront";

    /// <inheritdoc/>
    public override bool Matches(DeviceDescription device) => XenDiscovery.IsListed(XenDiscovery.NetworkPath, device);

    /// <inheritdoc/>
    public override ActorRef Start(ActorSystem system, DeviceDescription device, DeviceCapability capability)
    {
        NetFrontOptions options = new() { Offloads = offloads, Queues = Math.Min(Environment.ProcessorCount, MostQueues) };
        NetFrontDevice driven = new((XenFrontend)capability, capability.CreateArena(options.RequiredDmaMemory), options);
        string path = $"{XenDiscovery.NetworkPath}/{device.Device}";
        return system.Spawn(
            () => new NetFrontDriver(driven, store, path),
            new SpawnOptions { Name = $"{Name} {device.Name}", OnFailure = FailurePolicy.Restart, WaitsFor = [store] });
    }
}

/// <summary>Disks whose other half is in another domain.</summary>
internal sealed class BlkFrontFactory(ActorRef<XenStoreMessage> store) : DriverFactory
{
    /// <summary>Each takes 33 grants and pages and an actor, used or not.</summary>
    private const int MostQueues = 4;

    /// <inheritdoc/>
    public override string Name => "xen-blkfront";

    /// <inheritdoc/>
    public override bool Matches(DeviceDescription device) => XenDiscovery.IsListed(XenDiscovery.DiskPath, device);

    /// <inheritdoc/>
    public override ActorRef Start(ActorSystem system, DeviceDescription device, DeviceCapability capability)
    {
        BlkFrontOptions options = new() { Queues = Math.Min(Environment.ProcessorCount, MostQueues) };
        // The handle has fewer bits than the number, and takes the lower ones, as Linux does.
        BlkFrontDevice driven = new((XenFrontend)capability, capability.CreateArena(options.RequiredDmaMemory), unchecked((ushort)device.Device), options);
        string path = $"{XenDiscovery.DiskPath}/{device.Device}";
        return system.Spawn(
            () => new BlkFrontDriver(driven, store, path),
            new SpawnOptions { Name = $"{Name} {device.Name}", OnFailure = FailurePolicy.Restart });
    }
}
