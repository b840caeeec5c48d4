using System.Text;

namespace Troupe.Apps.Files;

/// <content>Names that come and change. Each method is part of a step.</content>
internal sealed partial class Volume
{
    private const int MaximumLinks = 65_000;

    // What a directory says that has more subdirectories than it can count.
    private const int Uncounted = 1;

    /// <summary>Makes something new under a name that is not there.</summary>
    public async ValueTask<uint> CreateAsync(string path, FileKind kind, int mode, string target = "")
    {
        var (directory, name) = await Paths.ResolveParentAsync(path);
        if (await Directories.FindAsync(directory, name) is not null)
        {
            throw new FileSystemException(FileSystemError.Exists, $"'{path}' is there already.");
        }

        var inode = await Inodes.CreateAsync(directory, kind, mode, (uint)Now.Ticks, Now);
        inode.LinkCount = 1;
        switch (kind)
        {
            case FileKind.Directory:
                await Directories.InitializeAsync(inode, directory.Number);
                inode.LinkCount = 2;
                AddSubdirectory(directory);
                break;
            case FileKind.SymbolicLink:
                await InitializeLinkAsync(inode, target);
                break;
            default:
                inode.BeginExtents();
                break;
        }

        await Inodes.StoreAsync(inode);
        await Directories.AddAsync(directory, name, inode.Number, kind);
        await StoreModifiedAsync(directory);
        return inode.Number;
    }

    /// <summary>Gives something one more name, which is not there.</summary>
    public async ValueTask LinkAsync(string path, string target)
    {
        var inode = await Paths.ResolveAsync(target, followsLink: false);
        if (inode.Kind == FileKind.Directory)
        {
            throw new FileSystemException(FileSystemError.NotPermitted, $"'{target}' is a directory, which has one name only.");
        }

        var (directory, name) = await Paths.ResolveParentAsync(path);
        if (await Directories.FindAsync(directory, name) is not null)
        {
            throw new FileSystemException(FileSystemError.Exists, $"'{path}' is there already.");
        }

        if (inode.IsImmutable)
        {
            throw new FileSystemException(FileSystemError.ReadOnly, $"'{target}' is immutable (chattr +i).");
        }

        if (inode.LinkCount >= MaximumLinks)
        {
            throw new FileSystemException(FileSystemError.TooManyLinks, $"'{target}' has {inode.LinkCount} names: it may have no more.");
        }

        inode.LinkCount++;
        inode.SetChanged(Now);
        await Inodes.StoreAsync(inode);
        await Directories.AddAsync(directory, name, inode.Number, inode.Kind);
        await StoreModifiedAsync(directory);
    }

    /// <summary>Gives something another name. Answers the inode that had this name and has none any more; 0 if there is none.</summary>
    public async ValueTask<uint> RenameAsync(string path, string target)
    {
        var (from, name) = await Paths.ResolveParentAsync(path);
        var (to, newName) = await Paths.ResolveParentAsync(target);
        if (to.Number == from.Number)
        {
            to = from;
        }

        var entry = await FindAsync(from, name, path);
        var inode = await Inodes.ReadNamedAsync(entry.Inode);
        await RequireOutsideAsync(inode, to, path, target);
        var replaced = 0u;
        if (await Directories.FindAsync(to, newName) is { } existing)
        {
            if (existing.Inode == entry.Inode)
            {
                return 0;
            }

            replaced = await ReleaseReplacedAsync(existing.Inode, inode, to, target);
            await Directories.ReplaceAsync(to, existing, inode.Number, inode.Kind);
        }
        else
        {
            await Directories.AddAsync(to, newName, inode.Number, inode.Kind);
        }

        // Where it is now: an entry that was added to the same block may have moved what is around it.
        await Directories.RemoveAsync(from, await FindAsync(from, name, path));
        if (inode.Kind == FileKind.Directory && from != to)
        {
            await Directories.DropIndexAsync(inode);
            await Directories.ReplaceAsync(inode, await FindAsync(inode, [(byte)'.', (byte)'.'], path), to.Number, FileKind.Directory);
            RemoveSubdirectory(from);
            AddSubdirectory(to);
        }

        inode.SetChanged(Now);
        await Inodes.StoreAsync(inode);
        await StoreModifiedAsync(from);
        if (from != to)
        {
            await StoreModifiedAsync(to);
        }

        return replaced;
    }

