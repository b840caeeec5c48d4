namespace Troupe.Drivers.Discovery;

/// <summary>How a device was found, which says what its identifiers mean.</summary>
public enum DeviceBus
{
    /// <summary>Vendor and device are PCI identifiers.</summary>
    Pci,

    /// <summary>Device is a virtio device type (VIRTIO 1.2, section 5).</summary>
    VirtioMmio,

    /// <summary>Vendor is the domain of the device's other half, device its number among those of its kind.</summary>
    Xen,
}
