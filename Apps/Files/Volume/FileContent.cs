namespace Troupe.Apps.Files;

/// <summary>The bytes of files. The part .Writing changes them.</summary>
internal sealed partial class FileContent(BlockCache cache, ExtentTree extents, BlockAllocator blocks, Superblock superblock)
{
    /// <summary>Reads up to the end of the file; holes and what was reserved only read as zeros. Answers how many bytes.</summary>
    public async ValueTask<int> ReadAsync(Inode inode, long position, Memory<byte> into)
    {
        var wanted = (int)Math.Clamp(inode.Length - position, 0, into.Length);
        var blockSize = cache.BlockSize;
        var done = 0;
        while (done < wanted)
        {
            var (logical, offset) = Math.DivRem(position + done, blockSize);
            var extent = logical <= uint.MaxValue ? await extents.FindAsync(inode, (uint)logical) : new Extent(0, 0, int.MaxValue, IsWritten: false);
            var end = done + (int)Math.Min(wanted - done, ((long)extent.Count * blockSize) - offset);
            if (!extent.IsWritten)
            {
                into.Span[done..end].Clear();
                done = end;
                continue;
            }

            for (var block = extent.Physical; done < end; block++, offset = 0)
            {
                await cache.PrefetchAsync(block, (int)(((end - done) + offset + blockSize - 1) / blockSize));
                var bytes = await cache.ReadAsync(block, BlockContent.Data);
                var length = (int)Math.Min(blockSize - offset, end - done);
                bytes.AsSpan((int)offset, length).CopyTo(into.Span[done..]);
                done += length;
            }
        }

        return wanted;
    }
}
