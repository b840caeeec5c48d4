namespace Troupe.Apps.Files;

/// <content>Changing names.</content>
internal sealed partial class Directories
{
    /// <summary>Gives a new directory its first block. The inode has to be stored.</summary>
    public async ValueTask InitializeAsync(Inode directory, uint parent)
    {
        directory.BeginExtents();
        var bytes = await AppendBlockAsync(directory, 0);
        var first = DirectoryBlock.EntryLength(1);
        DirectoryBlock.Write(bytes, 0, first, directory.Number, "."u8, FileKind.Directory);
        DirectoryBlock.Write(bytes, first, bytes.Length - first, parent, ".."u8, FileKind.Directory);
    }

    /// <summary>Adds a name that is not there. The directory's inode has to be stored.</summary>
    public async ValueTask AddAsync(Inode directory, byte[] name, uint inode, FileKind kind)
    {
        // The index would not know the name. Without it the directory is a list, which its blocks are in any case.
        directory.DropIndex();
        var needed = DirectoryBlock.EntryLength(name.Length);
        var blockCount = RequireBlocks(directory);
        for (var logical = 0u; logical < blockCount; logical++)
        {
            var (number, bytes) = await ReadAsync(directory, logical, blockCount);
            if (FindRoom(bytes, needed) is { } offset)
            {
                Insert(await cache.ChangeAsync(number, BlockContent.Metadata), offset, name, inode, kind);
                return;
            }
        }

        var block = await AppendBlockAsync(directory, blockCount);
        DirectoryBlock.Write(block, 0, block.Length, inode, name, kind);
    }

    public async ValueTask RemoveAsync(FoundEntry entry)
    {
        var bytes = await cache.ChangeAsync(entry.Block, BlockContent.Metadata);
        if (entry.Previous < 0)
        {
            DirectoryBlock.SetInode(bytes, entry.Offset, 0);
            return;
        }

        DirectoryBlock.SetLength(bytes, entry.Previous, DirectoryBlock.Length(bytes, entry.Previous) + DirectoryBlock.Length(bytes, entry.Offset));
    }

    /// <summary>The name leads to another inode.</summary>
    public async ValueTask ReplaceAsync(FoundEntry entry, uint inode, FileKind kind)
    {
        var bytes = await cache.ChangeAsync(entry.Block, BlockContent.Metadata);
        DirectoryBlock.SetInode(bytes, entry.Offset, inode);
        DirectoryBlock.SetKind(bytes, entry.Offset, kind);
    }

    private async ValueTask<byte[]> AppendBlockAsync(Inode directory, uint logical)
    {
        var (number, _) = await blocks.AllocateAsync(blocks.Near(directory.Number), 1);
        await extents.InsertAsync(directory, new Extent(logical, number, 1, IsWritten: true));
        directory.AddBlocks(1, cache.BlockSize);
        directory.Length = ((long)logical + 1) * cache.BlockSize;
        return cache.Create(number, BlockContent.Metadata);
    }

    private static int? FindRoom(ReadOnlySpan<byte> block, int needed)
    {
        for (var offset = 0; offset < block.Length; offset += DirectoryBlock.Length(block, offset))
        {
            if (DirectoryBlock.Length(block, offset) - Used(block, offset) >= needed)
            {
                return offset;
            }
        }

        return null;
    }

    private static void Insert(Span<byte> block, int offset, ReadOnlySpan<byte> name, uint inode, FileKind kind)
    {
        var length = DirectoryBlock.Length(block, offset);
        var used = Used(block, offset);
        if (used > 0)
        {
            DirectoryBlock.SetLength(block, offset, used);
        }

        DirectoryBlock.Write(block, offset + used, length - used, inode, name, kind);
    }

    private static int Used(ReadOnlySpan<byte> block, int offset) =>
        DirectoryBlock.Inode(block, offset) == 0 ? 0 : DirectoryBlock.EntryLength(DirectoryBlock.Name(block, offset).Length);
}
