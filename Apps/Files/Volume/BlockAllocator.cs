// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Block and inode Bitmaps.
namespace Troupe.Apps.Files;

/// <summary>
/// Which blocks are free. A block that was freed is not given out again before the commit of that: until then a power cut brings the file back that had it, and its bytes must still be there.
/// </summary>
internal sealed class BlockAllocator(BlockCache cache, GroupTable groups, GroupBitmaps bitmaps, Superblock superblock, string disk)
{
    private bool Is64 => (superblock.Incompatible & Features.SixtyFourBit) != 0;

    /// <summary>Blocks that are free, those included that wait for a commit.</summary>
    public async ValueTask<long> CountFreeAsync() => SuperblockFields.FreeBlocks((await cache.ReadAsync(superblock.Block, BlockContent.Superblock)).AsSpan(superblock.OffsetInBlock), Is64);

    /// <summary>Where the blocks of an inode best begin.</summary>
    public long Near(uint inode) => groups.Blocks((inode - 1) / superblock.InodesPerGroup).First;

    /// <summary>Takes up to <paramref name="wanted"/> blocks that follow each other, the first free ones at or after a goal.</summary>
    public async ValueTask<(long First, int Count)> AllocateAsync(long goal, int wanted)
    {
        var start = (uint)((Math.Clamp(goal, superblock.FirstDataBlock, superblock.BlockCount - 1) - superblock.FirstDataBlock) / superblock.BlocksPerGroup);
        for (var step = 0u; step <= superblock.GroupCount; step++)
        {
            // The first group comes again at the end, for what is before the goal.
            var group = (uint)(((ulong)start + step) % superblock.GroupCount);
            if (await groups.FreeBlocksAsync(group) == 0)
            {
                continue;
            }

            var (first, blocks) = groups.Blocks(group);
            var (bitmap, content) = await bitmaps.BlocksAsync(group);
            var from = step == 0 ? (int)Math.Clamp(goal - first, 0, blocks - 1) : 0;
            var (index, count) = FindFree(await cache.ReadAsync(bitmap, content), cache.Before(bitmap), from, blocks, wanted);
            if (count == 0)
            {
                continue;
            }

            SetBits(await cache.ChangeAsync(bitmap, content), index, count, isUsed: true);
            await groups.AddFreeBlocksAsync(group, -count);
            await AddFreeAsync(-count);
            return (first + index, count);
        }

        throw new FileSystemException(FileSystemError.NoSpace, $"{disk} has no free block.");
    }

    public async ValueTask FreeAsync(long first, int count)
    {
        cache.Forget(first, count);
        await AddFreeAsync(count);
        while (count > 0)
        {
            var group = (uint)((first - superblock.FirstDataBlock) / superblock.BlocksPerGroup);
            var (groupFirst, blocks) = groups.Blocks(group);
            var index = (int)(first - groupFirst);
            var here = Math.Min(count, blocks - index);
            var (bitmap, content) = await bitmaps.BlocksAsync(group);
            if (!SetBits(await cache.ChangeAsync(bitmap, content), index, here, isUsed: false))
            {
                throw new FileSystemException(FileSystemError.Corrupt, $"{disk} would free blocks {first} to {first + here - 1}, of which some are free: check it with e2fsck.");
            }

            await groups.AddFreeBlocksAsync(group, here);
            first += here;
            count -= here;
        }
    }

    private async ValueTask AddFreeAsync(long change)
    {
        var bytes = await cache.ChangeAsync(superblock.Block, BlockContent.Superblock);
        SuperblockFields.AddFreeBlocks(bytes.AsSpan(superblock.OffsetInBlock), change, Is64);
    }

    private static (int Index, int Count) FindFree(byte[] bitmap, byte[]? before, int from, int end, int wanted)
    {
        for (var index = from; index < end;)
        {
            if (index % 8 == 0 && bitmap[index / 8] == byte.MaxValue)
            {
                index += 8;
                continue;
            }

            var count = 0;
            while (count < wanted && index + count < end && !IsUsed(bitmap, before, index + count))
            {
                count++;
            }

            if (count > 0)
            {
                return (index, count);
            }

            index++;
        }

        return (0, 0);
    }

    private static bool IsUsed(byte[] bitmap, byte[]? before, int index) => ((bitmap[index / 8] | (before is null ? 0 : before[index / 8])) & (1 << (index % 8))) != 0;

    /// <summary>Changes bits; false if one of them was so already.</summary>
    private static bool SetBits(byte[] bitmap, int index, int count, bool isUsed)
    {
        for (var end = index + count; index < end; index++)
        {
            var bit = (byte)(1 << (index % 8));
            if (((bitmap[index / 8] & bit) != 0) == isUsed)
            {
                return false;
            }

            bitmap[index / 8] ^= bit;
        }

        return true;
    }
}
