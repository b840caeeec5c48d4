namespace Troupe.Apps.Files;

/// <content>Changing bytes, in pieces that are a step each.</content>
internal sealed partial class FileContent
{
    /// <summary>Blocks that one step writes at most.</summary>
    private const int StepBlocks = 64;

    private const int StepExtents = 8;

    /// <summary>Writes the first piece of <paramref name="from"/>; answers how many bytes. The inode has to be stored.</summary>
    public async ValueTask<int> WriteAsync(Inode inode, long position, ReadOnlyMemory<byte> from)
    {
        var blockSize = cache.BlockSize;
        var (block, offset) = Math.DivRem(position, blockSize);
        RequireLength(position + from.Length);
        var logical = (uint)block;
        var extent = await extents.FindAsync(inode, logical);
        var count = (int)Math.Min(Math.Min(StepBlocks, extent.Count), (offset + from.Length + blockSize - 1) / blockSize);
        var isNew = !extent.IsWritten;
        if (extent.Physical == 0)
        {
            (var first, count) = await blocks.AllocateAsync(await GoalAsync(inode, logical), count);
            extent = new Extent(logical, first, count, IsWritten: true);
            await extents.InsertAsync(inode, extent);
            inode.AddBlocks(count, blockSize);
        }
        else if (isNew)
        {
            await extents.MarkWrittenAsync(inode, logical, count);
        }

        var written = 0;
        for (var number = extent.Physical; number < extent.Physical + count; number++, offset = 0)
        {
            var length = (int)Math.Min(blockSize - offset, from.Length - written);
            var bytes = isNew || length == blockSize ? cache.Create(number, BlockContent.Data) : await cache.ChangeAsync(number, BlockContent.Data);
            from.Span.Slice(written, length).CopyTo(bytes.AsSpan((int)offset));
            written += length;
        }

        inode.Length = Math.Max(inode.Length, position + written);
        return written;
    }

    /// <summary>Makes a file longer by a hole, or frees a piece of what is beyond its new end; false if there is more to free. The inode has to be stored.</summary>
    public async ValueTask<bool> SetLengthAsync(Inode inode, long length)
    {
        RequireLength(length);
        if (length < inode.Length)
        {
            var first = (length + cache.BlockSize - 1) / cache.BlockSize;
            var reached = await extents.TruncateAsync(inode, first, StepExtents);
            if (reached > first)
            {
                inode.Length = Math.Min(inode.Length, reached * cache.BlockSize);
                return false;
            }

            await ClearTailAsync(inode, length);
        }

        inode.Length = length;
        return true;
    }

    /// <summary>Frees a piece of all that a file has; false if there is more. The inode has to be stored.</summary>
    public async ValueTask<bool> ClearAsync(Inode inode)
    {
        var reached = inode.HasExtents ? await extents.TruncateAsync(inode, 0, StepExtents) : 0;
        inode.Length = Math.Min(inode.Length, reached * cache.BlockSize);
        return reached == 0;
    }

    /// <summary>What is behind the end of a file in its last block is zero, so that it shows as that when the file gets longer.</summary>
    private async ValueTask ClearTailAsync(Inode inode, long length)
    {
        var (block, offset) = Math.DivRem(length, cache.BlockSize);
        if (offset > 0 && await extents.FindAsync(inode, (uint)block) is { IsWritten: true } extent)
        {
            var bytes = await cache.ChangeAsync(extent.Physical, BlockContent.Data);
            bytes.AsSpan((int)offset).Clear();
        }
    }

    private async ValueTask<long> GoalAsync(Inode inode, uint logical) =>
        logical > 0 && await extents.FindAsync(inode, logical - 1) is { Physical: > 0 } before ? before.Physical + 1 : blocks.Near(inode.Number);

    private void RequireLength(long length)
    {
        var maximum = (superblock.ReadOnlyCompatible & Features.LargeFile) != 0 ? (long)uint.MaxValue * cache.BlockSize : int.MaxValue;
        if (length > maximum)
        {
            throw new FileSystemException(FileSystemError.TooLarge, $"A file may have {maximum} bytes here, and would have {length}.");
        }
    }
}
