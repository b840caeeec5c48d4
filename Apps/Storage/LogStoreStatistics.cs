using Troupe.Actors;

namespace Troupe.Apps.Storage;

/// <summary>What a store has and did.</summary>
[Sendable]
public sealed record LogStoreStatistics
{
    /// <summary>Keys that have a value.</summary>
    public int Count { get; init; }

    /// <summary>Bytes of the records of those.</summary>
    public long LiveBytes { get; init; }

    /// <summary>The most bytes that live records may have; depends on the disk's size alone.</summary>
    public long Capacity { get; init; }

    /// <summary>Commits found when the store was opened.</summary>
    public long RecoveredCommits { get; init; }

    /// <summary>Commits written since. One commit has all requests that came while the one before was being written.</summary>
    public long Commits { get; init; }

    /// <summary>Times the living records were written to the other area since the store was opened.</summary>
    public long Compactions { get; init; }
}
