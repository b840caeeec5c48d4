namespace Troupe.Apps.Files;

/// <content>Inodes that come and go.</content>
internal sealed partial class InodeTable
{
    public async ValueTask StoreAsync(Inode inode)
    {
        var (block, offset) = await LocateAsync(inode.Number);
        checksums?.Seal(inode);
        var bytes = await cache.ChangeAsync(block, BlockContent.Inodes);
        inode.Bytes.CopyTo(bytes.AsSpan(offset));
    }

    /// <summary>A fresh inode, as near to its directory as there is one. It has to be stored.</summary>
    public async ValueTask<Inode> CreateAsync(Inode directory, FileKind kind, int mode, uint generation, DateTimeOffset time)
    {
        var start = (directory.Number - 1) / superblock.InodesPerGroup;
        for (var step = 0u; step < superblock.GroupCount; step++)
        {
            var group = (uint)(((ulong)start + step) % superblock.GroupCount);
            if (await groups.FreeInodesAsync(group) == 0)
            {
                continue;
            }

            var (bitmap, content) = await bitmaps.InodesAsync(group);
            if (FindFree(await cache.ReadAsync(bitmap, content), group) is not { } index)
            {
                continue;
            }

            (await cache.ChangeAsync(bitmap, content))[index / 8] |= (byte)(1 << (int)(index % 8));
            await bitmaps.CoverAsync(group, index);
            await CountAsync(group, -1, kind == FileKind.Directory ? 1 : 0);
            return Inode.Create((group * superblock.InodesPerGroup) + index + 1, superblock.InodeSize, superblock.ExtraInodeSize, kind, mode, generation, time);
        }

        throw new FileSystemException(FileSystemError.NoSpace, $"{disk} has no free inode: it can hold {superblock.InodeCount} files (mke2fs -N makes more).");
    }

    /// <summary>The inode is nobody's any more.</summary>
    public async ValueTask FreeAsync(Inode inode, DateTimeOffset time)
    {
        var isDirectory = inode.Kind == FileKind.Directory;
        var (group, index) = Math.DivRem(inode.Number - 1, superblock.InodesPerGroup);
        var (bitmap, content) = await bitmaps.InodesAsync(group);
        var bytes = await cache.ChangeAsync(bitmap, content);
        var bit = (byte)(1 << (int)(index % 8));
        if ((bytes[index / 8] & bit) == 0 || inode.Number < superblock.FirstInode)
        {
            throw Corrupt(inode.Number, "been freed before, or is the file system's own");
        }

        bytes[index / 8] ^= bit;
        await CountAsync(group, 1, isDirectory ? -1 : 0);
        inode.DeletionTime = (uint)time.ToUnixTimeSeconds();
        await StoreAsync(inode);
    }

    /// <summary>How many inodes are free.</summary>
    public async ValueTask<long> CountFreeAsync() => SuperblockFields.FreeInodes((await cache.ReadAsync(superblock.Block, BlockContent.Superblock)).AsSpan(superblock.OffsetInBlock));

    private async ValueTask CountAsync(uint group, int free, int directories)
    {
        await groups.AddFreeInodesAsync(group, free);
        if (directories != 0)
        {
            await groups.AddDirectoriesAsync(group, directories);
        }

        var bytes = await cache.ChangeAsync(superblock.Block, BlockContent.Superblock);
        SuperblockFields.AddFreeInodes(bytes.AsSpan(superblock.OffsetInBlock), free);
    }

    private uint? FindFree(byte[] bitmap, uint group)
    {
        for (var index = group == 0 ? superblock.FirstInode - 1 : 0; index < superblock.InodesPerGroup; index++)
        {
            if ((bitmap[index / 8] & (1 << (int)(index % 8))) == 0)
            {
                return index;
            }
        }

        return null;
    }
}
