// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Checksums.
namespace Troupe.Apps.Files;

/// <summary>
/// The checksums of a file system with metadata_csum: CRC-32C over the file system's seed, whose block it is, and the block's bytes. Those of bitmaps are in their group's descriptor, all others where
/// the block or record itself has room for one.
/// </summary>
internal sealed class MetadataChecksums(uint seed, Superblock superblock)
{
    private const int SuperblockOffset = 0x3FC;
    private const int DescriptorOffset = 0x1E, DescriptorLength = 2;
    private const int InodeLowOffset = 0x7C, InodeHighOffset = 0x82, InodeHalf = 2;
    private const int AttributesOffset = 0x10;
    private const int Length = sizeof(uint);

    /// <summary>Whether the superblock's own checksum holds.</summary>
    /// <remarks>
    /// That it has to be replayed, or no more, is the one thing that is changed outside the journal. A power cut may tear that write, so that the word is there and the checksum, in another sector,
    /// is not, or the other way round. So the checksum of the other word will do.
    /// </remarks>
    public static bool IsSuperblockValid(ReadOnlySpan<byte> bytes)
    {
        var found = LittleEndian.GetUInt32(bytes, SuperblockOffset);
        if (found == Superblock(bytes))
        {
            return true;
        }

        var other = bytes.ToArray();
        SuperblockFields.SetNeedsRecovery(other, !SuperblockFields.NeedsRecovery(other));
        return found == Superblock(other);
    }

    public static void SealSuperblock(Span<byte> bytes) => LittleEndian.SetUInt32(bytes, SuperblockOffset, Superblock(bytes));

    /// <summary>Whether a block's own checksum holds. What has none is valid.</summary>
    public bool IsValid(ReadOnlySpan<byte> block, long number, BlockContent content)
    {
        switch (content.Kind)
        {
            case BlockKind.Superblock:
                return IsSuperblockValid(block.Slice(superblock.OffsetInBlock, Files.Superblock.Length));
            case BlockKind.GroupDescriptors:
                var (first, count) = GroupsOf(number);
                for (var index = 0; index < count; index++)
                {
                    var descriptor = block.Slice(index * superblock.DescriptorSize, superblock.DescriptorSize);
                    if (LittleEndian.GetUInt16(descriptor, DescriptorOffset) != Descriptor(descriptor, first + (uint)index))
                    {
                        return false;
                    }
                }

                return true;
            case BlockKind.Directory when DirectoryBlock.HasTail(block):
                return LittleEndian.GetUInt32(block, block.Length - Length) == Owned(content, DirectoryBlock.Entries(block, hasTail: true));
            case BlockKind.Directory:
                return content.IsIndexed && DirectoryIndex.IsChecksumValid(block, Owned(content, []));
            case BlockKind.ExtentNode:
                return ExtentNode.ChecksumOffset(block) is { } offset && LittleEndian.GetUInt32(block, offset) == Owned(content, block[..offset]);
            case BlockKind.BlockBitmap or BlockKind.InodeBitmap:
                return content.Detail == (superblock.DescriptorSize >= 64 ? Bitmap(block, content) : (ushort)Bitmap(block, content));
            case BlockKind.Attributes:
                return LittleEndian.GetUInt32(block, AttributesOffset) == Attributes(block, number);
            default:
                return true;
        }
    }

    /// <summary>Gives a changed block its checksum; a bitmap's goes to its group's descriptor, which changed with it.</summary>
    public void Seal(Span<byte> block, long number, BlockContent content)
    {
        switch (content.Kind)
        {
            case BlockKind.Superblock:
                SealSuperblock(block.Slice(superblock.OffsetInBlock, Files.Superblock.Length));
                break;
            case BlockKind.GroupDescriptors:
                var (first, count) = GroupsOf(number);
                for (var index = 0; index < count; index++)
                {
                    var descriptor = block.Slice(index * superblock.DescriptorSize, superblock.DescriptorSize);
                    LittleEndian.SetUInt16(descriptor, DescriptorOffset, Descriptor(descriptor, first + (uint)index));
                }

                break;
            case BlockKind.Directory:
                LittleEndian.SetUInt32(block, block.Length - Length, Owned(content, DirectoryBlock.Entries(block, hasTail: true)));
                break;
            case BlockKind.ExtentNode:
                var offset = ExtentNode.ChecksumOffset(block)!.Value;
                LittleEndian.SetUInt32(block, offset, Owned(content, block[..offset]));
                break;
            case BlockKind.Attributes:
                LittleEndian.SetUInt32(block, AttributesOffset, Attributes(block, number));
                break;
        }
    }

    /// <summary>The checksum of a bitmap.</summary>
    public uint Bitmap(ReadOnlySpan<byte> bitmap, BlockContent content) =>
        Crc32C.Continue(seed, bitmap[..(int)((content.Kind == BlockKind.BlockBitmap ? superblock.BlocksPerGroup : superblock.InodesPerGroup) / 8)]);

    public bool IsValid(Inode inode)
    {
        var checksum = Checksum(inode);
        return LittleEndian.GetUInt16(inode.Bytes, InodeLowOffset) == (ushort)checksum
            && (!HasHighHalf(inode) || LittleEndian.GetUInt16(inode.Bytes, InodeHighOffset) == checksum >> 16);
    }

    public void Seal(Inode inode)
    {
        var checksum = Checksum(inode);
        LittleEndian.SetUInt16(inode.Bytes, InodeLowOffset, (ushort)checksum);
        if (HasHighHalf(inode))
        {
            LittleEndian.SetUInt16(inode.Bytes, InodeHighOffset, (int)(checksum >> 16));
        }
    }

    private static uint Superblock(ReadOnlySpan<byte> bytes) => Crc32C.Continue(Crc32C.Initial, bytes[..SuperblockOffset]);

    private ushort Descriptor(ReadOnlySpan<byte> descriptor, uint group) => (ushort)Crc32C.ContinueAround(Crc32C.Continue(seed, group), descriptor, DescriptorOffset, DescriptorLength);

    private uint Attributes(ReadOnlySpan<byte> block, long number) => Crc32C.ContinueAround(Crc32C.Continue(seed, (ulong)number), block, AttributesOffset, Length);

    private uint Owned(BlockContent content, ReadOnlySpan<byte> bytes) => Crc32C.Continue(Crc32C.Continue(Crc32C.Continue(seed, content.Owner), content.Detail), bytes);

    private uint Checksum(Inode inode)
    {
        var crc = Crc32C.Continue(Crc32C.Continue(seed, inode.Number), inode.Generation);
        if (!HasHighHalf(inode))
        {
            return Crc32C.ContinueAround(crc, inode.Bytes, InodeLowOffset, InodeHalf);
        }

        crc = Crc32C.ContinueAround(crc, inode.Bytes.AsSpan(0, InodeHighOffset), InodeLowOffset, InodeHalf);
        return Crc32C.ContinueAround(crc, inode.Bytes.AsSpan(InodeHighOffset), 0, InodeHalf);
    }

    private static bool HasHighHalf(Inode inode) => inode.HasExtra(InodeHighOffset, InodeHalf);

    private (uint First, int Count) GroupsOf(long block)
    {
        var perBlock = superblock.BlockSize / superblock.DescriptorSize;
        var first = (block - superblock.Block - 1) * perBlock;
        return ((uint)first, (int)Math.Clamp(superblock.GroupCount - first, 0, perBlock));
    }
}
