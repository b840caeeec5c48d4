namespace Troupe.Apps.Storage;

/// <summary>The units of the log on the disk (docs/storage.md): all numbers are little-endian, all checksums CRC-32C.</summary>
internal static class LogPages
{
    /// <summary>Bytes of a page: a whole number of blocks on any disk, and never shared by two commits.</summary>
    public const int Size = 4096;

    /// <summary>Pages of the largest commit.</summary>
    public const int MaximumCommitPages = 8;

    /// <summary>Bytes of the largest commit.</summary>
    public const int MaximumCommit = MaximumCommitPages * Size;

    /// <summary>
    /// Pages of the smallest area. With it, what <see cref="Capacity"/> lets live leaves room behind its snapshot for the largest commit: two commits in a row of a snapshot are
    /// together more than one full one, so it takes at most twice the pages of its bytes, and one commit.
    /// </summary>
    public const long MinimumAreaPages = 64;

    /// <summary>Bytes that may live in areas of so many pages: a quarter, so that at least a third of an area is free after each compaction.</summary>
    public static long Capacity(long areaPages) => (areaPages - 1) * Size / 4;

    /// <summary>Pages that so many bytes take.</summary>
    public static int Count(int bytes) => (bytes + Size - 1) / Size;
}
