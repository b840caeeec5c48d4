using System.Buffers.Binary;

namespace Troupe.Apps.Storage;

/// <summary>
/// The first page of an area: says which of the two areas counts (the one of the highest generation) and how its commits are told from what lay there before. All
/// of it lies in the page's first sector, so it is written whole or not at all.
/// </summary>
/// <param name="Generation">Counts the lives of areas.</param>
/// <param name="Salt">Goes into the checksum of every commit of this life.</param>
/// <param name="SnapshotCommits">So many commits were flushed before this page was written. Fewer valid ones mean damage, and not a power cut.</param>
/// <param name="AreaPages">Pages of an area, this one included.</param>
internal readonly record struct AreaHeader(ulong Generation, ulong Salt, ulong SnapshotCommits, ulong AreaPages)
{
    private const uint Magic = 0x41474C54;
    private const uint Version = 1;
    private const int ChecksumOffset = 4;
    private const int VersionOffset = 8;
    private const int Length = 48;

    /// <summary>The page.</summary>
    public byte[] ToPage()
    {
        var page = new byte[LogPages.Size];
        BinaryPrimitives.WriteUInt32LittleEndian(page, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(VersionOffset), Version);
        BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(16), Generation);
        BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(24), Salt);
        BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(32), SnapshotCommits);
        BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(40), AreaPages);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(ChecksumOffset), Checksum.Compute(0, page.AsSpan(VersionOffset, Length - VersionOffset)));
        return page;
    }

    /// <summary>Reads a page; null if it is no header.</summary>
    public static AreaHeader? Read(ReadOnlySpan<byte> page) =>
        BinaryPrimitives.ReadUInt32LittleEndian(page) == Magic
        && BinaryPrimitives.ReadUInt32LittleEndian(page[ChecksumOffset..]) == Checksum.Compute(0, page[VersionOffset..Length])
        && BinaryPrimitives.ReadUInt32LittleEndian(page[VersionOffset..]) == Version
            ? new AreaHeader(
                BinaryPrimitives.ReadUInt64LittleEndian(page[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(page[24..]),
                BinaryPrimitives.ReadUInt64LittleEndian(page[32..]),
                BinaryPrimitives.ReadUInt64LittleEndian(page[40..]))
            : null;
}
