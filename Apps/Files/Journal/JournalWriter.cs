// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Journal (jbd2).
namespace Troupe.Apps.Files;

/// <summary>
/// Writes transactions, each into the other half of the journal than the one before, which is in place and durable by then and is never replayed once the next one is begun. So no block can be
/// brought back from an older transaction, and nothing ever has to be revoked; and a transaction that is still needed is not written over.
/// </summary>
internal sealed class JournalWriter(JournalArea area, TimeProvider time)
{
    private readonly JournalSuperblock _journal = area.Superblock;
    private readonly JournalFormat _format = area.Superblock.Format;
    private bool _isSecondHalf;

    private uint HalfLength => (_journal.BlockCount - _journal.First) / 2;

    /// <summary>How many blocks a transaction may have.</summary>
    public int Capacity
    {
        get
        {
            var blocks = (int)Math.Min(HalfLength, 1 << 20) - 1;
            return blocks - 1 - (blocks / _format.TagsPerBlock(area.BlockSize));
        }
    }

    /// <summary>
    /// Makes a transaction durable. What the one before has in the journal must be in place and durable. First all but the last block, with where replay begins, then the one that says that it is whole.
    /// </summary>
    public async ValueTask WriteAsync(List<BlockWrite> blocks)
    {
        var sequence = _journal.Sequence;
        var start = _isSecondHalf ? _journal.First + HalfLength : _journal.First;
        _journal.Set(sequence, start);
        var writes = new List<BlockWrite> { new(await area.PhysicalAsync(0), _journal.Block) };
        var position = start;
        var perDescriptor = _format.TagsPerBlock(area.BlockSize);
        for (var first = 0; first < blocks.Count; first += perDescriptor)
        {
            var tags = new JournalTag[Math.Min(perDescriptor, blocks.Count - first)];
            var descriptor = await area.PhysicalAsync(position++);
            for (var index = 0; index < tags.Length; index++)
            {
                var (block, bytes) = blocks[first + index];
                var flags = 0;
                if (JournalFormat.IsMagic(bytes))
                {
                    bytes = [.. bytes];
                    bytes.AsSpan(0, sizeof(uint)).Clear();
                    flags = JournalFormat.Escaped;
                }

                tags[index] = new JournalTag(block, flags, _format.BlockChecksum(bytes, sequence));
                writes.Add(new BlockWrite(await area.PhysicalAsync(position++), bytes));
            }

            var header = new byte[area.BlockSize];
            _format.WriteTags(header, sequence, tags);
            writes.Add(new BlockWrite(descriptor, header));
        }

        await area.WriteAsync(writes);
        await area.WriteAsync([new BlockWrite(await area.PhysicalAsync(position), _format.Commit(area.BlockSize, sequence, time.GetUtcNow()))]);
        _journal.Set(sequence + 1, start);
        _isSecondHalf = !_isSecondHalf;
    }

    /// <summary>What the last transaction has is in place and durable: there is nothing to replay.</summary>
    public async ValueTask ClearAsync()
    {
        _journal.Set(_journal.Sequence, start: 0);
        await area.WriteSuperblockAsync();
    }
}
