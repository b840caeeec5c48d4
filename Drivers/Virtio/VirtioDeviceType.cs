// Virtual I/O Device (VIRTIO) 1.2, section 5: device types.
namespace Troupe.Drivers.Virtio;

/// <summary>What a virtio device is.</summary>
public enum VirtioDeviceType
{
    /// <summary>A virtio-mmio window without a device behind it.</summary>
    None = 0,

    /// <summary>Network card (section 5.1).</summary>
    Network = 1,

    /// <summary>Block device (section 5.2).</summary>
    Block = 2,

    /// <summary>Console (section 5.3).</summary>
    Console = 3,

    /// <summary>Entropy source (section 5.4).</summary>
    Entropy = 4,
}
