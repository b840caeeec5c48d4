namespace Troupe.Apps.Files;

/// <content>Blocks that leave a file, from its end on.</content>
internal sealed partial class ExtentTree
{
    /// <summary>
    /// Frees the blocks from a logical block on, of up to <paramref name="maximumExtents"/> extents. Answers from which logical block on there are none now: the file may be as short as that.
    /// The inode has to be stored.
    /// </summary>
    public async ValueTask<long> TruncateAsync(Inode inode, long from, int maximumExtents)
    {
        for (var count = 0; count < maximumExtents; count++)
        {
            var path = await LastPathAsync(inode);
            var leaf = await NodeAsync(inode, path[^1]);
            var last = ExtentNode.Count(leaf) - 1;
            if (last < 0)
            {
                return from;
            }

            var extent = ExtentNode.Extent(leaf, last);
            if (extent.End <= from)
            {
                return from;
            }

            var kept = (int)Math.Max(0, from - extent.Logical);
            await blocks.FreeAsync(extent.Physical + kept, extent.Count - kept);
            inode.AddBlocks(kept - extent.Count, cache.BlockSize);
            if (kept > 0)
            {
                ExtentNode.SetExtent((await ChangeNodeAsync(inode, path[^1])).Span, last, extent with { Count = kept });
                return from;
            }

            if (!await RemoveLastAsync(inode, path))
            {
                return from;
            }

            if (count == maximumExtents - 1)
            {
                return Math.Max(from, extent.Logical);
            }
        }

        return from;
    }

    /// <summary>The nodes from the root (0) to the last leaf.</summary>
    private async ValueTask<List<long>> LastPathAsync(Inode inode)
    {
        var path = new List<long> { 0 };
        var (first, end) = (0L, 1L << 32);
        for (var depth = RequireDepth(inode); ; depth--)
        {
            var node = await NodeAsync(inode, path[^1]);
            Require(inode, node, depth, first, end);
            if (depth == 0)
            {
                return path;
            }

            var last = ExtentNode.Count(node) - 1;
            if (last < 0)
            {
                throw Corrupt(inode);
            }

            path.Add(ExtentNode.Child(node, last));
            first = ExtentNode.Logical(node, last);
        }
    }

    /// <summary>Takes the last extent out of its leaf, and each node that is empty then out of its parent. False if nothing is left.</summary>
    private async ValueTask<bool> RemoveLastAsync(Inode inode, List<long> path)
    {
        for (var level = path.Count - 1; level >= 0; level--)
        {
            var node = await ChangeNodeAsync(inode, path[level]);
            ExtentNode.SetCount(node.Span, ExtentNode.Count(node.Span) - 1);
            if (ExtentNode.Count(node.Span) > 0)
            {
                return true;
            }

            if (level > 0)
            {
                await blocks.FreeAsync(path[level], 1);
                inode.AddBlocks(-1, cache.BlockSize);
            }
        }

        ExtentNode.Initialize(inode.RootBytes, depth: 0);
        return false;
    }
}
