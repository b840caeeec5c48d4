// VIRTIO 1.2, section 5.2.3: feature bits of a block device.
namespace Troupe.Drivers.VirtioBlk;

/// <summary>Feature bits of a block device, as masks.</summary>
internal static class VirtioBlkFeatures
{
    /// <summary>VIRTIO_BLK_F_SIZE_MAX: no segment may be larger than the configuration says.</summary>
    public const ulong SegmentSize = 1UL << 1;

    /// <summary>VIRTIO_BLK_F_SEG_MAX: no request may have more segments than the configuration says.</summary>
    public const ulong SegmentCount = 1UL << 2;

    /// <summary>VIRTIO_BLK_F_RO: the device cannot be written.</summary>
    public const ulong ReadOnly = 1UL << 5;

    /// <summary>VIRTIO_BLK_F_BLK_SIZE: the configuration says how large a block is.</summary>
    public const ulong BlockSize = 1UL << 6;

    /// <summary>VIRTIO_BLK_F_FLUSH: writes are volatile until a flush; agreeing to it is what makes them so (section 5.2.6.2).</summary>
    public const ulong Flush = 1UL << 9;

    /// <summary>VIRTIO_BLK_F_TOPOLOGY: the configuration says how large a physical block is.</summary>
    public const ulong Topology = 1UL << 10;

    /// <summary>VIRTIO_BLK_F_MQ: the configuration says how many queues there are.</summary>
    public const ulong Multiqueue = 1UL << 12;

    /// <summary>VIRTIO_BLK_F_DISCARD: the device takes discards.</summary>
    public const ulong Discard = 1UL << 13;

    /// <summary>Everything the driver would like, but for <see cref="Multiqueue"/>, which depends.</summary>
    public const ulong Wanted = SegmentSize | SegmentCount | ReadOnly | BlockSize | Flush | Topology | Discard;
}
