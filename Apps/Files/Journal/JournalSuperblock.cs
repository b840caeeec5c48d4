// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Journal (jbd2), Super Block. All fields are big-endian.
using System.Buffers.Binary;

namespace Troupe.Apps.Files;

/// <summary>
/// The first block of the journal: its shape, and where replay begins. Checksums of the first version (a compatible feature) are neither looked at nor written: commits without one are as good.
/// </summary>
internal sealed class JournalSuperblock
{
    private const int Length = 1024;
    private const int ChecksumOffset = 0xFC;
    private const uint Revoke = 0x1;
    private const uint SixtyFourBit = 0x2;
    private const uint ChecksumVersion3 = 0x10;
    private const uint Supported = Revoke | SixtyFourBit | ChecksumVersion3;

    private static readonly Dictionary<uint, string> _names = new() { [0x4] = "async_commit", [0x8] = "checksum_v2", [0x20] = "fast_commit" };

    private readonly byte[] _block;

    private JournalSuperblock(byte[] block) => _block = block;

    /// <summary>The block as it is to be written.</summary>
    public byte[] Block => _block;

    /// <summary>Blocks of the journal, this one included.</summary>
    public uint BlockCount => BinaryPrimitives.ReadUInt32BigEndian(_block.AsSpan(0x10));

    /// <summary>The first block of the log.</summary>
    public uint First => BinaryPrimitives.ReadUInt32BigEndian(_block.AsSpan(0x14));

    /// <summary>The number of the transaction that replay begins with, or that the next one gets.</summary>
    public uint Sequence => BinaryPrimitives.ReadUInt32BigEndian(_block.AsSpan(0x18));

    /// <summary>Where replay begins; 0 if there is nothing to replay.</summary>
    public uint Start => BinaryPrimitives.ReadUInt32BigEndian(_block.AsSpan(0x1C));

    public JournalFormat Format => new((Incompatible & SixtyFourBit) != 0, HasChecksums, _block[0x30..0x40]);

    private uint Incompatible => BinaryPrimitives.ReadUInt32BigEndian(_block.AsSpan(0x28));

    private bool HasChecksums => (Incompatible & ChecksumVersion3) != 0;

    /// <summary>Checks the journal's first block.</summary>
    public static JournalSuperblock Read(byte[] block, long journalBlocks, string disk)
    {
        var superblock = new JournalSuperblock([.. block]);
        superblock.Check(journalBlocks, disk);
        return superblock;
    }

    /// <summary>Says where replay begins.</summary>
    public void Set(uint sequence, uint start)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_block.AsSpan(0x18), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(_block.AsSpan(0x1C), start);
        if (HasChecksums)
        {
            BinaryPrimitives.WriteUInt32BigEndian(_block.AsSpan(ChecksumOffset), Checksum());
        }
    }

    private void Check(long journalBlocks, string disk)
    {
        var type = BinaryPrimitives.ReadUInt32BigEndian(_block.AsSpan(4));
        if (!JournalFormat.IsMagic(_block) || type != (uint)JournalBlockType.SuperblockVersion2)
        {
            throw new FileSystemException(FileSystemError.Corrupt, $"The journal of {disk} does not begin as one: check the disk with e2fsck.");
        }

        var unknown = Incompatible & ~Supported;
        var readOnly = BinaryPrimitives.ReadUInt32BigEndian(_block.AsSpan(0x2C));
        if (unknown != 0 || readOnly != 0)
        {
            var names = _names.Where(pair => (unknown & pair.Key) != 0).Select(static pair => pair.Value);
            throw new FileSystemException(
                FileSystemError.Unsupported,
                $"The journal of {disk} has features that are not supported: {string.Join(", ", names)} (0x{unknown:x}, 0x{readOnly:x}). e2fsck replays it; tune2fs -O ^has_journal and tune2fs -j make a plain one.");
        }

        if (HasChecksums && Checksum() != BinaryPrimitives.ReadUInt32BigEndian(_block.AsSpan(ChecksumOffset)))
        {
            throw new FileSystemException(FileSystemError.Corrupt, $"The first block of the journal of {disk} has a wrong checksum: check the disk with e2fsck.");
        }

        if (BinaryPrimitives.ReadUInt32BigEndian(_block.AsSpan(0xC)) != _block.Length || BlockCount > journalBlocks || First < 1 || First >= BlockCount || Start >= BlockCount || (Start != 0 && Start < First))
        {
            throw new FileSystemException(FileSystemError.Corrupt, $"The journal of {disk} contradicts itself ({BlockCount} blocks, of {journalBlocks}; first {First}, start {Start}): check the disk with e2fsck.");
        }
    }

    private uint Checksum()
    {
        var copy = _block[..Length];
        copy.AsSpan(ChecksumOffset, 4).Clear();
        return Crc32C.Continue(Crc32C.Initial, copy);
    }
}
