// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Journal (jbd2). All fields are big-endian.
using System.Buffers.Binary;

namespace Troupe.Apps.Files;

/// <summary>What a block of the journal is.</summary>
internal enum JournalBlockType : uint
{
    Descriptor = 1,
    Commit = 2,
    SuperblockVersion1 = 3,
    SuperblockVersion2 = 4,
    Revocation = 5,
}

/// <summary>A block that a descriptor announces: where it belongs.</summary>
/// <param name="Block">The block of the file system.</param>
/// <param name="Flags">See <see cref="JournalFormat"/>.</param>
/// <param name="Checksum">Of the block as it lies in the journal, with the transaction's number.</param>
internal readonly record struct JournalTag(long Block, int Flags, uint Checksum);

/// <summary>How the blocks of a journal are written down, with or without checksums (version 3) and 64-bit block numbers.</summary>
internal sealed class JournalFormat(bool is64, bool hasChecksums, byte[] identity)
{
    public const int HeaderLength = 12;
    public const uint Magic = 0xC03B3998;
    public const int Escaped = 1;
    public const int SameIdentity = 2;
    public const int Last = 8;
    private const int IdentityLength = 16;
    private const int TailLength = 4;

    private readonly uint _seed = Crc32C.Continue(Crc32C.Initial, identity);

    private int TagLength => hasChecksums ? 16 : is64 ? 12 : 8;

    /// <summary>How many tags a descriptor has room for, the first with the journal's identity behind it.</summary>
    public int TagsPerBlock(int blockSize) => (blockSize - HeaderLength - IdentityLength - (hasChecksums ? TailLength : 0)) / TagLength;

    public static void WriteHeader(Span<byte> block, JournalBlockType type, uint sequence)
    {
        BinaryPrimitives.WriteUInt32BigEndian(block, Magic);
        BinaryPrimitives.WriteUInt32BigEndian(block[4..], (uint)type);
        BinaryPrimitives.WriteUInt32BigEndian(block[8..], sequence);
    }

    /// <summary>The type of a block of a transaction; null if it is none.</summary>
    public static JournalBlockType? TypeOf(ReadOnlySpan<byte> block, uint sequence) =>
        IsMagic(block) && BinaryPrimitives.ReadUInt32BigEndian(block[8..]) == sequence ? (JournalBlockType)BinaryPrimitives.ReadUInt32BigEndian(block[4..]) : null;

    public static bool IsMagic(ReadOnlySpan<byte> block) => BinaryPrimitives.ReadUInt32BigEndian(block) == Magic;

    /// <summary>The tags of a descriptor; null if it is damaged.</summary>
    public List<JournalTag>? ReadTags(ReadOnlySpan<byte> block)
    {
        if (!IsTailValid(block))
        {
            return null;
        }

        var tags = new List<JournalTag>();
        var end = block.Length - (hasChecksums ? TailLength : 0);
        for (var offset = HeaderLength; offset + TagLength <= end;)
        {
            var tag = block.Slice(offset, TagLength);
            var low = BinaryPrimitives.ReadUInt32BigEndian(tag);
            var flags = hasChecksums ? (int)BinaryPrimitives.ReadUInt32BigEndian(tag[4..]) : BinaryPrimitives.ReadUInt16BigEndian(tag[6..]);
            var high = is64 ? BinaryPrimitives.ReadUInt32BigEndian(tag[8..]) : 0;
            tags.Add(new JournalTag(low | ((long)high << 32), flags, hasChecksums ? BinaryPrimitives.ReadUInt32BigEndian(tag[12..]) : 0));
            offset += TagLength + ((flags & SameIdentity) != 0 ? 0 : IdentityLength);
            if ((flags & Last) != 0)
            {
                return tags;
            }
        }

        return null;
    }

