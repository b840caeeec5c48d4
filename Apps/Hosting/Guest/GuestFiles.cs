using Microsoft.Win32.SafeHandles;
using Troupe.Apps.Files;
using Troupe.Smp.SystemNative;

namespace Troupe.Apps.Hosting.Guest;

/// <summary>Plugs a file system into the class library's calls.</summary>
internal sealed class GuestFiles(FileCalls calls) : IFileCalls
{
    private const int CopyLength = 64 * 1024;

    // errno.h of Linux; and include/linux/err.h, MAX_ERRNO.
    private const int InputOutput = 5;
    private const int LastErrno = 4095;

    public string WorkingDirectory => calls.GetWorkingDirectory();

    public bool Owns(string path) => calls.Owns(path);

    public long Open(string path, int flags, int mode) => calls.Open(path, flags, mode);

    public long Close(nint descriptor) => calls.Close(descriptor);

    public long Read(nint descriptor, Span<byte> buffer) => calls.Read(descriptor, buffer);

    public long Read(nint descriptor, Span<byte> buffer, long position) => calls.Read(descriptor, buffer, position);

    public long Write(nint descriptor, ReadOnlySpan<byte> data) => calls.Write(descriptor, data);

    public long Write(nint descriptor, ReadOnlySpan<byte> data, long position) => calls.Write(descriptor, data, position);

    public long Seek(nint descriptor, long offset, int origin) => calls.Seek(descriptor, offset, origin);

    public long SetLength(nint descriptor, long length) => calls.SetLength(descriptor, length);

    public long Synchronize(nint descriptor) => calls.Synchronize(descriptor);

    public long SetLock(nint descriptor, int operation) => calls.SetLock(descriptor, operation);

    // By the class library's own calls, which find their way here or to the kernel.
    public long Copy(nint source, nint destination, long length)
    {
        try
        {
            CopyBytes(source, destination);
        }
        catch (IOException failure)
        {
            // What the class library puts there on Linux.
            return failure.HResult is > 0 and <= LastErrno ? -failure.HResult : -InputOutput;
        }

        if (calls.GetInformation(source, out FileInformation? information) < 0 || information is null)
            return 0;
        long failed = calls.SetMode(destination, information.Mode);
        return failed < 0 ? failed : calls.SetTimes(destination, new FileTimes(information.Accessed, information.Modified));
    }

    private static void CopyBytes(nint source, nint destination)
    {
        using SafeFileHandle from = new(source, ownsHandle: false), to = new(destination, ownsHandle: false);
        byte[] buffer = new byte[CopyLength];
        long position = 0;
        for (int count = buffer.Length; count > 0; position += count)
        {
            count = RandomAccess.Read(from, buffer, position);
            RandomAccess.Write(to, buffer.AsSpan(0, count), position);
        }
    }

    public long GetStatus(nint descriptor, out FileStatusEntry status) => Describe(calls.GetInformation(descriptor, out FileInformation? information), information, out status);

    public long GetStatus(string path, bool followsLink, out FileStatusEntry status) =>
        Describe(calls.GetInformation(path, followsLink, out FileInformation? information), information, out status);

    public long Access(string path, int mode) => calls.Access(path, mode);

    public long SetMode(nint descriptor, int mode) => calls.SetMode(descriptor, mode);

    public long SetMode(string path, int mode) => calls.SetMode(path, mode);

    public long SetTimes(nint descriptor, DateTimeOffset accessed, DateTimeOffset modified) => calls.SetTimes(descriptor, new FileTimes(accessed, modified));

    public long SetTimes(string path, DateTimeOffset accessed, DateTimeOffset modified) => calls.SetTimes(path, new FileTimes(accessed, modified));

    public long Delete(string path) => calls.Delete(path);

    public long Rename(string path, string target) => calls.Rename(path, target);

    public long CreateHardLink(string path, string target) => calls.CreateHardLink(path, target);

    public long CreateLink(string path, string target) => calls.CreateLink(path, target);

    public long ReadLink(string path, out string target) => calls.ReadLink(path, out target);

    public long CreateTemporaryFile(string pattern, int suffixLength, out string made) => calls.CreateTemporaryFile(pattern, suffixLength, out made);

    public long CreateTemporaryDirectory(string pattern, out string made) => calls.CreateTemporaryDirectory(pattern, out made);

    public long CreateDirectory(string path, int mode) => calls.CreateDirectory(path, mode);

    public long DeleteDirectory(string path) => calls.DeleteDirectory(path);

    public long OpenDirectory(string path) => calls.OpenDirectory(path);

    public long ReadDirectory(nint listing, out string? name, out int kind)
    {
        long result = calls.ReadDirectory(listing, out DirectoryEntry? entry);
        name = entry?.Name;
        // dirent.h: DT_DIR, DT_REG, DT_LNK, DT_UNKNOWN.
        kind = entry?.Kind switch { FileKind.Directory => 4, FileKind.Regular => 8, FileKind.SymbolicLink => 10, _ => 0 };
        return result;
    }

    public long CloseDirectory(nint listing) => calls.CloseDirectory(listing);

    public long ChangeDirectory(string path) => calls.ChangeDirectory(path);

    public long GetSpace(out long total, out long free) => calls.GetSpace(out total, out free);

    private static long Describe(long result, FileInformation? information, out FileStatusEntry status)
    {
        status = information is null ? default : new(
            information.Mode, information.UserId, information.GroupId, information.Length, information.Inode,
            information.Accessed, information.Modified, information.Changed, information.Created);
        return result;
    }
}
