using System.Text;

namespace Troupe.Apps.Files;

/// <content>What is asked about and done to names.</content>
public sealed partial class Ext4FileSystem
{
    private async ValueTask ChangeAsync(FileSystemMessage message)
    {
        var (kind, path, target, mode) = (message.Kind, message.Path, message.Target, message.Mode);
        switch (kind)
        {
            case FileSystemMessageKind.Close:
                await ReclaimAsync(_open.Remove(message.Handle));
                break;
            case FileSystemMessageKind.SetLength:
                await SetLengthAsync(_open.GetWritable(message.Handle).Inode, message.Number);
                break;
            case FileSystemMessageKind.CreateDirectory:
                await Transactions.RunAsync(async () => await Volume.CreateAsync(path, FileKind.Directory, mode));
                break;
            case FileSystemMessageKind.CreateLink:
                await Transactions.RunAsync(async () => await Volume.CreateAsync(path, FileKind.SymbolicLink, 0b111_111_111, target));
                break;
            case FileSystemMessageKind.CreateHardLink:
                await Transactions.RunAsync(async () => await Volume.LinkAsync(path, target));
                break;
            case FileSystemMessageKind.SetMode:
            case FileSystemMessageKind.SetTimes:
                await ChangeInodeAsync(message);
                break;
            case FileSystemMessageKind.Delete:
            case FileSystemMessageKind.DeleteDirectory:
                var deleted = 0u;
                await Transactions.RunAsync(async () => deleted = await Volume.DeleteAsync(path, kind == FileSystemMessageKind.DeleteDirectory));
                await ReclaimAsync(deleted);
                break;
            case FileSystemMessageKind.Rename:
                var replaced = 0u;
                await Transactions.RunAsync(async () => replaced = await Volume.RenameAsync(path, target));
                await ReclaimAsync(replaced);
                break;
            case FileSystemMessageKind.Unmount:
                await _mount!.CloseAsync();
                AnswerFlushes(failure: null);
                _refusal = new FileSystemException(FileSystemError.BadHandle, $"{_disk.Name} was unmounted.");
                break;
            default:
                return;
        }

        message.Done.Set(true);
    }

    /// <summary>Changes what an inode says of itself; it is named, or open.</summary>
    private async ValueTask ChangeInodeAsync(FileSystemMessage message)
    {
        var (path, followsLink, mode, times, handle) = (message.Path, message.FollowsLink, message.Mode, message.Times, message.Handle);
        await Transactions.RunAsync(async () =>
        {
            var inode = path.Length > 0 ? await Volume.Paths.ResolveAsync(path, followsLink) : await Volume.Inodes.ReadAsync(_open.Get(handle).Inode);
            if (inode.IsImmutable)
            {
                throw new FileSystemException(FileSystemError.ReadOnly, $"Inode {inode.Number} is immutable (chattr +i).");
            }

            if (times is null)
            {
                inode.SetMode(mode);
            }
            else
            {
                inode.SetTimes(times.Accessed, times.Modified);
            }

            inode.SetChanged(Context.Time.GetUtcNow());
            await Volume.Inodes.StoreAsync(inode);
        });
    }

    /// <summary>Frees what an inode has, if it has neither a name nor a handle any more.</summary>
    private async ValueTask ReclaimAsync(uint inode)
    {
        if (inode != 0 && !_open.Contains(inode) && (await Volume.Inodes.ReadAsync(inode)).LinkCount == 0)
        {
            await _mount!.ReclaimAsync(inode);
        }
    }

    private async ValueTask<Inode> ResolveDirectoryAsync(string path) =>
        await Volume.Paths.ResolveAsync(path) is { Kind: FileKind.Directory } directory
            ? directory
            : throw new FileSystemException(FileSystemError.NotDirectory, $"'{path}' is no directory.");

    private async ValueTask<string> ReadLinkAsync(string path) =>
        await Volume.Paths.ResolveAsync(path, followsLink: false) is { Kind: FileKind.SymbolicLink } link
            ? Encoding.UTF8.GetString(await Volume.Paths.ReadLinkAsync(link))
            : throw new FileSystemException(FileSystemError.Invalid, $"'{path}' is no symbolic link.");

    private FileInformation Describe(Inode inode) => new()
    {
        Inode = inode.Number,
        Kind = inode.Kind,
        Length = inode.Length,
        Mode = inode.Mode,
        UserId = inode.UserId,
        GroupId = inode.GroupId,
        LinkCount = inode.LinkCount,
        Sectors = inode.Sectors(Volume.Superblock.BlockSize),
        Accessed = inode.Accessed,
        Modified = inode.Modified,
        Changed = inode.Changed,
        Created = inode.Created,
    };

    private async ValueTask<FileSystemStatistics> ReadStatisticsAsync() => new()
    {
        BlockSize = Volume.Superblock.BlockSize,
        Blocks = Volume.Superblock.BlockCount,
        FreeBlocks = await Volume.Blocks.CountFreeAsync(),
        Inodes = Volume.Superblock.InodeCount,
        FreeInodes = await Volume.Inodes.CountFreeAsync(),
        IsReadOnly = Transactions.IsReadOnly,
        ReplayedTransactions = _mount!.Replayed,
        Commits = Transactions.Commits,
        CachedBlocks = Volume.Cache.Count,
        OpenFiles = _open.Count,
    };
}
