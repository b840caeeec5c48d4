using Troupe.Apps.Files;

namespace Troupe.Storage.Tests.Files;

/// <summary>Files and directories as a program would keep them in memory: what a file system has to agree with.</summary>
internal sealed class FileModel
{
    /// <summary>Content by path; null: a directory.</summary>
    public SortedDictionary<string, byte[]?> Entries { get; } = new(StringComparer.Ordinal) { ["/"] = null };

    public FileModel Copy()
    {
        var copy = new FileModel();
        foreach (var (path, content) in Entries)
        {
            copy.Entries[path] = content;
        }

        return copy;
    }

    public IEnumerable<string> Directories => Entries.Where(static entry => entry.Value is null).Select(static entry => entry.Key);

    public IEnumerable<string> Files => Entries.Where(static entry => entry.Value is not null).Select(static entry => entry.Key);

    public bool HasChildren(string path) => Entries.Keys.Any(key => key.StartsWith(Join(path, ""), StringComparison.Ordinal) && key != "/");

    public static string Join(string directory, string name) => directory == "/" ? "/" + name : directory + "/" + name;

    public void Write(string path, long position, byte[] bytes)
    {
        var old = Entries[path]!;
        var content = new byte[Math.Max(old.Length, position + bytes.Length)];
        old.CopyTo(content, 0);
        bytes.CopyTo(content, position);
        Entries[path] = content;
    }

    public void SetLength(string path, int length)
    {
        var content = new byte[length];
        Entries[path].AsSpan(0, Math.Min(length, Entries[path]!.Length)).CopyTo(content);
        Entries[path] = content;
    }

    public void Rename(string path, string target)
    {
        Entries.Remove(target);
        foreach (var key in Entries.Keys.Where(key => key == path || key.StartsWith(path + "/", StringComparison.Ordinal)).ToList())
        {
            Entries.Remove(key, out var content);
            Entries[target + key[path.Length..]] = content;
        }
    }

    /// <summary>What a file system has, lost+found left out.</summary>
    public static async Task<FileModel> ReadAsync(FileSystemFixture files)
    {
        var model = new FileModel();
        var rest = new Stack<string>(["/"]);
        while (rest.TryPop(out var directory))
        {
            foreach (var entry in await files.ListAsync(directory))
            {
                var path = Join(directory, entry.Name);
                if (path == "/lost+found")
                {
                    continue;
                }

                model.Entries[path] = entry.Kind == FileKind.Directory ? null : await files.ReadFileAsync(path);
                if (entry.Kind == FileKind.Directory)
                {
                    rest.Push(path);
                }
            }
        }

        return model;
    }

    /// <summary>What debugfs took out of an image.</summary>
    public static FileModel ReadFolder(string folder)
    {
        var model = new FileModel();
        foreach (var path in Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories))
        {
            var name = path[folder.Length..];
            if (name != "/lost+found")
            {
                model.Entries[name] = Directory.Exists(path) ? null : File.ReadAllBytes(path);
            }
        }

        return model;
    }

    /// <summary>How another differs; empty if it does not.</summary>
    public string Difference(FileModel other)
    {
        var differences = Entries.Keys.Union(other.Entries.Keys).Select(path => (Path: path, Mine: Text(path, this), Others: Text(path, other), Same: Same(path, other))).Where(static entry => !entry.Same);
        return string.Join("\n", differences.Select(static entry => $"{entry.Path}: {entry.Mine}, and found {entry.Others}"));
    }

    private bool Same(string path, FileModel other) =>
        Entries.TryGetValue(path, out var mine) && other.Entries.TryGetValue(path, out var others) && (mine is null || others is null ? mine == others : mine.AsSpan().SequenceEqual(others));

    private static string Text(string path, FileModel model) =>
        !model.Entries.TryGetValue(path, out var content) ? "nothing" : content is null ? "a directory" : $"{content.Length} bytes ({Convert.ToHexString(content.AsSpan(0, Math.Min(8, content.Length)))})";
}
