// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Block and inode Bitmaps, Lazy Block Group Initialization.
namespace Troupe.Apps.Files;

/// <summary>The bitmaps of the groups. mke2fs leaves those unwritten that say nothing yet (with metadata_csum): they are written when something is to change in them.</summary>
internal sealed class GroupBitmaps(BlockCache cache, GroupTable groups, Superblock superblock, string disk)
{
    private bool AreLazy => superblock.ChecksumSeed is not null;

    /// <summary>Where the bitmap of a group's blocks is, and what it holds. Part of a step.</summary>
    public async ValueTask<(long Number, BlockContent Content)> BlocksAsync(uint group)
    {
        var number = await groups.BlockBitmapAsync(group);
        if (AreLazy && await groups.TryInitializeAsync(group, GroupDescriptor.BlocksUninitialized))
        {
            var bitmap = cache.Create(number, BlockContent.BlockBitmap(group, 0));
            await FillBlocksAsync(group, bitmap);
            await RequireFreeAsync(group, bitmap);
        }

        return (number, BlockContent.BlockBitmap(group, await groups.ChecksumAsync(group, BlockKind.BlockBitmap)));
    }

    /// <summary>Where the bitmap of a group's inodes is, and what it holds. Part of a step.</summary>
    public async ValueTask<(long Number, BlockContent Content)> InodesAsync(uint group)
    {
        var number = await groups.InodeBitmapAsync(group);
        if (AreLazy && await groups.TryInitializeAsync(group, GroupDescriptor.InodesUninitialized))
        {
            Use(cache.Create(number, BlockContent.InodeBitmap(group, 0)), superblock.InodesPerGroup, superblock.BlockSize * 8L);
        }

        return (number, BlockContent.InodeBitmap(group, await groups.ChecksumAsync(group, BlockKind.InodeBitmap)));
    }

    /// <summary>Counts an inode among those that may be in use: the others of the group's table, behind the last such, were never written.</summary>
    public async ValueTask CoverAsync(uint group, uint index)
    {
        if (AreLazy)
        {
            await groups.CoverInodeAsync(group, index);
        }
    }

    private async ValueTask FillBlocksAsync(uint group, byte[] bitmap)
    {
        var (first, count) = groups.Blocks(group);
        if (superblock.HasBackup(group))
        {
            Use(bitmap, 0, 1 + superblock.DescriptorBlocks + superblock.ReservedDescriptorBlocks);
        }

        foreach (var (at, length) in new[] { (await groups.BlockBitmapAsync(group), 1L), (await groups.InodeBitmapAsync(group), 1L), (await groups.InodeTableAsync(group), groups.InodeTableBlocks) })
        {
            Use(bitmap, Math.Max(at, first) - first, Math.Min(at + length, first + count) - first);
        }

        Use(bitmap, count, superblock.BlockSize * 8L);
    }

    /// <summary>The descriptor counts what is free in a bitmap that was not written, so it must agree with what such a bitmap is.</summary>
    private async ValueTask RequireFreeAsync(uint group, byte[] bitmap)
    {
        var free = (superblock.BlockSize * 8L) - bitmap.Sum(static octet => (long)System.Numerics.BitOperations.PopCount(octet));
        if (free != await groups.FreeBlocksAsync(group))
        {
            throw new FileSystemException(FileSystemError.Corrupt, $"Group {group} of {disk} says that its bitmap was not written, and does not have the {free} free blocks of such a group: check the disk with e2fsck.");
        }
    }

    private static void Use(byte[] bitmap, long from, long end)
    {
        for (var index = from; index < Math.Min(end, bitmap.Length * 8L); index++)
        {
            bitmap[index / 8] |= (byte)(1 << (int)(index % 8));
        }
    }
}
