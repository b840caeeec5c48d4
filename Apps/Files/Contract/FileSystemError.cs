namespace Troupe.Apps.Files;

/// <summary>Why a file system did not do what it was asked to. The values are Linux's error numbers (errno).</summary>
public enum FileSystemError
{
    /// <summary>It did.</summary>
    None = 0,

    /// <summary>That is not done to a directory (EPERM).</summary>
    NotPermitted = 1,

    /// <summary>There is no such file or directory (ENOENT).</summary>
    NotFound = 2,

    /// <summary>The disk failed or does not answer, or the file system was stopped after such a failure (EIO).</summary>
    DiskFailed = 5,

    /// <summary>The handle names no open file, or one that was not opened for this (EBADF).</summary>
    BadHandle = 9,

    /// <summary>It is there already (EEXIST).</summary>
    Exists = 17,

    /// <summary>A part of the path is no directory (ENOTDIR).</summary>
    NotDirectory = 20,

    /// <summary>It is a directory (EISDIR).</summary>
    IsDirectory = 21,

    /// <summary>The request makes no sense (EINVAL).</summary>
    Invalid = 22,

    /// <summary>As many files are open as may be (EMFILE).</summary>
    TooManyOpen = 24,

    /// <summary>The file would be longer than the format allows (EFBIG).</summary>
    TooLarge = 27,

    /// <summary>No block or no inode is free (ENOSPC).</summary>
    NoSpace = 28,

    /// <summary>The file system was opened for reading only (EROFS).</summary>
    ReadOnly = 30,

    /// <summary>A directory has as many subdirectories as the format allows (EMLINK).</summary>
    TooManyLinks = 31,

    /// <summary>A name has more than 255 bytes of UTF-8, or a path more than 4095 (ENAMETOOLONG).</summary>
    NameTooLong = 36,

    /// <summary>The directory is not empty (ENOTEMPTY).</summary>
    NotEmpty = 39,

    /// <summary>Too many symbolic links on the way (ELOOP).</summary>
    TooManySymbolicLinks = 40,

    /// <summary>The disk or the file has a feature that is not supported; the message names it (EOPNOTSUPP).</summary>
    Unsupported = 95,

    /// <summary>What is on the disk contradicts itself: check it with e2fsck (EUCLEAN).</summary>
    Corrupt = 117,
}
