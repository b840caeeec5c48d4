namespace Troupe.Apps.Files;

/// <content>Blocks that come to a file. Full nodes are split on the way down, so that there is always room for what comes up.</content>
internal sealed partial class ExtentTree
{
    /// <summary>Gives a file blocks where it has a hole. The inode has to be stored.</summary>
    public async ValueTask InsertAsync(Inode inode, Extent extent)
    {
        if (await TryMergeAsync(inode, extent))
        {
            return;
        }

        if (IsFull(inode.RootBytes))
        {
            await GrowAsync(inode);
        }

        var number = 0L;
        var (first, end) = (0L, 1L << 32);
        for (var depth = RequireDepth(inode); depth > 0; depth--)
        {
            var node = await NodeAsync(inode, number);
            Require(inode, node, depth, first, end);
            if (ExtentNode.Count(node) == 0)
            {
                throw Corrupt(inode);
            }

            var index = Math.Max(0, ExtentNode.Find(node, extent.Logical));

            if (ExtentNode.Logical(node, index) > extent.Logical)
            {
                ExtentNode.SetLogical((await ChangeNodeAsync(inode, number)).Span, index, extent.Logical);
                node = await NodeAsync(inode, number);
            }

            var child = ExtentNode.Child(node, index);
            var (childFirst, childEnd) = Range(node, index, end);
            var childBytes = await cache.ReadAsync(child, BlockContent.ExtentNode(inode));
            Require(inode, childBytes, depth - 1, childFirst, childEnd);
            if (IsFull(childBytes))
            {
                var (added, addedFirst) = await SplitAsync(inode, number, index, child, depth - 1, extent.Logical);
                if (extent.Logical >= addedFirst)
                {
                    (child, childFirst) = (added, addedFirst);
                }
                else
                {
                    childEnd = addedFirst;
                }
            }

            (number, first, end) = (child, childFirst, childEnd);
        }

        var leaf = (await ChangeNodeAsync(inode, number)).Span;
        Require(inode, leaf, 0, first, end);
        var at = ExtentNode.Find(leaf, extent.Logical) + 1;
        ExtentNode.Insert(leaf, at);
        ExtentNode.SetExtent(leaf, at, extent);
    }

    /// <summary>Blocks that were reserved have bytes now. The inode has to be stored.</summary>
    public async ValueTask MarkWrittenAsync(Inode inode, uint logical, int count)
    {
        var (number, index) = await LocateAsync(inode, logical);
        var leaf = await ChangeNodeAsync(inode, number);
        var extent = ExtentNode.Extent(leaf.Span, index);
        var head = (int)(logical - extent.Logical);
        var tail = extent.Count - head - count;
        var written = new Extent(logical, extent.Physical + head, count, IsWritten: true);
        ExtentNode.SetExtent(leaf.Span, index, head > 0 ? extent with { Count = head } : written);
        if (head > 0)
        {
            await InsertAsync(inode, written);
        }

        if (tail > 0)
        {
            await InsertAsync(inode, new Extent(logical + (uint)count, extent.Physical + head + count, tail, IsWritten: false));
        }
    }

    /// <summary>Lets a neighbour in the leaf take the blocks in.</summary>
    private async ValueTask<bool> TryMergeAsync(Inode inode, Extent extent)
    {
        var (number, index) = await LocateAsync(inode, extent.Logical);
        var node = await NodeAsync(inode, number);
        if (index >= 0 && ExtentNode.Extent(node, index) is var left && left.Precedes(extent))
        {
            ExtentNode.SetExtent((await ChangeNodeAsync(inode, number)).Span, index, left with { Count = left.Count + extent.Count });
            return true;
        }

        // Before the first of a leaf below others the parents would have to know; they learn it where it is inserted.
        if (index >= 0 && index + 1 < ExtentNode.Count(node) && ExtentNode.Extent(node, index + 1) is var right && extent.Precedes(right))
        {
            ExtentNode.SetExtent((await ChangeNodeAsync(inode, number)).Span, index + 1, extent with { Count = extent.Count + right.Count });
            return true;
        }

        return false;
    }

