// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Index Nodes and Inode Timestamps.
using System.Buffers.Binary;

namespace Troupe.Apps.Files;

/// <summary>A copy of an inode's record; <see cref="InodeTable"/> reads it and stores it back.</summary>
internal sealed class Inode(uint number, byte[] bytes)
{
    public const uint Root = 2;
    public const int RootOffset = 0x28;
    public const int RootLength = 60;

    private const int DirectoryType = 0x4000;
    private const int RegularType = 0x8000;
    private const int LinkType = 0xA000;
    private const int TypeMask = 0xF000;
    private const int ModeMask = 0xFFF;
    private const uint ExtentsFlag = 0x80000;
    private const uint IndexFlag = 0x1000;
    private const uint HugeFileFlag = 0x40000;
    private const uint ImmutableFlag = 0x10;

    // Content that is encrypted, compressed, inline, or under a Merkle tree.
    private const uint UnreadableFlags = 0x800 | 0x4 | 0x10000000 | 0x100000;
    private const int BaseLength = 128;

    public uint Number => number;

    /// <summary>Which of those that have had this number it is.</summary>
    public uint Generation => LittleEndian.GetUInt32(bytes, 0x64);

    public byte[] Bytes => bytes;

    /// <summary>The root of the extent tree, or the target of a short symbolic link.</summary>
    public Span<byte> RootBytes => bytes.AsSpan(RootOffset, RootLength);

    public int Mode => LittleEndian.GetUInt16(bytes, 0);

    public FileKind Kind => (Mode & TypeMask) switch
    {
        RegularType => FileKind.Regular,
        DirectoryType => FileKind.Directory,
        LinkType => FileKind.SymbolicLink,
        0 => FileKind.None,
        _ => FileKind.Special,
    };

    public int UserId => LittleEndian.GetUInt16(bytes, 0x2) | (LittleEndian.GetUInt16(bytes, 0x78) << 16);

    public int GroupId => LittleEndian.GetUInt16(bytes, 0x18) | (LittleEndian.GetUInt16(bytes, 0x7A) << 16);

    public long Length
    {
        get => (long)(LittleEndian.GetUInt32(bytes, 0x4) | ((ulong)LittleEndian.GetUInt32(bytes, 0x6C) << 32));
        set
        {
            LittleEndian.SetUInt32(bytes, 0x4, (uint)value);
            LittleEndian.SetUInt32(bytes, 0x6C, (uint)(value >> 32));
        }
    }

    public int LinkCount
    {
        get => LittleEndian.GetUInt16(bytes, 0x1A);
        set => LittleEndian.SetUInt16(bytes, 0x1A, value);
    }

    /// <summary>When it was deleted; while it waits for that, the next inode of the list of orphans.</summary>
    public uint DeletionTime
    {
        get => LittleEndian.GetUInt32(bytes, 0x14);
        set => LittleEndian.SetUInt32(bytes, 0x14, value);
    }

    public uint Flags
    {
        get => LittleEndian.GetUInt32(bytes, 0x20);
        private set => LittleEndian.SetUInt32(bytes, 0x20, value);
    }

    public bool HasExtents => (Flags & ExtentsFlag) != 0;

    public bool IsImmutable => (Flags & ImmutableFlag) != 0;

    public bool IsReadable => (Flags & UnreadableFlags) == 0;

    /// <summary>A link whose target is in the inode itself.</summary>
    public bool IsShortLink => Kind == FileKind.SymbolicLink && !HasExtents;

    /// <summary>The block with extended attributes, 0 if there is none.</summary>
    public long AttributeBlock => LittleEndian.GetUInt32(bytes, 0x68) | ((long)LittleEndian.GetUInt16(bytes, 0x76) << 32);

    public void ClearAttributes(int blockSize)
    {
        LittleEndian.SetUInt32(bytes, 0x68, 0);
        LittleEndian.SetUInt16(bytes, 0x76, 0);
        AddBlocks(-1, blockSize);
    }

    /// <summary>What i_blocks counts.</summary>
    public long BlockCount => LittleEndian.GetUInt32(bytes, 0x1C) | ((long)LittleEndian.GetUInt16(bytes, 0x74) << 32);

    public long Sectors(int blockSize) => (Flags & HugeFileFlag) != 0 ? BlockCount * (blockSize / 512) : BlockCount;

