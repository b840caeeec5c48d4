namespace Troupe.Apps.Files;

/// <summary>The file system did not do what it was asked to. The failed answer to an ask carries it.</summary>
public sealed class FileSystemException : Exception
{
    /// <summary>Creates the exception.</summary>
    public FileSystemException(FileSystemError error, string message, Exception? cause = null) : base(message, cause) => Error = error;

    /// <summary>Why.</summary>
    public FileSystemError Error { get; }
}
