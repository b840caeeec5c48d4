// VIRTIO 1.2, section 2.6: the three areas of a virtqueue; 2.7 and 2.8: what is in them.
namespace Troupe.Drivers.Virtio;

/// <summary>Where the three areas of a virtqueue lie in one block, in bytes.</summary>
public readonly record struct VirtqueueLayout
{
    /// <summary>The largest queue: the largest power of two that 16-bit indices can tell full from empty (sections 2.7 and 2.8).</summary>
    public const int MaximumSize = 32768;

    internal const int DescriptorSize = 16;
    internal const int UsedElementSize = 8;

    /// <summary>Both structures of section 2.8.14 are of four bytes.</summary>
    internal const int EventSuppressionSize = 4;

    // Descriptors want 16, the others 2 or 4 (sections 2.7 and 2.8.10.1). They are kept on cache lines of
    // their own, because one side writes what the other reads.
    internal const int Alignment = 64;

    private VirtqueueLayout(int size, int driverLength, int deviceLength)
    {
        if (size is < 1 or > MaximumSize || (size & (size - 1)) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(size), size, "A power of two of at most 32768.");
        }

        Size = size;
        DriverOffset = Align(size * DescriptorSize);
        DeviceOffset = Align(DriverOffset + driverLength);
        Length = DeviceOffset + deviceLength;
    }

    /// <summary>Descriptors in the queue.</summary>
    public int Size { get; }

    /// <summary>The descriptor area: the descriptor table of a split ring, all of a packed one.</summary>
    public int DescriptorOffset => 0;

    /// <summary>The driver area: the available ring, or the driver's event suppression.</summary>
    public int DriverOffset { get; }

    /// <summary>The device area: the used ring, or the device's event suppression.</summary>
    public int DeviceOffset { get; }

    /// <summary>Bytes the block needs.</summary>
    public int Length { get; }

    /// <summary>A split ring of <paramref name="size"/> descriptors, a power of two. Both rings have flags, an index, and the other side's event index behind the entries.</summary>
    public static VirtqueueLayout Split(int size) => new(size, (3 + size) * sizeof(ushort), (3 * sizeof(ushort)) + (size * UsedElementSize));

    /// <summary>A packed ring of <paramref name="size"/> descriptors, a power of two, which is more than the standard asks of it.</summary>
    public static VirtqueueLayout Packed(int size) => new(size, EventSuppressionSize, EventSuppressionSize);

    internal int AvailableFlagsOffset => DriverOffset;

    internal int AvailableIndexOffset => DriverOffset + 2;

    internal int UsedEventOffset => DriverOffset + 4 + (Size * sizeof(ushort));

    internal int UsedFlagsOffset => DeviceOffset;

    internal int UsedIndexOffset => DeviceOffset + 2;

    internal int AvailableEventOffset => DeviceOffset + 4 + (Size * UsedElementSize);

    internal int AvailableEntryOffset(ushort index) => DriverOffset + 4 + ((index & (Size - 1)) * sizeof(ushort));

    internal int UsedEntryOffset(ushort index) => DeviceOffset + 4 + ((index & (Size - 1)) * UsedElementSize);

    private static int Align(int value) => (value + Alignment - 1) & ~(Alignment - 1);
}
