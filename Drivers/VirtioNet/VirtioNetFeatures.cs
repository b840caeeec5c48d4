// VIRTIO 1.2, section 5.1.3: network device feature bits.
namespace Troupe.Drivers.VirtioNet;

internal static class VirtioNetFeatures
{
    /// <summary>VIRTIO_NET_F_MTU: the device says the largest packet.</summary>
    public const ulong MaximumTransmissionUnit = 1UL << 3;

    /// <summary>VIRTIO_NET_F_MAC: the device has an address.</summary>
    public const ulong HardwareAddress = 1UL << 5;

    /// <summary>VIRTIO_NET_F_STATUS: the device says whether the link is up.</summary>
    public const ulong Status = 1UL << 16;
}
