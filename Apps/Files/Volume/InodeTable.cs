// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Block Group Descriptors and Index Nodes.
namespace Troupe.Apps.Files;

/// <summary>The inodes of the disk.</summary>
internal sealed partial class InodeTable(BlockCache cache, GroupTable groups, GroupBitmaps bitmaps, Superblock superblock, MetadataChecksums? checksums, string disk)
{
    /// <summary>An inode that something refers to.</summary>
    public async ValueTask<Inode> ReadAsync(uint number)
    {
        var (block, offset) = await LocateAsync(number);
        var bytes = await cache.ReadAsync(block, BlockContent.Inodes);
        var inode = new Inode(number, bytes.AsSpan(offset, superblock.InodeSize).ToArray());
        if (checksums is not null && !checksums.IsValid(inode))
        {
            throw Corrupt(number, "a wrong checksum");
        }

        if (inode.Length < 0)
        {
            throw Corrupt(number, $"a length of {(ulong)inode.Length} bytes");
        }

        return inode;
    }

    /// <summary>An inode that a name refers to: there has to be something.</summary>
    public async ValueTask<Inode> ReadNamedAsync(uint number)
    {
        var inode = await ReadAsync(number);
        if (inode.Kind == FileKind.None || inode.LinkCount == 0)
        {
            throw Corrupt(number, "a name, and it is not in use");
        }

        if (!inode.IsReadable)
        {
            throw new FileSystemException(FileSystemError.Unsupported, $"Inode {number} of {disk} is encrypted, compressed, inline or verified (flags 0x{inode.Flags:x}), which is not supported.");
        }

        if (!inode.HasExtents && inode.Kind is FileKind.Regular or FileKind.Directory && inode.Length > 0)
        {
            throw new FileSystemException(FileSystemError.Unsupported, $"Inode {number} of {disk} has a block map of ext3 instead of extents, which is not supported.");
        }

        return inode;
    }

    private async ValueTask<(long Block, int Offset)> LocateAsync(uint number)
    {
        if (number == 0 || number > superblock.InodeCount)
        {
            throw new FileSystemException(FileSystemError.Corrupt, $"{disk} refers to inode {number}, and has {superblock.InodeCount}.");
        }

        var (group, index) = Math.DivRem(number - 1, superblock.InodesPerGroup);
        var table = await groups.InodeTableAsync(group);
        var (block, offset) = Math.DivRem((long)index * superblock.InodeSize, superblock.BlockSize);
        return (table + block, (int)offset);
    }

    private FileSystemException Corrupt(uint number, string what) => new(FileSystemError.Corrupt, $"Inode {number} of {disk} has {what}: check the disk with e2fsck.");
}