    /// <summary>The leaf that a logical block belongs to (0: the root), and the last extent in it that begins at or before it.</summary>
    private async ValueTask<(long Number, int Index)> LocateAsync(Inode inode, uint logical)
    {
        var number = 0L;
        var (first, end) = (0L, 1L << 32);
        for (var depth = RequireDepth(inode); ; depth--)
        {
            var node = await NodeAsync(inode, number);
            Require(inode, node, depth, first, end);
            var index = ExtentNode.Find(node, logical);
            if (depth == 0)
            {
                return (number, index);
            }

            if (ExtentNode.Count(node) == 0)
            {
                throw Corrupt(inode);
            }

            index = Math.Max(0, index);
            number = ExtentNode.Child(node, index);
            (first, end) = Range(node, index, end);
        }
    }

    /// <summary>The root moves into a block of its own, and refers to it.</summary>
    private async ValueTask GrowAsync(Inode inode)
    {
        var depth = RequireDepth(inode);
        if (depth == ExtentNode.MaximumDepth)
        {
            throw new FileSystemException(FileSystemError.TooLarge, $"Inode {inode.Number} of {disk} has as many extents as the format allows.");
        }

        var (number, _) = await blocks.AllocateAsync(blocks.Near(inode.Number), 1);
        inode.AddBlocks(1, cache.BlockSize);
        var child = cache.Create(number, BlockContent.ExtentNode(inode));
        ExtentNode.Initialize(child, depth);
        var first = ExtentNode.Logical(inode.RootBytes, 0);
        ExtentNode.MoveTail(inode.RootBytes, 0, child);
        ExtentNode.Initialize(inode.RootBytes, depth + 1);
        ExtentNode.SetCount(inode.RootBytes, 1);
        ExtentNode.SetChild(inode.RootBytes, 0, first, number);
    }

    /// <summary>Moves the upper half of a full child to a node of its own; of one that is appended to, only the last entry, so that nodes of files written from front to back are full.</summary>
    private async ValueTask<(long Number, uint First)> SplitAsync(Inode inode, long parent, int index, long child, int depth, uint logical)
    {
        var (number, _) = await blocks.AllocateAsync(child, 1);
        inode.AddBlocks(1, cache.BlockSize);
        var lower = await cache.ChangeAsync(child, BlockContent.ExtentNode(inode));
        var upper = cache.Create(number, BlockContent.ExtentNode(inode));
        ExtentNode.Initialize(upper, depth);
        var count = ExtentNode.Count(lower);
        ExtentNode.MoveTail(lower, logical > ExtentNode.Logical(lower, count - 1) ? count - 1 : count / 2, upper);
        var first = ExtentNode.Logical(upper, 0);
        var node = (await ChangeNodeAsync(inode, parent)).Span;
        ExtentNode.Insert(node, index + 1);
        ExtentNode.SetChild(node, index + 1, first, number);
        return (number, first);
    }

    private static bool IsFull(ReadOnlySpan<byte> node) => ExtentNode.Count(node) >= ExtentNode.Capacity(node);

    private static (long First, long End) Range(ReadOnlySpan<byte> node, int index, long end) =>
        (ExtentNode.Logical(node, index), index + 1 < ExtentNode.Count(node) ? ExtentNode.Logical(node, index + 1) : end);

    private async ValueTask<byte[]> NodeAsync(Inode inode, long number) => number == 0 ? inode.RootBytes.ToArray() : await cache.ReadAsync(number, BlockContent.ExtentNode(inode));

    private async ValueTask<Memory<byte>> ChangeNodeAsync(Inode inode, long number) =>
        number == 0 ? inode.Bytes.AsMemory(Inode.RootOffset, Inode.RootLength) : await cache.ChangeAsync(number, BlockContent.ExtentNode(inode));
}
