// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Linear (Classic) Directories, Directory Tail Entry.
namespace Troupe.Apps.Files;

/// <summary>
/// One block of a directory: entries that follow each other up to its end. The index of a large directory (htree) is dressed up as unused entries, so every directory can be read as a list.
/// </summary>
internal static class DirectoryBlock
{
    public const int MaximumName = 255;
    private const int HeaderLength = 8;

    // An unused entry of a type of its own, in which the checksum is.
    private const int TailLength = 12;
    private const byte TailType = 0xDE;

    /// <summary>Bytes of an entry with a name of so many.</summary>
    public static int EntryLength(int nameLength) => (HeaderLength + nameLength + 3) & ~3;

    public static uint Inode(ReadOnlySpan<byte> block, int offset) => LittleEndian.GetUInt32(block, offset);

    public static void SetInode(Span<byte> block, int offset, uint inode) => LittleEndian.SetUInt32(block, offset, inode);

    public static int Length(ReadOnlySpan<byte> block, int offset) => LittleEndian.GetUInt16(block, offset + 4);

    public static void SetLength(Span<byte> block, int offset, int length) => LittleEndian.SetUInt16(block, offset + 4, length);

    public static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> block, int offset) => block.Slice(offset + HeaderLength, block[offset + 6]);

    public static FileKind Kind(ReadOnlySpan<byte> block, int offset) => block[offset + 7] switch
    {
        0 => FileKind.None,
        1 => FileKind.Regular,
        2 => FileKind.Directory,
        7 => FileKind.SymbolicLink,
        _ => FileKind.Special,
    };

    public static void SetKind(Span<byte> block, int offset, FileKind kind) => block[offset + 7] = kind switch
    {
        FileKind.Regular => 1,
        FileKind.Directory => 2,
        FileKind.SymbolicLink => 7,
        _ => 0,
    };

    /// <summary>Writes an entry of a given length.</summary>
    public static void Write(Span<byte> block, int offset, int length, uint inode, ReadOnlySpan<byte> name, FileKind kind)
    {
        SetInode(block, offset, inode);
        SetLength(block, offset, length);
        block[offset + 6] = (byte)name.Length;
        SetKind(block, offset, kind);
        name.CopyTo(block[(offset + HeaderLength)..]);
    }

    /// <summary>Whether the block is one unused entry: an empty one, or a node of an index.</summary>
    public static bool IsUnused(ReadOnlySpan<byte> block) => Inode(block, 0) == 0 && Length(block, 0) == block.Length;

    /// <summary>Whether a block of a file system with checksums ends with one. Those of an index do not.</summary>
    public static bool HasTail(ReadOnlySpan<byte> block)
    {
        var tail = block[^TailLength..];
        return Inode(tail, 0) == 0 && Length(tail, 0) == TailLength && tail[6] == 0 && tail[7] == TailType;
    }

    /// <summary>What the entries may fill.</summary>
    public static ReadOnlySpan<byte> Entries(ReadOnlySpan<byte> block, bool hasTail) => hasTail ? block[..^TailLength] : block;

    /// <summary>Sets the end aside for the checksum; answers what the entries may fill.</summary>
    public static Span<byte> AddTail(Span<byte> block)
    {
        var tail = block[^TailLength..];
        tail.Clear();
        SetLength(tail, 0, TailLength);
        tail[7] = TailType;
        return block[..^TailLength];
    }

    /// <summary>Whether the entries follow each other up to the end of the block, each with room for its name and with an inode that there may be.</summary>
    public static bool IsValid(ReadOnlySpan<byte> block, uint inodeCount)
    {
        var offset = 0;
        while (offset < block.Length)
        {
            if (offset > block.Length - HeaderLength)
            {
                return false;
            }

            var length = Length(block, offset);
            var inode = Inode(block, offset);
            if (length < HeaderLength || length % 4 != 0 || length > block.Length - offset || inode > inodeCount)
            {
                return false;
            }

            if (inode != 0 && (block[offset + 6] == 0 || EntryLength(block[offset + 6]) > length))
            {
                return false;
            }

            offset += length;
        }

        return true;
    }

    public static bool IsDot(ReadOnlySpan<byte> name) => name.SequenceEqual("."u8) || name.SequenceEqual(".."u8);
}
