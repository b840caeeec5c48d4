// The calls of dotnet/runtime's src/native/libs/System.Native/pal_io.h that are about files, with strings and spans for pointers.
namespace Troupe.Smp.SystemNative;

/// <summary>
/// Who serves the file calls of the class library for a part of the tree of paths. A call answers what is said of it, else 0, or an error as the negative of Linux's number (errno.h);
/// spans are valid during the call only. A call may block.
/// </summary>
public interface IFileCalls
{
    /// <summary>Whether a path is served here; all others are the kernel's.</summary>
    bool Owns(string path);

    /// <summary>open, with the class library's flags: the descriptor, at <see cref="FileServices.FirstDescriptor"/> or above.</summary>
    long Open(string path, int flags, int mode);

    /// <summary>close.</summary>
    long Close(nint descriptor);

    /// <summary>read: how many bytes.</summary>
    long Read(nint descriptor, Span<byte> buffer);

    /// <summary>pread: how many bytes.</summary>
    long Read(nint descriptor, Span<byte> buffer, long position);

    /// <summary>write: how many bytes.</summary>
    long Write(nint descriptor, ReadOnlySpan<byte> data);

    /// <summary>pwrite: how many bytes.</summary>
    long Write(nint descriptor, ReadOnlySpan<byte> data, long position);

    /// <summary>lseek: the position.</summary>
    long Seek(nint descriptor, long offset, int origin);

    /// <summary>ftruncate.</summary>
    long SetLength(nint descriptor, long length);

    /// <summary>fsync.</summary>
    long Synchronize(nint descriptor);

    /// <summary>flock.</summary>
    long SetLock(nint descriptor, int operation);

    /// <summary>Copies a file with its permissions and times; one of the two descriptors may be the kernel's.</summary>
    long Copy(nint source, nint destination, long length);

    /// <summary>fstat.</summary>
    long GetStatus(nint descriptor, out FileStatusEntry status);

    /// <summary>stat and lstat.</summary>
    long GetStatus(string path, bool followsLink, out FileStatusEntry status);

    /// <summary>access.</summary>
    long Access(string path, int mode);

    /// <summary>fchmod.</summary>
    long SetMode(nint descriptor, int mode);

    /// <summary>chmod.</summary>
    long SetMode(string path, int mode);

    /// <summary>futimens.</summary>
    long SetTimes(nint descriptor, DateTimeOffset accessed, DateTimeOffset modified);

    /// <summary>utimensat, of a link itself.</summary>
    long SetTimes(string path, DateTimeOffset accessed, DateTimeOffset modified);

    /// <summary>unlink.</summary>
    long Delete(string path);

    /// <summary>rename; one of the two paths may be the kernel's.</summary>
    long Rename(string path, string target);

    /// <summary>link; one of the two paths may be the kernel's.</summary>
    long CreateHardLink(string path, string target);

    /// <summary>symlink.</summary>
    long CreateLink(string path, string target);

    /// <summary>readlink.</summary>
    long ReadLink(string path, out string target);

    /// <summary>mkstemp: the descriptor.</summary>
    long CreateTemporaryFile(string pattern, int suffixLength, out string made);

    /// <summary>mkdtemp.</summary>
    long CreateTemporaryDirectory(string pattern, out string made);

    /// <summary>mkdir.</summary>
    long CreateDirectory(string path, int mode);

    /// <summary>rmdir.</summary>
    long DeleteDirectory(string path);

    /// <summary>opendir: a number above 0.</summary>
    long OpenDirectory(string path);

    /// <summary>readdir: null after the last name; the kind of a name by dirent.h's number.</summary>
    long ReadDirectory(nint listing, out string? name, out int kind);

    /// <summary>closedir.</summary>
    long CloseDirectory(nint listing);

    /// <summary>getcwd.</summary>
    string WorkingDirectory { get; }

    /// <summary>chdir.</summary>
    long ChangeDirectory(string path);

    /// <summary>statfs: bytes of the whole file system, and those that are free.</summary>
    long GetSpace(out long total, out long free);
}

/// <summary>What stat tells.</summary>
/// <param name="Mode">Type and permissions.</param>
/// <param name="User">The owner.</param>
/// <param name="Group">The group.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Inode">The inode's number.</param>
/// <param name="Accessed">When it was last read.</param>
/// <param name="Modified">When its content last changed.</param>
/// <param name="Changed">When anything about it last changed.</param>
/// <param name="Created">When it was made, if that is known.</param>
public readonly record struct FileStatusEntry(
    int Mode, int User, int Group, long Length, long Inode, DateTimeOffset Accessed, DateTimeOffset Modified, DateTimeOffset Changed, DateTimeOffset? Created);
