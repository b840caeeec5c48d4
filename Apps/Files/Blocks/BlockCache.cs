namespace Troupe.Apps.Files;

/// <summary>
/// The blocks in memory: a bounded number. Those that are unchanged are dropped, the least recently used first; those that are changed stay until a commit has written them. The parts: .Steps undoes changes, .Checksums looks at checksums and makes them.
/// </summary>
internal sealed partial class BlockCache(FileSystemDisk disk, Superblock superblock, MetadataChecksums? checksums, int capacity)
{
    private readonly Dictionary<long, CachedBlock> _blocks = [];
    private readonly LinkedList<CachedBlock> _droppable = new();

    public int Count => _blocks.Count;

    /// <summary>Blocks that the next commit writes to the journal.</summary>
    public int ChangedMetadata { get; private set; }

    /// <summary>Blocks that the next commit writes in place before.</summary>
    public int ChangedData { get; private set; }

    public int BlockSize => superblock.BlockSize;

    /// <summary>The block's bytes, to look at. They may be outdated after the next change of the block.</summary>
    /// <param name="number">Which block.</param>
    /// <param name="content">What it holds: its checksum must hold.</param>
    public ValueTask<byte[]> ReadAsync(long number, BlockContent content) =>
        TryGet(number, out var block) ? new(Verified(block, content).Bytes) : LoadAsync(number, 1, content);

    /// <summary>Reads blocks that follow each other, as many as one transfer takes, so that reading them one by one does not go to the disk. Blocks beyond a cached one are not read.</summary>
    public async ValueTask PrefetchAsync(long number, int count)
    {
        var missing = 0;
        var limit = Math.Min(count, Math.Min(disk.TransferLength / BlockSize, Math.Max(1, capacity / 4)));
        while (missing < limit && !_blocks.ContainsKey(number + missing))
        {
            missing++;
        }

        if (missing > 1)
        {
            await LoadAsync(number, missing, BlockContent.Data);
        }
    }

    private bool TryGet(long number, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out CachedBlock? block)
    {
        if (!_blocks.TryGetValue(number, out block))
        {
            return false;
        }

        if (block.Place is { } place)
        {
            _droppable.Remove(place);
            _droppable.AddLast(place);
        }

        return true;
    }

    private async ValueTask<byte[]> LoadAsync(long number, int count, BlockContent content)
    {
        if (number < 0 || number > superblock.BlockCount - count)
        {
            throw new FileSystemException(FileSystemError.Corrupt, $"{disk.Name} refers to block {number}, and has {superblock.BlockCount}.");
        }

        var bytes = new byte[count * BlockSize];
        await disk.ReadAsync(number, bytes);
        if (count == 1)
        {
            var block = new CachedBlock(number, bytes);
            Add(block);
            return Verified(block, content).Bytes;
        }

        for (var index = 0; index < count; index++)
        {
            Add(new CachedBlock(number + index, bytes.AsSpan(index * BlockSize, BlockSize).ToArray()));
        }

        return bytes[..BlockSize];
    }

    private void Add(CachedBlock block)
    {
        _blocks.Add(block.Number, block);
        Unpin(block);
        Shrink();
    }

    /// <summary>The newest stays: it is about to be used.</summary>
    private void Shrink()
    {
        while (_blocks.Count > capacity && _droppable.Count > 1)
        {
            var oldest = _droppable.First!.Value;
            _droppable.RemoveFirst();
            oldest.Place = null;
            _blocks.Remove(oldest.Number);
        }
    }

    private void Unpin(CachedBlock block)
    {
        if (!block.IsPinned && block.Place is null)
        {
            block.Place = _droppable.AddLast(block);
        }
    }

    private void Pin(CachedBlock block)
    {
        if (block.Place is { } place)
        {
            _droppable.Remove(place);
            block.Place = null;
        }
    }
}