    public void WriteTags(Span<byte> block, uint sequence, ReadOnlySpan<JournalTag> tags)
    {
        WriteHeader(block, JournalBlockType.Descriptor, sequence);
        var offset = HeaderLength;
        for (var index = 0; index < tags.Length; index++)
        {
            var tag = block.Slice(offset, TagLength);
            var flags = tags[index].Flags | (index > 0 ? SameIdentity : 0) | (index == tags.Length - 1 ? Last : 0);
            BinaryPrimitives.WriteUInt32BigEndian(tag, (uint)tags[index].Block);
            if (hasChecksums)
            {
                BinaryPrimitives.WriteUInt32BigEndian(tag[4..], (uint)flags);
                BinaryPrimitives.WriteUInt32BigEndian(tag[12..], tags[index].Checksum);
            }
            else
            {
                BinaryPrimitives.WriteUInt16BigEndian(tag[6..], (ushort)flags);
            }

            if (is64)
            {
                BinaryPrimitives.WriteUInt32BigEndian(tag[8..], (uint)(tags[index].Block >> 32));
            }

            offset += TagLength;
            if (index == 0)
            {
                identity.CopyTo(block[offset..]);
                offset += IdentityLength;
            }
        }

        if (hasChecksums)
        {
            BinaryPrimitives.WriteUInt32BigEndian(block[^TailLength..], TailChecksum(block));
        }
    }

    /// <summary>Tells the blocks that a revocation names; false if it is damaged.</summary>
    public bool TryReadRevocations(ReadOnlySpan<byte> block, Action<long> revoked)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(block[HeaderLength..]);
        if (!IsTailValid(block) || length < HeaderLength + 4 || length > block.Length - (hasChecksums ? TailLength : 0))
        {
            return false;
        }

        var entry = is64 ? 8 : 4;
        for (var offset = HeaderLength + 4; offset + entry <= length; offset += entry)
        {
            revoked(is64 ? BinaryPrimitives.ReadInt64BigEndian(block[offset..]) : BinaryPrimitives.ReadUInt32BigEndian(block[offset..]));
        }

        return true;
    }

    public byte[] Commit(int blockSize, uint sequence, DateTimeOffset time)
    {
        var block = new byte[blockSize];
        WriteHeader(block, JournalBlockType.Commit, sequence);
        BinaryPrimitives.WriteInt64BigEndian(block.AsSpan(0x30), time.ToUnixTimeSeconds());
        BinaryPrimitives.WriteUInt32BigEndian(block.AsSpan(0x38), (uint)(time.Ticks % TimeSpan.TicksPerSecond * 100));
        if (hasChecksums)
        {
            BinaryPrimitives.WriteUInt32BigEndian(block.AsSpan(0x10), Crc32C.Continue(_seed, block));
        }

        return block;
    }

    public bool IsCommitValid(ReadOnlySpan<byte> block)
    {
        if (!hasChecksums)
        {
            return true;
        }

        Span<byte> copy = block.ToArray();
        copy.Slice(0x10, 4).Clear();
        return Crc32C.Continue(_seed, copy) == BinaryPrimitives.ReadUInt32BigEndian(block[0x10..]);
    }

    public bool IsBlockValid(ReadOnlySpan<byte> block, JournalTag tag, uint sequence) => !hasChecksums || BlockChecksum(block, sequence) == tag.Checksum;

    /// <summary>Of a block as it lies in the journal.</summary>
    public uint BlockChecksum(ReadOnlySpan<byte> block, uint sequence)
    {
        if (!hasChecksums)
        {
            return 0;
        }

        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(number, sequence);
        return Crc32C.Continue(Crc32C.Continue(_seed, number), block);
    }

    private bool IsTailValid(ReadOnlySpan<byte> block) => !hasChecksums || TailChecksum(block) == BinaryPrimitives.ReadUInt32BigEndian(block[^TailLength..]);

    private uint TailChecksum(ReadOnlySpan<byte> block) => Crc32C.Continue(Crc32C.Continue(_seed, block[..^TailLength]), stackalloc byte[TailLength]);
}
