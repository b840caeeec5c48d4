namespace Troupe.Apps.Files;

/// <summary>What a <see cref="FileSystemMessage"/> asks for.</summary>
public enum FileSystemMessageKind : byte
{
    /// <summary>Nothing; the default value is ignored.</summary>
    None,

    /// <summary>Open a file.</summary>
    Open,

    /// <summary>Close a file.</summary>
    Close,

    /// <summary>Read from a file.</summary>
    Read,

    /// <summary>Write to a file.</summary>
    Write,

    /// <summary>Give a file another length.</summary>
    SetLength,

    /// <summary>Make all that was changed durable.</summary>
    Flush,

    /// <summary>Tell about a path.</summary>
    GetInformation,

    /// <summary>Tell about an open file.</summary>
    GetHandleInformation,

    /// <summary>List names of a directory.</summary>
    List,

    /// <summary>Tell where a symbolic link leads.</summary>
    ReadLink,

    /// <summary>Make a directory.</summary>
    CreateDirectory,

    /// <summary>Make a symbolic link.</summary>
    CreateLink,

    /// <summary>Give a file one more name.</summary>
    CreateHardLink,

    /// <summary>Change permissions.</summary>
    SetMode,

    /// <summary>Change times.</summary>
    SetTimes,

    /// <summary>Take a name away that is no directory's.</summary>
    Delete,

    /// <summary>Take an empty directory away.</summary>
    DeleteDirectory,

    /// <summary>Give another name.</summary>
    Rename,

    /// <summary>Answer with statistics.</summary>
    GetStatistics,

    /// <summary>Leave the disk as one that needs no replay.</summary>
    Unmount,

    /// <summary>The file system's own: commit what waits.</summary>
    Commit,
}
