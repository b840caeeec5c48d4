// VIRTIO 1.2, section 2.7: split virtqueues.
namespace Troupe.Drivers.Virtio;

/// <summary>Where the three parts of a split virtqueue lie in one block, in bytes.</summary>
public readonly record struct VirtqueueLayout
{
    /// <summary>The largest queue: the largest power of two that 16-bit indices can tell full from empty (section 2.7).</summary>
    public const int MaximumSize = 32768;

    internal const int DescriptorSize = 16;
    internal const int UsedElementSize = 8;

    // Descriptors want 16, the available ring 2 and the used ring 4 (section 2.7). The rings are kept on cache lines of
    // their own, because one side writes what the other reads.
    internal const int Alignment = 64;

    /// <summary>Lays out a queue of <paramref name="size"/> descriptors, a power of two.</summary>
    public VirtqueueLayout(int size)
    {
        if (size is < 1 or > MaximumSize || (size & (size - 1)) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(size), size, "A power of two of at most 32768.");
        }

        Size = size;
        AvailableOffset = Align(size * DescriptorSize);
        UsedOffset = Align(UsedEventOffset + sizeof(ushort));
        Length = AvailableEventOffset + sizeof(ushort);
    }

    /// <summary>Descriptors in the queue.</summary>
    public int Size { get; }

    /// <summary>The descriptor table ("descriptor area").</summary>
    public int DescriptorOffset => 0;

    /// <summary>The available ring ("driver area").</summary>
    public int AvailableOffset { get; }

    /// <summary>The used ring ("device area").</summary>
    public int UsedOffset { get; }

    /// <summary>Bytes the block needs.</summary>
    public int Length { get; }

    internal int AvailableFlagsOffset => AvailableOffset;

    internal int AvailableIndexOffset => AvailableOffset + 2;

    internal int UsedEventOffset => AvailableOffset + 4 + (Size * sizeof(ushort));

    internal int UsedFlagsOffset => UsedOffset;

    internal int UsedIndexOffset => UsedOffset + 2;

    internal int AvailableEventOffset => UsedOffset + 4 + (Size * UsedElementSize);

    internal int AvailableEntryOffset(ushort index) => AvailableOffset + 4 + ((index & (Size - 1)) * sizeof(ushort));

    internal int UsedEntryOffset(ushort index) => UsedOffset + 4 + ((index & (Size - 1)) * UsedElementSize);

    private static int Align(int value) => (value + Alignment - 1) & ~(Alignment - 1);
}
