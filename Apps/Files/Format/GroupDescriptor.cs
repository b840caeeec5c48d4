// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Block Group Descriptors.
namespace Troupe.Apps.Files;

/// <summary>What a group's descriptor says about its bitmaps. One of 64 bytes has the upper halves of what one of 32 has.</summary>
internal static class GroupDescriptor
{
    /// <summary>The inode bitmap was never written: no inode is used.</summary>
    public const int InodesUninitialized = 0x1;

    /// <summary>The block bitmap was never written: no block is used but those of the group's own metadata.</summary>
    public const int BlocksUninitialized = 0x2;

    private const int FlagsOffset = 0x12;
    private const int BlockChecksum = 0x18, BlockChecksumHigh = 0x38;
    private const int InodeChecksum = 0x1A, InodeChecksumHigh = 0x3A;
    private const int LongLength = 64;

    public static bool Is(ReadOnlySpan<byte> descriptor, int flag) => (LittleEndian.GetUInt16(descriptor, FlagsOffset) & flag) != 0;

    public static void Clear(Span<byte> descriptor, int flag) => LittleEndian.SetUInt16(descriptor, FlagsOffset, LittleEndian.GetUInt16(descriptor, FlagsOffset) & ~flag);

    /// <summary>The checksum of a bitmap, or its lower half in a short descriptor.</summary>
    public static uint Checksum(ReadOnlySpan<byte> descriptor, BlockKind bitmap)
    {
        var (low, high) = Offsets(bitmap);
        return LittleEndian.GetUInt16(descriptor, low) | (descriptor.Length >= LongLength ? (uint)LittleEndian.GetUInt16(descriptor, high) << 16 : 0);
    }

    public static void SetChecksum(Span<byte> descriptor, BlockKind bitmap, uint checksum)
    {
        var (low, high) = Offsets(bitmap);
        LittleEndian.SetUInt16(descriptor, low, (ushort)checksum);
        if (descriptor.Length >= LongLength)
        {
            LittleEndian.SetUInt16(descriptor, high, (int)(checksum >> 16));
        }
    }

    private static (int Low, int High) Offsets(BlockKind bitmap) => bitmap == BlockKind.BlockBitmap ? (BlockChecksum, BlockChecksumHigh) : (InodeChecksum, InodeChecksumHigh);
}