    private async ValueTask<FoundEntry> FindAsync(Inode directory, byte[] name, string path) =>
        await Directories.FindAsync(directory, name) ?? throw new FileSystemException(FileSystemError.NotFound, $"'{path}' is not there: there is no '{Encoding.UTF8.GetString(name)}'.");

    /// <summary>A directory cannot become a part of itself.</summary>
    private async ValueTask RequireOutsideAsync(Inode inode, Inode directory, string path, string target)
    {
        if (inode.Kind != FileKind.Directory)
        {
            return;
        }

        var number = directory.Number;
        for (var walked = 0u; number != Inode.Root; walked++)
        {
            if (number == inode.Number || walked > Superblock.InodeCount)
            {
                throw new FileSystemException(FileSystemError.Invalid, $"'{path}' cannot become a part of itself, '{target}'.");
            }

            number = (await FindAsync(await Inodes.ReadNamedAsync(number), [(byte)'.', (byte)'.'], target)).Inode;
        }

        if (inode.Number == Inode.Root)
        {
            throw new FileSystemException(FileSystemError.Invalid, "The root has no name.");
        }
    }

    private async ValueTask<uint> ReleaseReplacedAsync(uint number, Inode by, Inode directory, string target)
    {
        var old = await Inodes.ReadNamedAsync(number);
        if (old.Kind == FileKind.Directory)
        {
            if (by.Kind != FileKind.Directory)
            {
                throw new FileSystemException(FileSystemError.IsDirectory, $"'{target}' is a directory.");
            }

            await RequireEmptyAsync(old, target);
            RemoveSubdirectory(directory);
        }
        else if (by.Kind == FileKind.Directory)
        {
            throw new FileSystemException(FileSystemError.NotDirectory, $"'{target}' is no directory.");
        }

        return await ReleaseAsync(old);
    }

    private async ValueTask InitializeLinkAsync(Inode inode, string target)
    {
        var bytes = Encoding.UTF8.GetBytes(target);
        if (bytes.Length >= Cache.BlockSize)
        {
            throw new FileSystemException(FileSystemError.NameTooLong, $"A symbolic link to a path of {bytes.Length} bytes: up to {Cache.BlockSize - 1} may be.");
        }

        if (bytes.Length < Inode.RootLength)
        {
            bytes.CopyTo(inode.RootBytes);
            inode.Length = bytes.Length;
            return;
        }

        inode.BeginExtents();
        await Content.WriteAsync(inode, 0, bytes);
    }

    private void AddSubdirectory(Inode directory)
    {
        if (directory.LinkCount == Uncounted)
        {
            return;
        }

        if (directory.LinkCount >= MaximumLinks - 1 && (Superblock.ReadOnlyCompatible & Features.DirectoryLinks) == 0)
        {
            throw new FileSystemException(FileSystemError.TooManyLinks, $"A directory has {directory.LinkCount - 2} subdirectories: it may have no more (mke2fs -O dir_nlink lifts that).");
        }

        directory.LinkCount = directory.LinkCount >= MaximumLinks - 1 ? Uncounted : directory.LinkCount + 1;
    }

    private static void RemoveSubdirectory(Inode directory)
    {
        if (directory.LinkCount > 2)
        {
            directory.LinkCount--;
        }
    }

    private async ValueTask StoreModifiedAsync(Inode inode)
    {
        inode.SetModified(Now);
        await Inodes.StoreAsync(inode);
    }
}
