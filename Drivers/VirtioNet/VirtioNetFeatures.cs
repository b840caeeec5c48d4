// VIRTIO 1.2, section 5.1.3: network device feature bits.
namespace Troupe.Drivers.VirtioNet;

internal static class VirtioNetFeatures
{
    /// <summary>VIRTIO_NET_F_CSUM: the device completes checksums.</summary>
    public const ulong Checksum = 1UL << 0;

    /// <summary>VIRTIO_NET_F_GUEST_CSUM: the driver takes frames whose checksum is not complete.</summary>
    public const ulong ReceiveChecksum = 1UL << 1;

    /// <summary>VIRTIO_NET_F_MTU: the device says the largest packet.</summary>
    public const ulong MaximumTransmissionUnit = 1UL << 3;

    /// <summary>VIRTIO_NET_F_MAC: the device has an address.</summary>
    public const ulong HardwareAddress = 1UL << 5;

    /// <summary>VIRTIO_NET_F_GUEST_TSO4: the driver takes TCP over IPv4 larger than a packet on the link.</summary>
    public const ulong ReceiveSegmentationIpv4 = 1UL << 7;

    /// <summary>VIRTIO_NET_F_GUEST_TSO6: the same over IPv6.</summary>
    public const ulong ReceiveSegmentationIpv6 = 1UL << 8;

    /// <summary>VIRTIO_NET_F_HOST_TSO4: the device cuts TCP over IPv4 into packets.</summary>
    public const ulong SegmentationIpv4 = 1UL << 11;

    /// <summary>VIRTIO_NET_F_HOST_TSO6: the same over IPv6.</summary>
    public const ulong SegmentationIpv6 = 1UL << 12;

    /// <summary>VIRTIO_NET_F_MRG_RXBUF: a received packet may take several buffers.</summary>
    public const ulong MergedReceiveBuffers = 1UL << 15;

    /// <summary>VIRTIO_NET_F_STATUS: the device says whether the link is up.</summary>
    public const ulong Status = 1UL << 16;

    /// <summary>VIRTIO_NET_F_CTRL_VQ: there is a queue for commands.</summary>
    public const ulong ControlQueue = 1UL << 17;

    /// <summary>VIRTIO_NET_F_MQ: there are several queue pairs, and the device sends a flow's packets to the pair that the flow's last packet left by.</summary>
    public const ulong Multiqueue = 1UL << 22;
}
