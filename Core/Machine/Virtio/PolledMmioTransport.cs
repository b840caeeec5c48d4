// VIRTIO 1.2, section 4.2: virtio over MMIO, version 2.
namespace Troupe.Core.Machine;

/// <summary>A virtio device behind a register window that is mapped at its physical address.</summary>
/// <typeparam name="TPhysical">The seam to physical memory.</typeparam>
public struct PolledMmioTransport<TPhysical> : IPolledTransport
    where TPhysical : struct, IPhysicalMemory
{
    // "virt", and the version of the modern interface.
    private const uint MagicValue = 0x7472_6976, ModernVersion = 2;

    private const uint Magic = 0x00, Version = 0x04, DeviceId = 0x08;
    private const uint DeviceFeatures = 0x10, DeviceFeaturesSelect = 0x14, DriverFeatures = 0x20, DriverFeaturesSelect = 0x24;
    private const uint QueueSelect = 0x30, QueueSizeLimit = 0x34, QueueSize = 0x38, QueueReady = 0x44, QueueNotify = 0x50;
    private const uint Status = 0x70, QueueDescriptors = 0x80, QueueDriver = 0x90, QueueDevice = 0xA0;

    private ulong _window;

    /// <summary>Opens the window if a device of this type sits in it.</summary>
    public static bool TryOpen(ulong window, uint type, ref PolledMmioTransport<TPhysical> transport)
    {
        transport._window = window;
        return TPhysical.Read32(window + Magic) == MagicValue && TPhysical.Read32(window + Version) == ModernVersion
            && TPhysical.Read32(window + DeviceId) == type;
    }

    /// <inheritdoc/>
    public readonly byte ReadStatus() => (byte)TPhysical.Read32(_window + Status);

    /// <inheritdoc/>
    public readonly void WriteStatus(byte status) => TPhysical.Write32(_window + Status, status);

    /// <inheritdoc/>
    public readonly uint ReadDeviceFeatures(uint word)
    {
        TPhysical.Write32(_window + DeviceFeaturesSelect, word);
        return TPhysical.Read32(_window + DeviceFeatures);
    }

    /// <inheritdoc/>
    public readonly void WriteDriverFeatures(uint word, uint features)
    {
        TPhysical.Write32(_window + DriverFeaturesSelect, word);
        TPhysical.Write32(_window + DriverFeatures, features);
    }

    /// <inheritdoc/>
    public readonly bool TryEnableQueue(ulong descriptors, ulong available, ulong used)
    {
        TPhysical.Write32(_window + QueueSelect, 0);
        if (TPhysical.Read32(_window + QueueReady) != 0 || TPhysical.Read32(_window + QueueSizeLimit) == 0)
            return false;
        TPhysical.Write32(_window + QueueSize, 1);
        WriteAddress(QueueDescriptors, descriptors);
        WriteAddress(QueueDriver, available);
        WriteAddress(QueueDevice, used);
        TPhysical.Write32(_window + QueueReady, 1);
        return true;
    }

    /// <inheritdoc/>
    public readonly void Notify() => TPhysical.Write32(_window + QueueNotify, 0);

    private readonly void WriteAddress(uint register, ulong address)
    {
        TPhysical.Write32(_window + register, (uint)address);
        TPhysical.Write32(_window + register + sizeof(uint), (uint)(address >> 32));
    }
}
