using System.Text;

namespace Troupe.Apps.Files;

/// <summary>From paths to inodes.</summary>
internal sealed class PathResolver(InodeTable inodes, Directories directories, FileContent content)
{
    private const int MaximumPath = 4095;
    private const int MaximumLinks = 40;

    /// <summary>What a path leads to.</summary>
    public async ValueTask<Inode> ResolveAsync(string path, bool followsLink = true) => await WalkAsync(Split(path), followsLink, path);

    /// <summary>The directory that the last name of a path belongs into, and this name.</summary>
    public async ValueTask<(Inode Directory, byte[] Name)> ResolveParentAsync(string path)
    {
        var names = Split(path);
        if (names.Count == 0 || DirectoryBlock.IsDot(names[^1]))
        {
            throw new FileSystemException(FileSystemError.Invalid, $"'{path}' does not end in a name.");
        }

        var name = names[^1];
        names.RemoveAt(names.Count - 1);
        var directory = await WalkAsync(names, followsLink: true, path);
        return directory.Kind == FileKind.Directory ? (directory, name) : throw NotDirectory(path);
    }

    /// <summary>Where a symbolic link leads.</summary>
    public async ValueTask<byte[]> ReadLinkAsync(Inode inode)
    {
        if (inode.IsShortLink)
        {
            return inode.Length <= Inode.RootLength ? inode.RootBytes[..(int)inode.Length].ToArray() : throw BadLink(inode);
        }

        if (inode.Length > MaximumPath)
        {
            throw BadLink(inode);
        }

        var target = new byte[inode.Length];
        await content.ReadAsync(inode, 0, target);
        return target;
    }

    private async ValueTask<Inode> WalkAsync(List<byte[]> names, bool followsLink, string path)
    {
        var current = await inodes.ReadNamedAsync(Inode.Root);
        var rest = new Stack<byte[]>(Enumerable.Reverse(names));
        var links = 0;
        while (rest.TryPop(out var name))
        {
            if (current.Kind != FileKind.Directory)
            {
                throw NotDirectory(path);
            }

            var entry = await directories.FindAsync(current, name) ?? throw NotFound(path, name);
            var next = await inodes.ReadNamedAsync(entry.Inode);
            if (next.Kind != FileKind.SymbolicLink || (rest.Count == 0 && !followsLink))
            {
                current = next;
                continue;
            }

            if (++links > MaximumLinks)
            {
                throw new FileSystemException(FileSystemError.TooManySymbolicLinks, $"'{path}' goes through more than {MaximumLinks} symbolic links.");
            }

            var target = await ReadLinkAsync(next);
            if (target is [(byte)'/', ..])
            {
                current = await inodes.ReadNamedAsync(Inode.Root);
            }

            foreach (var part in Enumerable.Reverse(Split(target, path)))
            {
                rest.Push(part);
            }
        }

        return current;
    }

    private static List<byte[]> Split(string path) =>
        path[0] == '/'
            ? Split(Encoding.UTF8.GetBytes(path), path)
            : throw new FileSystemException(FileSystemError.Invalid, $"'{path}' is relative: paths begin with '/'.");

    private static List<byte[]> Split(byte[] path, string shown)
    {
        if (path.Length is 0 or > MaximumPath || path.Contains((byte)0))
        {
            throw new FileSystemException(path.Length > MaximumPath ? FileSystemError.NameTooLong : FileSystemError.Invalid, $"'{shown}' leads to a path of {path.Length} bytes: up to {MaximumPath} may be, none of them zero.");
        }

        var names = new List<byte[]>();
        for (var start = 0; start < path.Length;)
        {
            var slash = path.AsSpan(start).IndexOf((byte)'/');
            var end = slash < 0 ? path.Length : start + slash;
            if (end - start > DirectoryBlock.MaximumName)
            {
                throw new FileSystemException(FileSystemError.NameTooLong, $"'{shown}' has a name of {end - start} bytes: up to {DirectoryBlock.MaximumName} may be.");
            }

            if (end > start)
            {
                names.Add(path[start..end]);
            }

            start = end + 1;
        }

        return names;
    }

    private static FileSystemException NotFound(string path, byte[] name) => new(FileSystemError.NotFound, $"'{path}' is not there: there is no '{Encoding.UTF8.GetString(name)}'.");

    private static FileSystemException NotDirectory(string path) => new(FileSystemError.NotDirectory, $"A part of '{path}' is no directory.");

    private static FileSystemException BadLink(Inode inode) => new(FileSystemError.Corrupt, $"Inode {inode.Number} is a symbolic link of {inode.Length} bytes: check the disk with e2fsck.");
}
