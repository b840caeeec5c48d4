namespace Troupe.Apps.Files;

/// <summary>What an inode is.</summary>
public enum FileKind : byte
{
    /// <summary>Not known.</summary>
    None,

    /// <summary>A file with bytes.</summary>
    Regular,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A symbolic link.</summary>
    SymbolicLink,

    /// <summary>A device, a pipe or a socket of a Unix system; it cannot be opened here.</summary>
    Special,
}
