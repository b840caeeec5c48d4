// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Orphan file: "Traditionally, ext4 tracks orphans in a list".
namespace Troupe.Apps.Files;

/// <summary>Inodes without a name whose blocks are still to be freed, linked through their deletion times: after a power cut it is done when the file system is opened.</summary>
internal sealed class OrphanList(BlockCache cache, InodeTable inodes, Superblock superblock, string disk)
{
    /// <summary>The first of them; 0 if there is none.</summary>
    public async ValueTask<uint> FirstAsync() => SuperblockFields.FirstOrphan((await cache.ReadAsync(superblock.Block, BlockContent.Superblock)).AsSpan(superblock.OffsetInBlock));

    /// <summary>The inode is stored with it.</summary>
    public async ValueTask AddAsync(Inode inode)
    {
        inode.DeletionTime = await FirstAsync();
        await SetFirstAsync(inode.Number);
        await inodes.StoreAsync(inode);
    }

    /// <summary>The inode has to be stored.</summary>
    public async ValueTask RemoveAsync(Inode inode)
    {
        var next = inode.DeletionTime;
        inode.DeletionTime = 0;
        var number = await FirstAsync();
        if (number == inode.Number)
        {
            await SetFirstAsync(next);
            return;
        }

        for (var walked = 0u; walked < superblock.InodeCount && number != 0; walked++)
        {
            var before = await inodes.ReadAsync(number);
            if (before.DeletionTime == inode.Number)
            {
                before.DeletionTime = next;
                await inodes.StoreAsync(before);
                return;
            }

            number = before.DeletionTime;
        }

        throw new FileSystemException(FileSystemError.Corrupt, $"Inode {inode.Number} of {disk} is not in the list of orphans: check the disk with e2fsck.");
    }

    private async ValueTask SetFirstAsync(uint inode)
    {
        var bytes = await cache.ChangeAsync(superblock.Block, BlockContent.Superblock);
        SuperblockFields.SetFirstOrphan(bytes.AsSpan(superblock.OffsetInBlock), inode);
    }
}
