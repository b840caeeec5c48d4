// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Block Group Descriptors.
namespace Troupe.Apps.Files;

/// <summary>The descriptors of the block groups, read where they lie: where a group's bitmaps and inodes are, and what is free.</summary>
internal sealed class GroupTable(BlockCache cache, Superblock superblock, string disk)
{
    private bool Is64 => superblock.DescriptorSize >= 64;

    public ValueTask<long> BlockBitmapAsync(uint group) => BlockOfAsync(group, 0x0, 0x20, "block bitmap", 1);

    public ValueTask<long> InodeBitmapAsync(uint group) => BlockOfAsync(group, 0x4, 0x24, "inode bitmap", 1);

    public ValueTask<long> InodeTableAsync(uint group) =>
        BlockOfAsync(group, 0x8, 0x28, "inode table", InodeTableBlocks);

    public long InodeTableBlocks => (((long)superblock.InodesPerGroup * superblock.InodeSize) + superblock.BlockSize - 1) / superblock.BlockSize;

    public ValueTask<int> FreeBlocksAsync(uint group) => CountAsync(group, 0xC, 0x2C);

    public ValueTask<int> FreeInodesAsync(uint group) => CountAsync(group, 0xE, 0x2E);

    public ValueTask AddFreeBlocksAsync(uint group, int change) => AddAsync(group, 0xC, 0x2C, change);

    public ValueTask AddFreeInodesAsync(uint group, int change) => AddAsync(group, 0xE, 0x2E, change);

    public ValueTask AddDirectoriesAsync(uint group, int change) => AddAsync(group, 0x10, 0x30, change);

    /// <summary>The first block of a group, and how many it has: the last one may have fewer than the others.</summary>
    public (long First, int Count) Blocks(uint group)
    {
        var first = superblock.FirstDataBlock + ((long)group * superblock.BlocksPerGroup);
        return (first, (int)Math.Min(superblock.BlocksPerGroup, superblock.BlockCount - first));
    }

    /// <summary>The checksum that a descriptor has of a bitmap.</summary>
    public async ValueTask<uint> ChecksumAsync(uint group, BlockKind bitmap)
    {
        var (block, offset) = superblock.LocateDescriptor(group);
        return GroupDescriptor.Checksum((await cache.ReadAsync(block, BlockContent.GroupDescriptors)).AsSpan(offset, superblock.DescriptorSize), bitmap);
    }

    /// <summary>Says that a bitmap is written from now on; false if it was.</summary>
    public async ValueTask<bool> TryInitializeAsync(uint group, int flag)
    {
        var (block, offset) = superblock.LocateDescriptor(group);
        if (!GroupDescriptor.Is((await cache.ReadAsync(block, BlockContent.GroupDescriptors)).AsSpan(offset, superblock.DescriptorSize), flag))
        {
            return false;
        }

        GroupDescriptor.Clear((await cache.ChangeAsync(block, BlockContent.GroupDescriptors)).AsSpan(offset, superblock.DescriptorSize), flag);
        return true;
    }

    /// <summary>An inode is among those that may be in use; the descriptor counts those at the end that are not.</summary>
    public async ValueTask CoverInodeAsync(uint group, uint index)
    {
        var behind = (int)(superblock.InodesPerGroup - index - 1);
        if (await CountAsync(group, 0x1C, 0x32) is var unused && unused > behind)
        {
            await AddAsync(group, 0x1C, 0x32, behind - unused);
        }
    }

    private async ValueTask<long> BlockOfAsync(uint group, int low, int high, string what, long count)
    {
        var (block, offset) = superblock.LocateDescriptor(group);
        var bytes = await cache.ReadAsync(block, BlockContent.GroupDescriptors);
        var number = LittleEndian.GetUInt32(bytes, offset + low) | (Is64 ? (long)LittleEndian.GetUInt32(bytes, offset + high) << 32 : 0);
        return number > superblock.FirstDataBlock && number <= superblock.BlockCount - count
            ? number
            : throw new FileSystemException(FileSystemError.Corrupt, $"Group {group} of {disk} has its {what} at block {number}, and there are {superblock.BlockCount}: check the disk with e2fsck.");
    }

    private async ValueTask<int> CountAsync(uint group, int low, int high)
    {
        var (block, offset) = superblock.LocateDescriptor(group);
        return Count(await cache.ReadAsync(block, BlockContent.GroupDescriptors), offset, low, high);
    }

    private async ValueTask AddAsync(uint group, int low, int high, int change)
    {
        var (block, offset) = superblock.LocateDescriptor(group);
        var bytes = await cache.ChangeAsync(block, BlockContent.GroupDescriptors);
        var count = Count(bytes, offset, low, high) + change;
        LittleEndian.SetUInt16(bytes, offset + low, count);
        if (Is64)
        {
            LittleEndian.SetUInt16(bytes, offset + high, count >> 16);
        }
    }

    private int Count(byte[] bytes, int offset, int low, int high) =>
        LittleEndian.GetUInt16(bytes, offset + low) | (Is64 ? LittleEndian.GetUInt16(bytes, offset + high) << 16 : 0);
}
