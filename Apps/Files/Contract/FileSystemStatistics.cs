using Troupe.Actors;

namespace Troupe.Apps.Files;

/// <summary>What a file system has and did.</summary>
[Sendable]
public sealed record FileSystemStatistics
{
    /// <summary>Bytes of a block.</summary>
    public required int BlockSize { get; init; }

    /// <summary>Blocks of the file system.</summary>
    public required long Blocks { get; init; }

    /// <summary>Blocks that are free.</summary>
    public required long FreeBlocks { get; init; }

    /// <summary>Inodes of the file system.</summary>
    public required long Inodes { get; init; }

    /// <summary>Inodes that are free.</summary>
    public required long FreeInodes { get; init; }

    /// <summary>Whether it is opened for reading only.</summary>
    public required bool IsReadOnly { get; init; }

    /// <summary>Transactions of the journal that were replayed when it was opened.</summary>
    public required long ReplayedTransactions { get; init; }

    /// <summary>Transactions committed since.</summary>
    public required long Commits { get; init; }

    /// <summary>Blocks in memory.</summary>
    public required int CachedBlocks { get; init; }

    /// <summary>Files that are open.</summary>
    public required int OpenFiles { get; init; }
}
