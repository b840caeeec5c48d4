namespace Troupe.Apps.Files;

/// <content>Directories, and the one where relative paths begin.</content>
public sealed partial class FileCalls
{
    /// <summary>mkdir.</summary>
    public long CreateDirectory(string path, int mode)
    {
        ArgumentNullException.ThrowIfNull(path);
        return IsRoot(path) ? Refuse(FileErrno.Exists) : Do(reply => FileSystemMessage.CreateDirectory(_mount.Inside(path), reply, mode & ~ModeMask));
    }

    /// <summary>rmdir.</summary>
    public long DeleteDirectory(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return IsRoot(path) ? Refuse(FileErrno.Busy) : Do(reply => FileSystemMessage.DeleteDirectory(_mount.Inside(path), reply));
    }

    /// <summary>opendir: answers a number for the listing, which is above 0.</summary>
    public long OpenDirectory(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var error = FetchNames(path, 0, out var page);
        return page is null ? error : _listings.Add(new DirectoryStream(path, page));
    }

    /// <summary>readdir, without "." and "..": null after the last name. One thread at a time.</summary>
    public long ReadDirectory(nint listing, out DirectoryEntry? entry)
    {
        entry = null;
        if (_listings.Find(listing) is not { } stream)
        {
            return Refuse(FileErrno.BadDescriptor);
        }

        while (stream.Next == stream.Page.Entries.Length && stream.Page.Next >= 0)
        {
            var error = FetchNames(stream.Path, stream.Page.Next, out var page);
            if (page is null)
            {
                return error;
            }

            (stream.Page, stream.Next) = (page, 0);
        }

        entry = stream.Next < stream.Page.Entries.Length ? stream.Page.Entries[stream.Next++] : null;
        return 0;
    }

    /// <summary>closedir.</summary>
    public long CloseDirectory(nint listing) => _listings.Remove(listing) is null ? Refuse(FileErrno.BadDescriptor) : 0;

    /// <summary>getcwd.</summary>
    public string GetWorkingDirectory() => _mount.WorkingDirectory;

    /// <summary>chdir.</summary>
    public long ChangeDirectory(string path)
    {
        var error = GetInformation(path, followsLink: true, out var information);
        if (information is null)
        {
            return error;
        }

        if (information.Kind != FileKind.Directory)
        {
            return Refuse(FileErrno.NotDirectory);
        }

        _mount.WorkingDirectory = _mount.Complete(path);
        return 0;
    }

    private long FetchNames(string path, long position, out DirectoryPage? page) =>
        Ask(reply => FileSystemMessage.List(_mount.Inside(path), position, reply), out page);
}
