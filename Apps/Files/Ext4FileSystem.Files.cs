using Troupe.Actors;

namespace Troupe.Apps.Files;

/// <content>Open files and their bytes.</content>
public sealed partial class Ext4FileSystem
{
    private async ValueTask<FileHandle> OpenAsync(FileSystemMessage message)
    {
        _open.RequireRoom();
        var opening = message.Opening;
        if ((opening & FileOpening.Write) == 0 && (opening & (FileOpening.Create | FileOpening.Truncate | FileOpening.Append)) != 0)
        {
            throw new FileSystemException(FileSystemError.Invalid, $"'{message.Path}' is opened as {opening}, which needs {FileOpening.Write} too.");
        }

        if ((opening & FileOpening.Write) != 0 && Transactions.IsReadOnly)
        {
            throw new FileSystemException(FileSystemError.ReadOnly, $"{_disk.Name} is opened for reading only.");
        }

        var number = await FindOrCreateAsync(message);
        var inode = await Volume.Inodes.ReadNamedAsync(number);
        if (inode.Kind != FileKind.Regular)
        {
            throw new FileSystemException(inode.Kind == FileKind.Directory ? FileSystemError.IsDirectory : FileSystemError.Unsupported, $"'{message.Path}' is no file with bytes.");
        }

        if ((opening & FileOpening.Write) != 0 && inode.IsImmutable)
        {
            throw new FileSystemException(FileSystemError.ReadOnly, $"'{message.Path}' is immutable (chattr +i).");
        }

        if ((opening & FileOpening.Truncate) != 0)
        {
            await SetLengthAsync(number, 0);
        }

        return _open.Add(number, opening);
    }

    private async ValueTask<uint> FindOrCreateAsync(FileSystemMessage message)
    {
        var (path, mode) = (message.Path, message.Mode);
        if ((message.Opening & FileOpening.Create) != 0)
        {
            try
            {
                var created = 0u;
                await Transactions.RunAsync(async () => created = await Volume.CreateAsync(path, FileKind.Regular, mode));
                return created;
            }
            catch (FileSystemException failure) when (failure.Error == FileSystemError.Exists && (message.Opening & FileOpening.New) == 0)
            {
                // Then it is the one that is there.
            }
        }

        return (await Volume.Paths.ResolveAsync(path)).Number;
    }

    private async ValueTask ReadAsync(FileSystemMessage message)
    {
        var transfer = message.Transfer!;
        var inode = await Volume.Inodes.ReadAsync(_open.Get(transfer.Handle).Inode);
        transfer.Count = await Volume.Content.ReadAsync(inode, transfer.Position, transfer.Memory);
        Answer(transfer, message.Transferred);
    }

    private async ValueTask WriteAsync(FileSystemMessage message)
    {
        var transfer = message.Transfer!;
        var file = _open.GetWritable(transfer.Handle);
        long? position = file.Appends ? null : transfer.Position;
        var bytes = transfer.Memory;
        while (transfer.Count < transfer.Length)
        {
            var (done, count) = (transfer.Count, 0);
            await Transactions.RunAsync(async () =>
            {
                var inode = await Volume.Inodes.ReadAsync(file.Inode);
                position ??= inode.Length;
                count = await Volume.Content.WriteAsync(inode, position.Value + done, bytes[done..]);
                inode.SetModified(Context.Time.GetUtcNow());
                await Volume.Inodes.StoreAsync(inode);
            });
            transfer.Count += count;
        }

        Answer(transfer, message.Transferred);
    }

    private async ValueTask SetLengthAsync(uint number, long length)
    {
        for (var isDone = false; !isDone;)
        {
            await Transactions.RunAsync(async () =>
            {
                var inode = await Volume.Inodes.ReadAsync(number);
                isDone = await Volume.Content.SetLengthAsync(inode, length);
                inode.SetModified(Context.Time.GetUtcNow());
                await Volume.Inodes.StoreAsync(inode);
            });
        }
    }

    private static void Answer(FileTransfer transfer, Reply<FileTransfer> reply)
    {
        if (!reply.TrySet(transfer))
        {
            transfer.Dispose();
        }
    }
}
