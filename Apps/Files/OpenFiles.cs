namespace Troupe.Apps.Files;

/// <summary>The files that are open: a bounded table.</summary>
internal sealed class OpenFiles(int maximum)
{
    private readonly Dictionary<int, OpenFile> _files = [];
    private int _last;

    public int Count => _files.Count;

    public void RequireRoom()
    {
        if (_files.Count >= maximum)
        {
            throw new FileSystemException(FileSystemError.TooManyOpen, $"{_files.Count} files are open, and no more may be (FileSystemOptions.MaximumOpenFiles).");
        }
    }

    public FileHandle Add(uint inode, FileOpening opening)
    {
        do
        {
            _last = _last == int.MaxValue ? 1 : _last + 1;
        }
        while (!_files.TryAdd(_last, new OpenFile(inode, opening)));
        return new FileHandle(_last);
    }

    public OpenFile Get(FileHandle handle) =>
        _files.TryGetValue(handle.Number, out var file) ? file : throw new FileSystemException(FileSystemError.BadHandle, $"No file is open as {handle.Number}.");

    public OpenFile GetWritable(FileHandle handle) =>
        Get(handle) is { IsWritable: true } file ? file : throw new FileSystemException(FileSystemError.BadHandle, $"The file open as {handle.Number} was opened for reading only.");

    /// <summary>Closes a file; answers its inode.</summary>
    public uint Remove(FileHandle handle)
    {
        var inode = Get(handle).Inode;
        _files.Remove(handle.Number);
        return inode;
    }

    public bool Contains(uint inode)
    {
        foreach (var file in _files.Values)
        {
            if (file.Inode == inode)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>An open file.</summary>
internal readonly record struct OpenFile(uint Inode, FileOpening Opening)
{
    public bool IsWritable => (Opening & FileOpening.Write) != 0;

    public bool Appends => (Opening & FileOpening.Append) != 0;
}
