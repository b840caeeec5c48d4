// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Journal (jbd2): recovery.
using System.Buffers.Binary;

namespace Troupe.Apps.Files;

/// <summary>
/// Brings in place what the journal has committed: first looks which transactions are whole and which blocks they revoke, then writes the blocks, then makes that durable and the journal
/// empty. It can be interrupted anywhere and done again.
/// </summary>
internal sealed class JournalRecovery(JournalArea area, Superblock superblock)
{
    private const int WritesAtOnce = 64;

    private readonly JournalSuperblock _journal = area.Superblock;
    private readonly JournalFormat _format = area.Superblock.Format;

    // A block that was revoked in a transaction is not replayed from it and those before. At most as many as the journal has room for.
    private readonly Dictionary<long, uint> _revoked = [];
    private readonly byte[] _block = new byte[area.BlockSize];
    private List<BlockWrite> _writes = [];
    private uint _end;

    /// <summary>Answers how many transactions were replayed: none if the file system says that its journal does not count, which is then made empty.</summary>
    public async ValueTask<long> ReplayAsync()
    {
        if (_journal.Start == 0)
        {
            return 0;
        }

        var count = await WalkAsync(long.MaxValue, isReplay: false);
        if (!superblock.NeedsRecovery)
        {
            count = 0;
        }

        await WalkAsync(count, isReplay: true);
        await WriteAsync();

        // The number after the last one: a torn transaction that has it must not look like the next one.
        _journal.Set(_end + 1, start: 0);
        await area.WriteSuperblockAsync();
        return count;
    }

    /// <summary>Goes through up to so many transactions; answers how many are whole.</summary>
    private async ValueTask<long> WalkAsync(long maximum, bool isReplay)
    {
        var (position, sequence, left) = (_journal.Start, _journal.Sequence, _journal.BlockCount);
        var revocations = new List<long>();
        var isDamaged = false;
        for (var count = 0L; count < maximum;)
        {
            if (left == 0)
            {
                return End(count, sequence);
            }

            left--;
            await area.ReadAsync(position, _block);
            var type = JournalFormat.TypeOf(_block, sequence);
            position = Next(position);
            switch (type)
            {
                case JournalBlockType.Descriptor:
                    if (_format.ReadTags(_block) is not { } tags || tags.Count > left)
                    {
                        return End(count, sequence);
                    }

                    foreach (var tag in tags)
                    {
                        isDamaged |= !await HandleAsync(position, tag, sequence, isReplay);
                        position = Next(position);
                        left--;
                    }

                    break;
                case JournalBlockType.Revocation:
                    if (!isReplay && !_format.TryReadRevocations(_block, revocations.Add))
                    {
                        return End(count, sequence);
                    }

                    break;
                case JournalBlockType.Commit:
                    if (isDamaged || !_format.IsCommitValid(_block))
                    {
                        return End(count, sequence);
                    }

                    foreach (var block in revocations)
                    {
                        _revoked[block] = sequence;
                    }

                    revocations.Clear();
                    sequence++;
                    count++;
                    break;
                default:
                    return End(count, sequence);
            }
        }

        return maximum;
    }

    /// <summary>A block of a transaction: looked at, or brought in place. False if it is damaged.</summary>
    private async ValueTask<bool> HandleAsync(uint position, JournalTag tag, uint sequence, bool isReplay)
    {
        if (tag.Block < 0 || tag.Block >= superblock.BlockCount)
        {
            throw new FileSystemException(FileSystemError.Corrupt, $"The journal of {area.DiskName} has block {tag.Block}, and there are {superblock.BlockCount}: check the disk with e2fsck.");
        }

        var isRevoked = isReplay && _revoked.TryGetValue(tag.Block, out var revoked) && (int)(revoked - sequence) >= 0;
        var bytes = new byte[area.BlockSize];
        await area.ReadAsync(position, bytes);
        if (!isReplay)
        {
            return _format.IsBlockValid(bytes, tag, sequence);
        }

        if (isRevoked)
        {
            return true;
        }

        if ((tag.Flags & JournalFormat.Escaped) != 0)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, JournalFormat.Magic);
        }

        // The same block again would have to wait for the first one.
        if (_writes.Count >= WritesAtOnce || _writes.Exists(write => write.Block == tag.Block))
        {
            await WriteAsync();
        }

        _writes.Add(new BlockWrite(tag.Block, bytes));
        return true;
    }

    private async ValueTask WriteAsync()
    {
        if (_writes.Count > 0)
        {
            await area.WriteAsync(_writes);
            _writes = [];
        }
    }

    private long End(long count, uint sequence)
    {
        _end = sequence;
        return count;
    }

    private uint Next(uint position) => position + 1 < _journal.BlockCount ? position + 1 : _journal.First;
}
