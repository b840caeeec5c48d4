namespace Troupe.Apps.Files;

/// <content>
/// Changes. A step is a set of changes that leaves the file system whole; it is undone as one if it fails, and a commit comes between steps only. A changed block gets a copy of its bytes
/// first, so neither what is to be undone nor what was committed and is not in place yet is touched.
/// </content>
internal sealed partial class BlockCache
{
    private readonly Dictionary<long, Undo> _step = [];

    public void BeginStep() => _step.Clear();

    public void EndStep() => _step.Clear();

    /// <summary>Takes back what was changed since <see cref="BeginStep"/>; the bytes of files excepted that were there before.</summary>
    public void UndoStep()
    {
        foreach (var (number, undo) in _step)
        {
            if (_blocks.TryGetValue(number, out var block))
            {
                Unmark(block);
            }

            if (undo.Bytes is null)
            {
                Drop(block);
                continue;
            }

            if (block is null)
            {
                block = new CachedBlock(number, undo.Bytes);
                _blocks.Add(number, block);
            }

            block.Bytes = undo.Bytes;
            block.Before = undo.Before;
            block.IsVerified = undo.IsVerified;
            if (undo.IsChanged)
            {
                Mark(block, undo.Content);
            }

            Unpin(block);
        }

        _step.Clear();
    }

    /// <summary>The block's bytes, to change until the step ends. What <see cref="ReadAsync"/> answered before is outdated.</summary>
    public async ValueTask<byte[]> ChangeAsync(long number, BlockContent content)
    {
        await ReadAsync(number, content);
        var block = _blocks[number];
        if (content.IsMetadata && Remember(block))
        {
            var old = block.Bytes;
            block.Bytes = [.. old];
            if (content.Kind == BlockKind.BlockBitmap)
            {
                block.Before ??= old;
            }
        }

        Mark(block, content);
        return block.Bytes;
    }

    /// <summary>The bytes of a block whose content does not count any more: zeros, to change until the step ends.</summary>
    public byte[] Create(long number, BlockContent content)
    {
        var bytes = new byte[BlockSize];
        if (TryGet(number, out var block))
        {
            Remember(block);
            block.Bytes = bytes;
        }
        else
        {
            block = new CachedBlock(number, bytes);
            _step.TryAdd(number, default);
            Add(block);
        }

        block.IsVerified = true;
        Mark(block, content);
        return bytes;
    }

    /// <summary>The blocks are free: what was to be written there need not be. They are not used again before that is committed.</summary>
    public void Forget(long first, int count)
    {
        for (var number = first; number < first + count; number++)
        {
            if (_blocks.TryGetValue(number, out var block) && block.IsChanged)
            {
                Remember(block);
                Unmark(block);
                Unpin(block);
            }
        }
    }

    /// <summary>A bitmap as it was last committed, if that differs.</summary>
    public byte[]? Before(long number) => _blocks.GetValueOrDefault(number)?.Before;

    /// <summary>What has to be in place before the next transaction is: bytes of files, and the blocks of the transaction before.</summary>
    public List<BlockWrite> InPlaceWrites()
    {
        var writes = new List<BlockWrite>();
        foreach (var block in _blocks.Values)
        {
            if (block.Committed is { } committed)
            {
                writes.Add(new BlockWrite(block.Number, committed));
            }
            else if (block.IsChanged && !block.IsMetadata)
            {
                writes.Add(new BlockWrite(block.Number, block.Bytes));
            }
        }

        return writes;
    }

    /// <summary><see cref="InPlaceWrites"/> are durable.</summary>
    public void EndInPlaceWrites()
    {
        foreach (var block in _blocks.Values)
        {
            block.Committed = null;
            if (block.IsChanged && !block.IsMetadata)
            {
                Unmark(block);
            }

            Unpin(block);
        }

        Shrink();
    }

    /// <summary>What the next transaction has.</summary>
    public List<BlockWrite> MetadataWrites() =>
        [.. _blocks.Values.Where(static block => block.IsChanged && block.IsMetadata).Select(static block => new BlockWrite(block.Number, block.Bytes))];

    /// <summary><see cref="MetadataWrites"/> are durable in the journal.</summary>
    public void EndMetadataWrites()
    {
        foreach (var block in _blocks.Values)
        {
            block.Before = null;
            if (block.IsChanged && block.IsMetadata)
            {
                Unmark(block);
                block.Committed = block.Bytes;
                Pin(block);
            }
        }
    }

    private bool Remember(CachedBlock block) => _step.TryAdd(block.Number, new Undo(block.Bytes, block.Before, block.IsChanged, block.Content, block.IsVerified));

    private void Mark(CachedBlock block, BlockContent content)
    {
        Unmark(block);
        block.IsChanged = true;
        block.Content = content;
        Pin(block);
        if (content.IsMetadata)
        {
            ChangedMetadata++;
        }
        else
        {
            ChangedData++;
        }
    }

    private void Unmark(CachedBlock block)
    {
        if (!block.IsChanged)
        {
            return;
        }

        block.IsChanged = false;
        if (block.IsMetadata)
        {
            ChangedMetadata--;
        }
        else
        {
            ChangedData--;
        }
    }

    private void Drop(CachedBlock? block)
    {
        if (block is not null)
        {
            Pin(block);
            _blocks.Remove(block.Number);
        }
    }

    /// <summary>How a block was before the step; the default: not in memory.</summary>
    private readonly record struct Undo(byte[]? Bytes, byte[]? Before, bool IsChanged, BlockContent Content, bool IsVerified);
}
