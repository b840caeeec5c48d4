namespace Troupe.Apps.Files;

/// <summary>An open file as a program has it (man 2 open, "open file description").</summary>
internal sealed class OpenDescription(FileHandle handle, bool canRead, bool canWrite, bool isSynchronous)
{
    public FileHandle Handle => handle;

    public bool CanRead => canRead;

    public bool CanWrite => canWrite;

    /// <summary>Whether a write is durable when it returns (O_SYNC).</summary>
    public bool IsSynchronous => isSynchronous;

    /// <summary>Held while a call uses the position and moves it: such calls come one after another.</summary>
    public Lock PositionGate { get; } = new();

    /// <summary>Where the next read or write without a position of its own begins.</summary>
    public long Position { get; set; }
}

/// <summary>A directory that is being listed.</summary>
internal sealed class DirectoryStream(string path, DirectoryPage page)
{
    public string Path => path;

    /// <summary>The names that were fetched last.</summary>
    public DirectoryPage Page { get; set; } = page;

    /// <summary>The next of them.</summary>
    public int Next { get; set; }
}
