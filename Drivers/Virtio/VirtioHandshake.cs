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
    /// <exception cref="CapabilityException">The capability was revoked, before or meanwhile.</exception>
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
    /// How a driver's use of its device ends, and each start begins. What needs no register was done before: rings are retired, and what the device was never told of is answered. The device is
    /// reset, and what it had is taken back. If its capability was revoked it will never be reset by who drives it, and may use what it knows of our memory for good: that is given up instead.
    /// </summary>
    /// <param name="transport">The device.</param>
    /// <param name="arena">Its memory.</param>
    /// <param name="takeBack">Takes back all that the device had.</param>
    /// <param name="giveUp">Answers whoever waits for something that the device has, and sees to it that none of that memory is used for anything else.</param>
    /// <exception cref="VirtioException">The device does not finish its reset. What it has stays where it is, because another attempt may succeed.</exception>
    /// <exception cref="CapabilityException">The capability was revoked; all was given up.</exception>
    public static void EndUse(IVirtioTransport transport, DmaArena arena, Action takeBack, Action giveUp)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentNullException.ThrowIfNull(takeBack);
        ArgumentNullException.ThrowIfNull(giveUp);
        // Before the reset, which may not come to an end: a line that the device keeps up would fire for ever.
        transport.DisconnectInterrupts();
        try
        {
            Reset(transport, arena);
        }
        catch (CapabilityException revoked) when (arena.IsRevoked)
        {
            giveUp();
            throw new CapabilityException($"{transport.Name} was not reset, because its capability was revoked. What it has of our memory is used for nothing else any more.", revoked);
        }

        takeBack();
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
