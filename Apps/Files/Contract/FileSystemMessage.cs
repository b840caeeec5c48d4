using Troupe.Actors;

namespace Troupe.Apps.Files;

/// <summary>
/// To an <see cref="Ext4FileSystem"/>. Paths begin with "/" and have names of up to 255 bytes of UTF-8; symbolic links on the way are followed. An answer that fails carries a
/// <see cref="FileSystemException"/>; a <see cref="FileTransfer"/> comes back in any case and says itself what became of it.
/// </summary>
public readonly struct FileSystemMessage : IDisposable
{
    private FileSystemMessage(FileSystemMessageKind kind) => Kind = kind;

    /// <summary>What is asked for.</summary>
    public FileSystemMessageKind Kind { get; }

    /// <summary>Which file.</summary>
    public string Path { get; private init; } = "";

    /// <summary>The new name of <see cref="FileSystemMessageKind.Rename"/>; where a link leads.</summary>
    public string Target { get; private init; } = "";

    /// <summary>Which open file.</summary>
    public FileHandle Handle { get; private init; }

    /// <summary>How a file is opened.</summary>
    public FileOpening Opening { get; private init; }

    /// <summary>Permissions.</summary>
    public int Mode { get; private init; }

    /// <summary>A length, or where a page of a directory begins.</summary>
    public long Number { get; private init; }

    /// <summary>Whether a symbolic link at the end of the path is followed.</summary>
    public bool FollowsLink { get; private init; }

    /// <summary>What times become.</summary>
    public FileTimes? Times { get; private init; }

    /// <summary>Bytes that move.</summary>
    public FileTransfer? Transfer { get; private init; }

    /// <summary>Where an opened file goes.</summary>
    public Reply<FileHandle> Opened { get; private init; }

    /// <summary>Where bytes go back to.</summary>
    public Reply<FileTransfer> Transferred { get; private init; }

    /// <summary>Where information goes.</summary>
    public Reply<FileInformation> Information { get; private init; }

    /// <summary>Where names go.</summary>
    public Reply<DirectoryPage> Page { get; private init; }

    /// <summary>Where a link's target goes.</summary>
    public Reply<string> Text { get; private init; }

    /// <summary>Where statistics go.</summary>
    public Reply<FileSystemStatistics> Statistics { get; private init; }

    /// <summary>Where the answer of a change goes: always true.</summary>
    public Reply<bool> Done { get; private init; }

    /// <summary>Opens a regular file. <paramref name="mode"/>: permissions of one that is made.</summary>
    public static FileSystemMessage Open(string path, FileOpening opening, Reply<FileHandle> reply, int mode = 0b110_100_100) =>
        new(FileSystemMessageKind.Open) { Path = Require(path), Opening = opening, Opened = reply, Mode = mode };

    /// <summary>Closes a file. Nothing is made durable by that.</summary>
    public static FileSystemMessage Close(FileHandle handle, Reply<bool> reply) => new(FileSystemMessageKind.Close) { Handle = handle, Done = reply };

    /// <summary>Reads what <see cref="FileTransfer.Set"/> said.</summary>
    public static FileSystemMessage Read(FileTransfer transfer, Reply<FileTransfer> reply) => new(FileSystemMessageKind.Read) { Transfer = Require(transfer), Transferred = reply };

    /// <summary>Writes what <see cref="FileTransfer.Set"/> said. What is written is visible to every later read, and durable after a later <see cref="Flush"/>.</summary>
    public static FileSystemMessage Write(FileTransfer transfer, Reply<FileTransfer> reply) => new(FileSystemMessageKind.Write) { Transfer = Require(transfer), Transferred = reply };

    /// <summary>Cuts an open file, or makes it longer by zeros that take no room.</summary>
    public static FileSystemMessage SetLength(FileHandle handle, long length, Reply<bool> reply)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new(FileSystemMessageKind.SetLength) { Handle = handle, Number = length, Done = reply };
    }

    /// <summary>Makes durable all that was changed before, of all files and directories. Flushes that wait at the same time are done as one.</summary>
    public static FileSystemMessage Flush(Reply<bool> reply) => new(FileSystemMessageKind.Flush) { Done = reply };

    /// <summary>Asks about a file, a directory or a link.</summary>
    public static FileSystemMessage GetInformation(string path, Reply<FileInformation> reply, bool followsLink = true) =>
        new(FileSystemMessageKind.GetInformation) { Path = Require(path), FollowsLink = followsLink, Information = reply };

    /// <summary>Asks about an open file.</summary>
    public static FileSystemMessage GetInformation(FileHandle handle, Reply<FileInformation> reply) =>
        new(FileSystemMessageKind.GetHandleInformation) { Handle = handle, Information = reply };

    /// <summary>Asks for names of a directory, from <paramref name="position"/> on: 0, and then <see cref="DirectoryPage.Next"/>. What is changed meanwhile may show or not; what is not shows once.</summary>
    public static FileSystemMessage List(string path, long position, Reply<DirectoryPage> reply)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        return new(FileSystemMessageKind.List) { Path = Require(path), Number = position, Page = reply };
    }

    /// <summary>Asks where a symbolic link leads.</summary>
    public static FileSystemMessage ReadLink(string path, Reply<string> reply) => new(FileSystemMessageKind.ReadLink) { Path = Require(path), Text = reply };

    /// <summary>Makes a directory.</summary>
    public static FileSystemMessage CreateDirectory(string path, Reply<bool> reply, int mode = 0b111_101_101) =>
        new(FileSystemMessageKind.CreateDirectory) { Path = Require(path), Mode = mode, Done = reply };

    /// <summary>Makes a symbolic link that leads to <paramref name="target"/>.</summary>
    public static FileSystemMessage CreateLink(string path, string target, Reply<bool> reply) =>
        new(FileSystemMessageKind.CreateLink) { Path = Require(path), Target = Require(target), Done = reply };

    /// <summary>Makes <paramref name="path"/> one more name of the file or the symbolic link that is called <paramref name="target"/>.</summary>
    public static FileSystemMessage CreateHardLink(string path, string target, Reply<bool> reply) =>
        new(FileSystemMessageKind.CreateHardLink) { Path = Require(path), Target = Require(target), Done = reply };

    /// <summary>Changes permissions, as in Linux's <c>st_mode</c> without the type. They are kept, not enforced.</summary>
    public static FileSystemMessage SetMode(string path, int mode, Reply<bool> reply, bool followsLink = true) =>
        new(FileSystemMessageKind.SetMode) { Path = Require(path), Mode = mode, FollowsLink = followsLink, Done = reply };

    /// <summary>Changes permissions of an open file.</summary>
    public static FileSystemMessage SetMode(FileHandle handle, int mode, Reply<bool> reply) => new(FileSystemMessageKind.SetMode) { Handle = handle, Mode = mode, Done = reply };

    /// <summary>Changes times. What the format cannot say becomes the nearest that it can: 13 December 1901 to 10 May 2446, or 2038 on disks with inodes of 128 bytes.</summary>
    public static FileSystemMessage SetTimes(string path, FileTimes times, Reply<bool> reply, bool followsLink = true) =>
        new(FileSystemMessageKind.SetTimes) { Path = Require(path), Times = Require(times), FollowsLink = followsLink, Done = reply };

    /// <summary>Changes times of an open file.</summary>
    public static FileSystemMessage SetTimes(FileHandle handle, FileTimes times, Reply<bool> reply) =>
        new(FileSystemMessageKind.SetTimes) { Handle = handle, Times = Require(times), Done = reply };

    /// <summary>Takes the name of a file or a link away. A file that is open lives until it is closed.</summary>
    public static FileSystemMessage Delete(string path, Reply<bool> reply) => new(FileSystemMessageKind.Delete) { Path = Require(path), Done = reply };

    /// <summary>Takes an empty directory away.</summary>
    public static FileSystemMessage DeleteDirectory(string path, Reply<bool> reply) => new(FileSystemMessageKind.DeleteDirectory) { Path = Require(path), Done = reply };

    /// <summary>Gives a file or a directory another name. What has that name (a file for a file, an empty directory for a directory) is replaced: after a power cut there is either.</summary>
    public static FileSystemMessage Rename(string path, string target, Reply<bool> reply) =>
        new(FileSystemMessageKind.Rename) { Path = Require(path), Target = Require(target), Done = reply };

    /// <summary>Asks for statistics.</summary>
    public static FileSystemMessage GetStatistics(Reply<FileSystemStatistics> reply) => new(FileSystemMessageKind.GetStatistics) { Statistics = reply };

    /// <summary>Makes everything durable and leaves the disk as one that needs no replay. Open files are closed, and everything later is refused.</summary>
    public static FileSystemMessage Unmount(Reply<bool> reply) => new(FileSystemMessageKind.Unmount) { Done = reply };

    /// <summary>Disposes of the transfer.</summary>
    public void Dispose() => Transfer?.Dispose();

    internal static FileSystemMessage Commit() => new(FileSystemMessageKind.Commit);

    /// <summary>Answers whoever asked with a failure.</summary>
    internal void Fail(FileSystemException failure)
    {
        Opened.TryFail(failure);
        Information.TryFail(failure);
        Page.TryFail(failure);
        Text.TryFail(failure);
        Statistics.TryFail(failure);
        Done.TryFail(failure);
    }

    private static string Require(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return path;
    }

    private static FileTimes Require(FileTimes times)
    {
        ArgumentNullException.ThrowIfNull(times);
        return times;
    }

    private static FileTransfer Require(FileTransfer transfer)
    {
        ArgumentNullException.ThrowIfNull(transfer);
        return transfer;
    }
}
