namespace Troupe.Apps.Files;

/// <content>Names that go. Each method is part of a step.</content>
internal sealed partial class Volume
{
    // Extended attributes in a block of their own, which inodes may share: how many do.
    private const int AttributeMagicOffset = 0;
    private const uint AttributeMagic = 0xEA020000;
    private const int AttributeReferencesOffset = 4;

    /// <summary>Takes a name away. Answers the inode if it has none any more, otherwise 0.</summary>
    public async ValueTask<uint> DeleteAsync(string path, bool isDirectory)
    {
        var (directory, name) = await Paths.ResolveParentAsync(path);
        var entry = await FindAsync(directory, name, path);
        var inode = await Inodes.ReadNamedAsync(entry.Inode);
        if ((inode.Kind == FileKind.Directory) != isDirectory)
        {
            throw isDirectory
                ? new FileSystemException(FileSystemError.NotDirectory, $"'{path}' is no directory.")
                : new FileSystemException(FileSystemError.IsDirectory, $"'{path}' is a directory.");
        }

        if (isDirectory)
        {
            await RequireEmptyAsync(inode, path);
            RemoveSubdirectory(directory);
        }

        await Directories.RemoveAsync(directory, entry);
        await StoreModifiedAsync(directory);
        return await ReleaseAsync(inode);
    }

    /// <summary>Frees some of what an inode without a name has, and at last the inode; false if there is more.</summary>
    public async ValueTask<bool> ReclaimAsync(uint number)
    {
        var inode = await Inodes.ReadAsync(number);
        if (inode.LinkCount > 0)
        {
            // Somebody had begun to cut it.
            if (inode.HasExtents && !await Content.SetLengthAsync(inode, inode.Length))
            {
                await Inodes.StoreAsync(inode);
                return false;
            }

            await Orphans.RemoveAsync(inode);
            await Inodes.StoreAsync(inode);
            return true;
        }

        if (!await Content.ClearAsync(inode))
        {
            await Inodes.StoreAsync(inode);
            return false;
        }

        await ReleaseAttributesAsync(inode);
        await Orphans.RemoveAsync(inode);
        await Inodes.FreeAsync(inode, Now);
        return true;
    }

    private async ValueTask RequireEmptyAsync(Inode directory, string path)
    {
        if (!await Directories.IsEmptyAsync(directory))
        {
            throw new FileSystemException(FileSystemError.NotEmpty, $"'{path}' is not empty.");
        }
    }

    /// <summary>A name of an inode is gone. Answers its number if that was the last one.</summary>
    private async ValueTask<uint> ReleaseAsync(Inode inode)
    {
        inode.LinkCount = inode.Kind == FileKind.Directory ? 0 : inode.LinkCount - 1;
        inode.SetChanged(Now);
        if (inode.LinkCount == 0)
        {
            await Orphans.AddAsync(inode);
            return inode.Number;
        }

        await Inodes.StoreAsync(inode);
        return 0;
    }

    private async ValueTask ReleaseAttributesAsync(Inode inode)
    {
        var block = inode.AttributeBlock;
        if (block == 0)
        {
            return;
        }

        var bytes = await Cache.ReadAsync(block, BlockContent.Attributes);
        var references = LittleEndian.GetUInt32(bytes, AttributeReferencesOffset);
        if (LittleEndian.GetUInt32(bytes, AttributeMagicOffset) != AttributeMagic || references == 0)
        {
            throw new FileSystemException(FileSystemError.Corrupt, $"The extended attributes of inode {inode.Number} of {_disk} contradict themselves: check the disk with e2fsck.");
        }

        if (references == 1)
        {
            await Blocks.FreeAsync(block, 1);
        }
        else
        {
            LittleEndian.SetUInt32(await Cache.ChangeAsync(block, BlockContent.Attributes), AttributeReferencesOffset, references - 1);
        }

        inode.ClearAttributes(Cache.BlockSize);
    }
}
