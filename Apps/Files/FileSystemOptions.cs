namespace Troupe.Apps.Files;

/// <summary>What can be chosen about an <see cref="Ext4FileSystem"/>.</summary>
public sealed record FileSystemOptions
{
    /// <summary>Whether nothing is ever written. Then file systems open that have features which only writing would have to know, such as checksums of metadata (which are not looked at).</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Blocks kept in memory, those included that wait for being written.</summary>
    public int CachedBlocks { get; init; } = 2048;

    /// <summary>Files that may be open at a time.</summary>
    public int MaximumOpenFiles { get; init; } = 1024;

    /// <summary>What was changed is committed after so much time without anybody asking for it.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(5);
}
