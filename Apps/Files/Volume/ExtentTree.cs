// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Extent Tree.
namespace Troupe.Apps.Files;

/// <summary>Where a file's blocks are. The parts: .Insertion, .Truncation.</summary>
internal sealed partial class ExtentTree(BlockCache cache, BlockAllocator blocks, Superblock superblock, string disk)
{
    /// <summary>
    /// What a file has from a logical block on: the rest of the extent that holds it, or with <see cref="Extent.Physical"/> 0 a hole of at least so many blocks. Every node on the way is
    /// checked against the range that its parent says it covers, so hostile trees neither go round in circles nor cover a block twice.
    /// </summary>
    public async ValueTask<Extent> FindAsync(Inode inode, uint logical)
    {
        var node = inode.RootBytes.ToArray();
        var (first, end) = (0L, 1L << 32);
        var depth = RequireDepth(inode);
        for (; depth > 0; depth--)
        {
            Require(inode, node, depth, first, end);
            var index = ExtentNode.Find(node, logical);
            if (index < 0)
            {
                return Hole(logical, ExtentNode.Count(node) > 0 ? ExtentNode.Logical(node, 0) : end);
            }

            first = ExtentNode.Logical(node, index);
            if (index + 1 < ExtentNode.Count(node))
            {
                end = ExtentNode.Logical(node, index + 1);
            }

            node = await cache.ReadAsync(ExtentNode.Child(node, index), BlockContent.ExtentNode(inode));
        }

        Require(inode, node, 0, first, end);
        var found = ExtentNode.Find(node, logical);
        if (found >= 0 && ExtentNode.Extent(node, found) is var extent && logical < extent.End)
        {
            var skipped = (int)(logical - extent.Logical);
            return extent with { Logical = logical, Physical = extent.Physical + skipped, Count = extent.Count - skipped };
        }

        return Hole(logical, found + 1 < ExtentNode.Count(node) ? ExtentNode.Logical(node, found + 1) : end);
    }

    private static Extent Hole(uint logical, long end) => new(logical, 0, (int)Math.Min(end - logical, int.MaxValue), IsWritten: false);

    private int RequireDepth(Inode inode)
    {
        var depth = ExtentNode.Depth(inode.RootBytes);
        return inode.HasExtents && depth <= ExtentNode.MaximumDepth ? depth : throw Corrupt(inode);
    }

    private void Require(Inode inode, ReadOnlySpan<byte> node, int depth, long first, long end)
    {
        if (!ExtentNode.IsValid(node, depth, first, end, superblock))
        {
            throw Corrupt(inode);
        }
    }

    private FileSystemException Corrupt(Inode inode) =>
        new(FileSystemError.Corrupt, $"The extents of inode {inode.Number} of {disk} contradict themselves: check the disk with e2fsck.");
}
