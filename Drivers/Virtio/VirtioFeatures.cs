// VIRTIO 1.2, section 6: reserved feature bits.
namespace Troupe.Drivers.Virtio;

/// <summary>Feature bits that belong to no device type, as masks.</summary>
public static class VirtioFeatures
{
    /// <summary>VIRTIO_F_EVENT_IDX: both sides say at which index they want to be notified.</summary>
    public const ulong EventIndex = 1UL << 29;

    /// <summary>VIRTIO_F_VERSION_1: the device follows the standard and not its drafts. Demanded.</summary>
    public const ulong Version1 = 1UL << 32;

    /// <summary>VIRTIO_F_ACCESS_PLATFORM: device addresses are the platform's, through an IOMMU if there is one. Arenas hand out those, so it is accepted.</summary>
    public const ulong AccessPlatform = 1UL << 33;

    /// <summary>VIRTIO_F_RING_PACKED: queues are packed rings (section 2.8). <see cref="Virtqueue"/> has both kinds, so it is accepted.</summary>
    public const ulong RingPacked = 1UL << 34;

    /// <summary>VIRTIO_F_ORDER_PLATFORM: the device needs the barriers of real hardware. Register windows and fences have them, so it is accepted.</summary>
    public const ulong OrderPlatform = 1UL << 36;
}
