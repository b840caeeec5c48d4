// errno.h of Linux (man 3 errno).
namespace Troupe.Apps.Files;

/// <summary>How a file call ended that the file system was not asked about; <see cref="FileSystemError"/> has the same numbers.</summary>
internal static class FileErrno
{
    public const int BadDescriptor = 9;
    public const int InputOutput = 5;
    public const int WouldBlock = 11;
    public const int AccessDenied = 13;
    public const int Busy = 16;
    public const int Exists = 17;
    public const int CrossDevice = 18;
    public const int NotDirectory = 20;
    public const int IsDirectory = 21;
    public const int InvalidArgument = 22;
    public const int TooManyFiles = 24;
    public const int OutOfRange = 34;
    public const int NotSupported = 95;
}
