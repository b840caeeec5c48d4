// VIRTIO 1.2, section 5.2.4: device configuration layout of a block device.
using System.Numerics;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioBlk;

/// <summary>What a block device says of itself in its configuration space, believed only as far as it makes sense.</summary>
internal sealed class VirtioBlkConfiguration(IVirtioTransport transport, ulong features)
{
    private const int CapacityOffset = 0;
    private const int SegmentSizeOffset = 8;
    private const int SegmentCountOffset = 12;
    private const int BlockSizeOffset = 20;
    private const int PhysicalBlockExponentOffset = 24;
    private const int QueueCountOffset = 34;
    private const int DiscardSectorsOffset = 36;
    private const int SectorSize = BlockDeviceInformation.SectorSize;

    /// <summary>Larger than any disk's; the exponent of a physical block is not believed beyond it either.</summary>
    private const int LargestBlock = 64 * 1024;

    /// <summary>How often a configuration that keeps changing is read again before it is taken as it is.</summary>
    private const int MaximumReadAttempts = 10;

    /// <summary>Sectors of the device; so many that no byte's number overflows.</summary>
    public long ReadSectorCount()
    {
        uint generation;
        ulong count;
        var attempts = 0;
        do
        {
            generation = transport.ReadConfigurationGeneration();
            count = transport.ReadConfiguration32(CapacityOffset) | ((ulong)transport.ReadConfiguration32(CapacityOffset + 4) << 32);
        }
        while (transport.ReadConfigurationGeneration() != generation && ++attempts < MaximumReadAttempts);

        return (long)Math.Min(count, long.MaxValue / SectorSize);
    }

    /// <summary>Bytes of a block.</summary>
    /// <exception cref="VirtioException">It is no size that a block can have.</exception>
    public int ReadBlockSize()
    {
        var size = Has(VirtioBlkFeatures.BlockSize) ? transport.ReadConfiguration32(BlockSizeOffset) : SectorSize;
        return size is >= SectorSize and <= LargestBlock && BitOperations.IsPow2(size)
            ? (int)size
            : throw new VirtioException($"{transport.Name} has blocks of {size} bytes; a power of two from {SectorSize} to {LargestBlock} is needed.");
    }

    /// <summary>Bytes of a physical block; a hint, so nonsense is cut.</summary>
    public int ReadPhysicalBlockSize(int blockSize)
    {
        var exponent = Has(VirtioBlkFeatures.Topology) ? transport.ReadConfiguration8(PhysicalBlockExponentOffset) : 0;
        return (int)Math.Min((long)blockSize << Math.Min(exponent, 16), LargestBlock);
    }

    /// <summary>The most bytes of a segment.</summary>
    public int ReadSegmentSize() => Limit(VirtioBlkFeatures.SegmentSize, SegmentSizeOffset);

    /// <summary>The most segments of a request's data.</summary>
    public int ReadSegmentCount() => Limit(VirtioBlkFeatures.SegmentCount, SegmentCountOffset);

    /// <summary>The most sectors of a discard; 0 if there are none.</summary>
    public int ReadDiscardSectors() =>
        Has(VirtioBlkFeatures.Discard) ? (int)Math.Min(transport.ReadConfiguration32(DiscardSectorsOffset), int.MaxValue) : 0;

    /// <summary>How many queues there are.</summary>
    /// <exception cref="VirtioException">There are none.</exception>
    public int ReadQueueCount()
    {
        var count = Has(VirtioBlkFeatures.Multiqueue) ? transport.ReadConfiguration16(QueueCountOffset) : 1;
        return count > 0 ? count : throw new VirtioException($"{transport.Name} has no queues.");
    }

    private bool Has(ulong feature) => (features & feature) != 0;

    // Some devices offer the feature and say 0, which can only mean that they set no limit.
    private int Limit(ulong feature, int offset) =>
        Has(feature) && transport.ReadConfiguration32(offset) is > 0 and < int.MaxValue and var limit ? (int)limit : int.MaxValue;
}
