// VIRTIO 1.2, section 3.1: device initialization.
using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Virtio;

/// <summary>The steps every virtio driver takes with its device, in the order the standard demands.</summary>
public static class VirtioHandshake
{
    /// <summary>
    /// How often the status is read before a reset is taken to have failed. A read leaves the virtual machine, a microsecond
    /// at least; so this is a tenth of a second or more.
    /// </summary>
    public const int MaximumResetPolls = 100_000;

    private const ulong TransportFeatures = VirtioFeatures.Version1 | VirtioFeatures.AccessPlatform | VirtioFeatures.RingPacked | VirtioFeatures.OrderPlatform;

    /// <summary>
    /// Resets the device, waits until that is done, and tells <paramref name="arena"/> so: from here on the device touches
    /// none of our memory.
    /// </summary>
    /// <exception cref="VirtioException">The device does not finish.</exception>
    public static void Reset(IVirtioTransport transport, DmaArena arena)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(arena);
        transport.WriteStatus(VirtioStatus.Reset);
        for (var poll = 0; poll < MaximumResetPolls; poll++)
        {
            if (transport.ReadStatus() == VirtioStatus.Reset)
            {
                transport.SetMemoryAccess(enabled: false);
                arena.DeviceWasReset();
                return;
            }
        }

        throw new VirtioException($"{transport.Name} does not finish its reset.");
    }

    /// <summary>
    /// Steps 2 to 6 of the initialization on a device that was reset: notices the device, settles on what <paramref name="choose"/>
    /// picks from the offered features (it may read the configuration), and has it agree. Returns what was settled on.
    /// Interrupts and queues come next, then <see cref="Finish"/>.
    /// </summary>
    public static ulong Negotiate(IVirtioTransport transport, Func<ulong, ulong> choose)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(choose);
        transport.WriteStatus(VirtioStatus.Acknowledge);
        transport.WriteStatus(VirtioStatus.Acknowledge | VirtioStatus.Driver);
        var offered = transport.ReadDeviceFeatures();
        if ((offered & VirtioFeatures.Version1) == 0)
        {
            transport.WriteStatus(VirtioStatus.Failed);
            throw new VirtioException($"{transport.Name} is a legacy device; virtio 1.x is needed.");
        }

        var settled = offered & (choose(offered) | TransportFeatures);
        transport.WriteDriverFeatures(settled);
        var status = VirtioStatus.Acknowledge | VirtioStatus.Driver | VirtioStatus.FeaturesOk;
        transport.WriteStatus(status);
        if ((transport.ReadStatus() & VirtioStatus.FeaturesOk) == 0)
        {
            transport.WriteStatus(VirtioStatus.Failed);
            throw new VirtioException($"{transport.Name} refuses the features 0x{settled:x}.");
        }

        transport.SetMemoryAccess(enabled: true);
        return settled;
    }

    /// <summary>The last step: the device may use its queues and interrupt.</summary>
    public static void Finish(IVirtioTransport transport)
    {
        ArgumentNullException.ThrowIfNull(transport);
        transport.WriteStatus(VirtioStatus.Acknowledge | VirtioStatus.Driver | VirtioStatus.FeaturesOk | VirtioStatus.DriverOk);
    }

    /// <summary>Tells the device that the driver gave up on it.</summary>
    public static void Fail(IVirtioTransport transport)
    {
        ArgumentNullException.ThrowIfNull(transport);
        transport.WriteStatus(transport.ReadStatus() | VirtioStatus.Failed);
    }
}
