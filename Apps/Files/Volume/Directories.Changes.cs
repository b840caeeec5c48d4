namespace Troupe.Apps.Files;

/// <content>Changing names.</content>
internal sealed partial class Directories
{
    // As much as fits into a step beside the rest. 508 entries a block in blocks of 4 KiB: so many lead to some ten million names.
    private const int MaximumIndexBlocks = 64;

    /// <summary>Gives a new directory its first block. The inode has to be stored.</summary>
    public async ValueTask InitializeAsync(Inode directory, uint parent)
    {
        directory.BeginExtents();
        var bytes = await AppendBlockAsync(directory, 0);
        var first = DirectoryBlock.EntryLength(1);
        DirectoryBlock.Write(bytes.Span, 0, first, directory.Number, "."u8, FileKind.Directory);
        DirectoryBlock.Write(bytes.Span, first, bytes.Length - first, parent, ".."u8, FileKind.Directory);
    }

    /// <summary>Adds a name that is not there. The directory's inode has to be stored.</summary>
    public async ValueTask AddAsync(Inode directory, byte[] name, uint inode, FileKind kind)
    {
        // The index would not know the name. Without it the directory is a list, which its blocks are in any case.
        await DropIndexAsync(directory);
        var needed = DirectoryBlock.EntryLength(name.Length);
        var blockCount = RequireBlocks(directory);
        for (var logical = 0u; logical < blockCount; logical++)
        {
            var (number, bytes) = await ReadAsync(directory, logical, blockCount);
            if (FindRoom(Entries(bytes), needed) is { } offset)
            {
                Insert(await cache.ChangeAsync(number, BlockContent.Directory(directory)), offset, name, inode, kind);
                return;
            }
        }

        var block = await AppendBlockAsync(directory, blockCount);
        DirectoryBlock.Write(block.Span, 0, block.Length, inode, name, kind);
    }

    public async ValueTask RemoveAsync(Inode directory, FoundEntry entry)
    {
        var bytes = await cache.ChangeAsync(entry.Block, BlockContent.Directory(directory));
        if (entry.Previous < 0)
        {
            DirectoryBlock.SetInode(bytes, entry.Offset, 0);
            return;
        }

        DirectoryBlock.SetLength(bytes, entry.Previous, DirectoryBlock.Length(bytes, entry.Previous) + DirectoryBlock.Length(bytes, entry.Offset));
    }

    /// <summary>The name leads to another inode.</summary>
    public async ValueTask ReplaceAsync(Inode directory, FoundEntry entry, uint inode, FileKind kind)
    {
        var bytes = await cache.ChangeAsync(entry.Block, BlockContent.Directory(directory));
        DirectoryBlock.SetInode(bytes, entry.Offset, inode);
        DirectoryBlock.SetKind(bytes, entry.Offset, kind);
    }

    /// <summary>
    /// Makes a directory with an index a list, which its blocks nearly are: those of the index look like unused entries, but where other blocks have their checksum they have none. The inode has to be stored.
    /// </summary>
    public async ValueTask DropIndexAsync(Inode directory)
    {
        if (!directory.HasIndex)
        {
            return;
        }

        var blockCount = _hasChecksums ? RequireBlocks(directory) : 0;
        var converted = 0;
        for (var logical = 0u; logical < blockCount; logical++)
        {
            var (number, bytes) = await ReadAsync(directory, logical, blockCount);
            if (!DirectoryBlock.HasTail(bytes))
            {
                if (++converted > MaximumIndexBlocks)
                {
                    throw new FileSystemException(FileSystemError.TooLarge, $"Directory {directory.Number} of {disk} has an index of more than {MaximumIndexBlocks} blocks, which cannot be dropped.");
                }

                MakeList(await cache.ChangeAsync(number, BlockContent.Directory(directory)));
            }
        }

        directory.DropIndex();
    }

    // The last entry of such a block reaches to its end: in the root that is "..", in a node the only one.
    private static void MakeList(Span<byte> block)
    {
        var entries = DirectoryBlock.AddTail(block);
        var last = DirectoryBlock.IsUnused(block) ? 0 : DirectoryBlock.Length(block, 0);
        DirectoryBlock.SetLength(block, last, entries.Length - last);
    }

    /// <summary>Answers what of the block entries may fill.</summary>
    private async ValueTask<Memory<byte>> AppendBlockAsync(Inode directory, uint logical)
    {
        var (number, _) = await blocks.AllocateAsync(blocks.Near(directory.Number), 1);
        await extents.InsertAsync(directory, new Extent(logical, number, 1, IsWritten: true));
        directory.AddBlocks(1, cache.BlockSize);
        directory.Length = ((long)logical + 1) * cache.BlockSize;
        var bytes = cache.Create(number, BlockContent.Directory(directory));
        return _hasChecksums ? bytes.AsMemory(0, DirectoryBlock.AddTail(bytes).Length) : bytes;
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
