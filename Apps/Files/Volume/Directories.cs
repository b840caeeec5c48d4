// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Directory Entries.
using System.Collections.Immutable;
using System.Text;

namespace Troupe.Apps.Files;

/// <summary>Where a name is in its directory.</summary>
/// <param name="Inode">What it names.</param>
/// <param name="Block">The block on the disk.</param>
/// <param name="Offset">Where in the block.</param>
/// <param name="Previous">The entry before it in the block; -1 if it is the first.</param>
internal readonly record struct FoundEntry(uint Inode, long Block, int Offset, int Previous);

/// <summary>Names in directories, as lists. The part .Changes writes them.</summary>
internal sealed partial class Directories(BlockCache cache, ExtentTree extents, BlockAllocator blocks, Superblock superblock, string disk)
{
    // Every block ends with one then, but for those of an index.
    private readonly bool _hasChecksums = superblock.ChecksumSeed is not null;

    /// <summary>Entries of a page; a page ends with a block all the same.</summary>
    private const int PageEntries = 256;

    /// <summary>Looks a name up; null if it is not there.</summary>
    public async ValueTask<FoundEntry?> FindAsync(Inode directory, byte[] name)
    {
        var blocks = RequireBlocks(directory);
        for (var logical = 0u; logical < blocks; logical++)
        {
            var (number, bytes) = await ReadAsync(directory, logical, blocks);
            if (Find(bytes, name) is { Inode: not 0 } found)
            {
                return found with { Block = number };
            }
        }

        return null;
    }

    /// <summary>Names from a position on.</summary>
    public async ValueTask<DirectoryPage> ListAsync(Inode directory, long position)
    {
        var blocks = RequireBlocks(directory);
        var entries = ImmutableArray.CreateBuilder<DirectoryEntry>();
        var next = position / cache.BlockSize;
        while (next < blocks && entries.Count < PageEntries)
        {
            var (_, bytes) = await ReadAsync(directory, (uint)next++, blocks);
            Collect(bytes, entries);
        }

        return new DirectoryPage(entries.ToImmutable(), next < blocks ? next * cache.BlockSize : -1);
    }

    public async ValueTask<bool> IsEmptyAsync(Inode directory)
    {
        var blocks = RequireBlocks(directory);
        var entries = ImmutableArray.CreateBuilder<DirectoryEntry>();
        for (var logical = 0u; logical < blocks && entries.Count == 0; logical++)
        {
            var (_, bytes) = await ReadAsync(directory, logical, blocks);
            Collect(bytes, entries);
        }

        return entries.Count == 0;
    }

    /// <summary>How many blocks it has: never more than the disk, so that going through them ends.</summary>
    private uint RequireBlocks(Inode directory)
    {
        var (blocks, rest) = Math.DivRem(directory.Length, cache.BlockSize);
        return rest == 0 && blocks > 0 && blocks <= superblock.BlockCount && blocks <= uint.MaxValue ? (uint)blocks : throw Corrupt(directory);
    }

    private async ValueTask<(long Number, byte[] Bytes)> ReadAsync(Inode directory, uint logical, uint blocks)
    {
        var extent = await extents.FindAsync(directory, logical);
        if (!extent.IsWritten)
        {
            throw Corrupt(directory);
        }

        await cache.PrefetchAsync(extent.Physical, (int)Math.Min(extent.Count, blocks - logical));
        var bytes = await cache.ReadAsync(extent.Physical, BlockContent.Directory(directory));
        return DirectoryBlock.IsValid(Entries(bytes), superblock.InodeCount) ? (extent.Physical, bytes) : throw Corrupt(directory);
    }

    private ReadOnlySpan<byte> Entries(ReadOnlySpan<byte> block) => DirectoryBlock.Entries(block, _hasChecksums && DirectoryBlock.HasTail(block));

    private static FoundEntry Find(ReadOnlySpan<byte> block, ReadOnlySpan<byte> name)
    {
        var previous = -1;
        for (var offset = 0; offset < block.Length; offset += DirectoryBlock.Length(block, offset))
        {
            var inode = DirectoryBlock.Inode(block, offset);
            if (inode != 0 && DirectoryBlock.Name(block, offset).SequenceEqual(name))
            {
                return new FoundEntry(inode, 0, offset, previous);
            }

            previous = offset;
        }

        return default;
    }

    private static void Collect(ReadOnlySpan<byte> block, ImmutableArray<DirectoryEntry>.Builder entries)
    {
        for (var offset = 0; offset < block.Length; offset += DirectoryBlock.Length(block, offset))
        {
            var inode = DirectoryBlock.Inode(block, offset);
            if (inode != 0 && DirectoryBlock.Name(block, offset) is var name && !DirectoryBlock.IsDot(name))
            {
                entries.Add(new DirectoryEntry(Encoding.UTF8.GetString(name), inode, DirectoryBlock.Kind(block, offset)));
            }
        }
    }

    private FileSystemException Corrupt(Inode directory) =>
        new(FileSystemError.Corrupt, $"Directory {directory.Number} of {disk} contradicts itself: check the disk with e2fsck.");
}
