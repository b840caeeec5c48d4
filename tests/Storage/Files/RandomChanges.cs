using Troupe.Apps.Files;

namespace Troupe.Storage.Tests.Files;

/// <summary>Changes of chance, done to a file system and to a model of it. Full disks are a part of it.</summary>
internal sealed class RandomChanges(FileSystemFixture files, FileModel model, Random random)
{
    private const int MostEntries = 60;
    private const int LongestFile = 300_000;

    public FileModel Model => model;

    /// <summary>What was under way when a request failed: a write that is done in part, say.</summary>
    public string? Touched { get; private set; }

    /// <summary>Does one change.</summary>
    public async Task ChangeAsync()
    {
        Touched = null;
        var choice = random.Next(100);
        try
        {
            await (choice switch
            {
                < 12 => CreateAsync(),
                < 22 => MakeDirectoryAsync(),
                < 60 => WriteAsync(),
                < 70 => SetLengthAsync(),
                < 82 => RenameAsync(),
                < 92 => DeleteAsync(),
                _ => DeleteDirectoryAsync(),
            });
        }
        catch (FileSystemException failure) when (failure.Error == FileSystemError.NoSpace && Touched is { } path)
        {
            // A part of the write may have been done: it is there as far as it says.
            var content = await files.ReadFileAsync(path);
            Assert.True(content.Length >= model.Entries[path]!.Length);
            model.Entries[path] = content;
        }
        catch (FileSystemException failure) when (failure.Error == FileSystemError.NoSpace)
        {
            // All or nothing.
        }
    }

    private string Name() => random.Next(8) == 0 ? new string((char)('a' + random.Next(26)), random.Next(100, 256)) : $"{random.Next(40)}";

    private string NewPath() => FileModel.Join(Pick(model.Directories), Name());

    private string Pick(IEnumerable<string> from)
    {
        var list = from.ToList();
        return list.Count == 0 ? "" : list[random.Next(list.Count)];
    }

    private async Task CreateAsync()
    {
        var path = NewPath();
        if (model.Entries.ContainsKey(path) || model.Entries.Count > MostEntries)
        {
            return;
        }

        await files.CloseAsync(await files.OpenFileAsync(path, FileOpening.Write | FileOpening.Create | FileOpening.New));
        model.Entries[path] = [];
    }

    private async Task MakeDirectoryAsync()
    {
        var path = NewPath();
        if (model.Entries.ContainsKey(path))
        {
            await FileSystemFixture.FailsAsync(FileSystemError.Exists, files.MakeDirectoryAsync(path));
            return;
        }

        if (model.Entries.Count <= MostEntries && path.Length < 2000)
        {
            await files.MakeDirectoryAsync(path);
            model.Entries[path] = null;
        }
    }

    private async Task WriteAsync()
    {
        if (Pick(model.Files) is not { Length: > 0 } path)
        {
            return;
        }

        var length = model.Entries[path]!.Length;
        var bytes = new byte[random.Next(random.Next(4) == 0 ? 100_000 : 6_000)];
        random.NextBytes(bytes);
        var position = random.Next(3) switch { 0 => length, 1 => random.Next(length + 1), _ => random.Next(LongestFile) };
        var handle = await files.OpenFileAsync(path, FileOpening.Write);
        Touched = path;
        try
        {
            await files.WriteAsync(handle, position, bytes);
        }
        finally
        {
            await files.CloseAsync(handle);
        }

        if (bytes.Length > 0)
        {
            model.Write(path, position, bytes);
        }
    }

    private async Task SetLengthAsync()
    {
        if (Pick(model.Files) is not { Length: > 0 } path)
        {
            return;
        }

        var length = random.Next(4) == 0 ? 0 : random.Next(LongestFile);
        var handle = await files.OpenFileAsync(path, FileOpening.Write);
        await files.SetLengthAsync(handle, length);
        await files.CloseAsync(handle);
        model.SetLength(path, length);
    }

    private async Task RenameAsync()
    {
        var path = Pick(model.Entries.Keys.Where(static key => key != "/"));
        var target = random.Next(3) == 0 ? Pick(model.Entries.Keys.Where(static key => key != "/")) : NewPath();
        if (path.Length == 0 || target.Length > 2000)
        {
            return;
        }

        var isDirectory = model.Entries[path] is null;
        FileSystemError? expected = target == path ? null
            : isDirectory && target.StartsWith(path + "/", StringComparison.Ordinal) ? FileSystemError.Invalid
            : !model.Entries.TryGetValue(target, out var existing) ? null
            : existing is null ? (!isDirectory ? FileSystemError.IsDirectory : model.HasChildren(target) ? FileSystemError.NotEmpty : null)
            : isDirectory ? FileSystemError.NotDirectory : null;
        if (expected is { } error)
        {
            await FileSystemFixture.FailsAsync(error, files.RenameAsync(path, target));
            return;
        }

        await files.RenameAsync(path, target);
        if (path != target)
        {
            model.Rename(path, target);
        }
    }

    private async Task DeleteAsync()
    {
        if (Pick(model.Files) is { Length: > 0 } path)
        {
            await files.DeleteAsync(path);
            model.Entries.Remove(path);
        }
    }

    private async Task DeleteDirectoryAsync()
    {
        if (Pick(model.Directories.Where(static path => path != "/")) is not { Length: > 0 } path)
        {
            return;
        }

        if (model.HasChildren(path))
        {
            await FileSystemFixture.FailsAsync(FileSystemError.NotEmpty, files.DeleteDirectoryAsync(path));
            return;
        }

        await files.DeleteDirectoryAsync(path);
        model.Entries.Remove(path);
    }
}
