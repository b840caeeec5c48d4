using Troupe.Apps.Files;

namespace Troupe.Storage.Tests.Files;

/// <summary>Changes of chance that a power cut leaves undone or done, and nothing between: files of new bytes, which replace others by a rename.</summary>
internal sealed class AtomicChanges(FileSystemFixture files, FileModel model, Random random)
{
    private Func<Task> _change = static () => Task.CompletedTask;

    /// <summary>Chooses a change; answers what there is after it.</summary>
    public FileModel Prepare()
    {
        var next = model.Copy();
        _change = Choose(next);
        model = next;
        return next;
    }

    public Task DoAsync() => _change();

    private Func<Task> Choose(FileModel next)
    {
        var directories = next.Directories.ToList();
        var regular = next.Files.ToList();
        var path = FileModel.Join(directories[random.Next(directories.Count)], $"{random.Next(30)}");
        var isThere = next.Entries.TryGetValue(path, out var content);
        switch (random.Next(10))
        {
            case 0 or 1 when !isThere && next.Entries.Count < 40:
                next.Entries[path] = null;
                return () => files.MakeDirectoryAsync(path);
            case 2 when regular.Count > 0:
                var deleted = regular[random.Next(regular.Count)];
                next.Entries.Remove(deleted);
                return () => files.DeleteAsync(deleted);
            case 3 when directories.FirstOrDefault(directory => directory != "/" && !next.HasChildren(directory)) is { } empty:
                next.Entries.Remove(empty);
                return () => files.DeleteDirectoryAsync(empty);
            case 4 or 5 when regular.Count > 0 && (!isThere || content is not null):
                var moved = regular[random.Next(regular.Count)];
                if (moved != path)
                {
                    next.Rename(moved, path);
                }

                return () => files.RenameAsync(moved, path);
            case 6 when regular.Count > 0:
                return Append(next, regular[random.Next(regular.Count)]);
            default:
                return isThere ? static () => Task.CompletedTask : Create(next, path);
        }
    }

    /// <summary>A file that was not there: a piece that is one step, as is its name.</summary>
    private Func<Task> Create(FileModel next, string path)
    {
        next.Entries[path] = [];
        return async () => await files.CloseAsync(await files.OpenFileAsync(path, FileOpening.Write | FileOpening.Create | FileOpening.New));
    }

    /// <summary>Bytes that were not there: with them the length changes, so they are there or not.</summary>
    private Func<Task> Append(FileModel next, string path)
    {
        var position = next.Entries[path]!.Length;
        var bytes = new byte[random.Next(1, 20_000)];
        random.NextBytes(bytes);
        if (position + bytes.Length > 200_000)
        {
            next.SetLength(path, 0);
            return async () =>
            {
                var handle = await files.OpenFileAsync(path, FileOpening.Write);
                await files.SetLengthAsync(handle, 0);
                await files.CloseAsync(handle);
            };
        }

        next.Write(path, position, bytes);
        return async () =>
        {
            var handle = await files.OpenFileAsync(path, FileOpening.Write);
            await files.WriteAsync(handle, position, bytes);
            await files.CloseAsync(handle);
        };
    }
}