    public void AddBlocks(long blocks, int blockSize)
    {
        var count = BlockCount + ((Flags & HugeFileFlag) != 0 ? blocks : blocks * (blockSize / 512));
        LittleEndian.SetUInt32(bytes, 0x1C, (uint)count);
        LittleEndian.SetUInt16(bytes, 0x74, (int)(count >> 32));
    }

    /// <summary>The directory is a plain list from now on: its index, which is not kept, must not be believed.</summary>
    public void DropIndex() => Flags &= ~IndexFlag;

    public bool HasIndex => (Flags & IndexFlag) != 0;

    public DateTimeOffset Accessed => Time(0x8, 0x8C);

    public DateTimeOffset Changed => Time(0xC, 0x84);

    public DateTimeOffset Modified => Time(0x10, 0x88);

    public DateTimeOffset? Created => HasExtra(0x90) ? Time(0x90, 0x94) : null;

    /// <summary>Permissions; the type stays.</summary>
    public void SetMode(int mode) => LittleEndian.SetUInt16(bytes, 0, (Mode & TypeMask) | (mode & ModeMask));

    /// <summary>What tools and programs set.</summary>
    public void SetTimes(DateTimeOffset accessed, DateTimeOffset modified)
    {
        SetTime(accessed, 0x8, 0x8C);
        SetTime(modified, 0x10, 0x88);
    }

    /// <summary>The content changed, and with it the inode.</summary>
    public void SetModified(DateTimeOffset time)
    {
        SetTime(time, 0x10, 0x88);
        SetTime(time, 0xC, 0x84);
    }

    /// <summary>The inode changed, not the content.</summary>
    public void SetChanged(DateTimeOffset time) => SetTime(time, 0xC, 0x84);

    /// <summary>An inode for something new, without a name yet.</summary>
    public static Inode Create(uint number, int size, int extraSize, FileKind kind, int mode, uint generation, DateTimeOffset time)
    {
        var inode = new Inode(number, new byte[size]);
        var type = kind switch { FileKind.Directory => DirectoryType, FileKind.SymbolicLink => LinkType, _ => RegularType };
        LittleEndian.SetUInt16(inode.Bytes, 0, type | (mode & ModeMask));
        LittleEndian.SetUInt32(inode.Bytes, 0x64, generation);
        if (size > BaseLength)
        {
            LittleEndian.SetUInt16(inode.Bytes, BaseLength, Math.Clamp(extraSize, 28, size - BaseLength) & ~3);
        }

        inode.SetModified(time);
        inode.SetTime(time, 0x8, 0x8C);
        inode.SetTime(time, 0x90, 0x94, hasBase: size >= 0x98);
        return inode;
    }

    /// <summary>It has an extent tree, an empty one.</summary>
    public void BeginExtents()
    {
        RootBytes.Clear();
        ExtentNode.Initialize(RootBytes, depth: 0);
        Flags |= ExtentsFlag;
    }

    /// <summary>Whether it has a field beyond the first 128 bytes.</summary>
    public bool HasExtra(int offset, int length = sizeof(uint)) =>
        bytes.Length > BaseLength && offset + length <= BaseLength + LittleEndian.GetUInt16(bytes, BaseLength) && offset + length <= bytes.Length;

    private DateTimeOffset Time(int offset, int extraOffset)
    {
        long seconds = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(offset));
        var nanoseconds = 0L;
        if (HasExtra(extraOffset))
        {
            var extra = LittleEndian.GetUInt32(bytes, extraOffset);
            seconds += (long)(extra & 3) << 32;
            nanoseconds = extra >> 2;
        }

        return DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(Math.Min(nanoseconds, 999_999_999) / 100);
    }

    private void SetTime(DateTimeOffset time, int offset, int extraOffset, bool hasBase = true)
    {
        if (!hasBase)
        {
            return;
        }

        // 32 bits with a sign, and two more that count from there (Inode Timestamps).
        var seconds = Math.Clamp(time.ToUnixTimeSeconds(), int.MinValue, int.MaxValue + (HasExtra(extraOffset) ? 3L << 32 : 0));
        LittleEndian.SetUInt32(bytes, offset, (uint)seconds);
        if (HasExtra(extraOffset))
        {
            var nanoseconds = (uint)(time.Ticks % TimeSpan.TicksPerSecond * 100);
            LittleEndian.SetUInt32(bytes, extraOffset, (nanoseconds << 2) | (uint)(((seconds - (int)seconds) >> 32) & 3));
        }
    }
}
