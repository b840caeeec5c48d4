// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), The Super Block.
namespace Troupe.Apps.Files;

/// <summary>What a superblock says and never changes while the file system is open; checked against itself and the disk's size. What does change is in <see cref="SuperblockFields"/>.</summary>
internal sealed record Superblock
{
    /// <summary>Where it lies on the disk, in bytes.</summary>
    public const int DiskOffset = 1024;

    public const int Length = 1024;
    private const int DescriptorLength = 32;
    private const int Magic = 0xEF53;

    public required int BlockSize { get; init; }

    public required long BlockCount { get; init; }

    public required uint InodeCount { get; init; }

    public required uint FirstDataBlock { get; init; }

    public required uint BlocksPerGroup { get; init; }

    public required uint InodesPerGroup { get; init; }

    public required int InodeSize { get; init; }

    public required uint FirstInode { get; init; }

    public required int DescriptorSize { get; init; }

    public required uint GroupCount { get; init; }

    public required uint JournalInode { get; init; }

    public required int ExtraInodeSize { get; init; }

    public required uint Compatible { get; init; }

    public required uint Incompatible { get; init; }

    public required uint ReadOnlyCompatible { get; init; }

    /// <summary>Blocks behind those of the group descriptors that they may grow into.</summary>
    public required uint ReservedDescriptorBlocks { get; init; }

    /// <summary>With sparse_super2: the groups that have copies of superblock and descriptors.</summary>
    public required (uint First, uint Second) BackupGroups { get; init; }

    /// <summary>What checksums begin with; null if there are none.</summary>
    public required uint? ChecksumSeed { get; init; }

    public long DescriptorBlocks => (((long)GroupCount * DescriptorSize) + BlockSize - 1) / BlockSize;

    public bool NeedsRecovery => (Incompatible & Features.NeedsRecovery) != 0;

    /// <summary>The block with the superblock, and where in it.</summary>
    public long Block => DiskOffset / BlockSize;

    public int OffsetInBlock => DiskOffset % BlockSize;

    /// <summary>Reads and checks a superblock.</summary>
    public static Superblock Read(ReadOnlySpan<byte> bytes, long diskBytes, string disk)
    {
        if (LittleEndian.GetUInt16(bytes, 0x38) != Magic)
        {
            throw new FileSystemException(FileSystemError.Unsupported, $"{disk} holds no ext4 file system: make one with mke2fs -t ext4.");
        }

        var incompatible = LittleEndian.GetUInt32(bytes, 0x60);
        var readOnlyCompatible = LittleEndian.GetUInt32(bytes, 0x64);
        Features.RequireReadable(incompatible, readOnlyCompatible, disk);
        var logBlockSize = LittleEndian.GetUInt32(bytes, 0x18);
        Require(logBlockSize <= 2, disk, "blocks of more than 4096 bytes", FileSystemError.Unsupported);
        var is64 = (incompatible & Features.SixtyFourBit) != 0;
        var blocksPerGroup = LittleEndian.GetUInt32(bytes, 0x20);
        var firstDataBlock = LittleEndian.GetUInt32(bytes, 0x14);
        var blocks = LittleEndian.GetUInt32(bytes, 0x4) + (is64 ? (ulong)LittleEndian.GetUInt32(bytes, 0x150) << 32 : 0);
        var blockSize = 1024 << (int)logBlockSize;
        Require(firstDataBlock == (blockSize == 1024 ? 1u : 0u), disk, $"{firstDataBlock} as its first block");
        Require(blocks > firstDataBlock + 1 && blocks <= (ulong)(diskBytes / blockSize), disk, $"{blocks} blocks of {blockSize} bytes, and the disk has {diskBytes} bytes");
        Require(blocksPerGroup is >= 64 && blocksPerGroup <= blockSize * 8u && blocksPerGroup % 8 == 0, disk, $"{blocksPerGroup} blocks per group");
        var groups = (blocks - firstDataBlock + blocksPerGroup - 1) / blocksPerGroup;
        Require(groups <= uint.MaxValue, disk, $"{groups} groups");
        var superblock = new Superblock
        {
            BlockSize = blockSize,
            BlockCount = (long)blocks,
            InodeCount = LittleEndian.GetUInt32(bytes, 0x0),
            FirstDataBlock = firstDataBlock,
            BlocksPerGroup = blocksPerGroup,
            InodesPerGroup = LittleEndian.GetUInt32(bytes, 0x28),
            InodeSize = LittleEndian.GetUInt16(bytes, 0x58),
            FirstInode = LittleEndian.GetUInt32(bytes, 0x54),
            DescriptorSize = is64 ? LittleEndian.GetUInt16(bytes, 0xFE) : DescriptorLength,
            GroupCount = (uint)groups,
            JournalInode = LittleEndian.GetUInt32(bytes, 0xE0),
            ExtraInodeSize = LittleEndian.GetUInt16(bytes, 0x15E),
            Compatible = LittleEndian.GetUInt32(bytes, 0x5C),
            Incompatible = incompatible,
            ReadOnlyCompatible = readOnlyCompatible,
            ReservedDescriptorBlocks = LittleEndian.GetUInt16(bytes, 0xCE),
            BackupGroups = (LittleEndian.GetUInt32(bytes, 0x24C), LittleEndian.GetUInt32(bytes, 0x250)),
            ChecksumSeed = ReadChecksumSeed(bytes, incompatible, readOnlyCompatible, disk),
        };
        superblock.Check(LittleEndian.GetUInt32(bytes, 0x4C), disk);
        return superblock;
    }

    private void Check(uint revision, string disk)
    {
        Require(revision == 1, disk, $"revision {revision}", FileSystemError.Unsupported);
        Require(InodeSize >= 128 && InodeSize <= BlockSize && (InodeSize & (InodeSize - 1)) == 0, disk, $"inodes of {InodeSize} bytes");
        Require(InodesPerGroup is >= 8 && InodesPerGroup <= BlockSize * 8u && (ulong)InodesPerGroup * GroupCount == InodeCount, disk, $"{InodeCount} inodes, {InodesPerGroup} in each of {GroupCount} groups");
        Require(FirstInode >= 11 && FirstInode <= InodeCount, disk, $"{FirstInode} as its first inode");
        Require(DescriptorSize is >= DescriptorLength && DescriptorSize <= BlockSize && (DescriptorSize & (DescriptorSize - 1)) == 0, disk, $"group descriptors of {DescriptorSize} bytes");
        Require(DescriptorSize >= 64 || (Incompatible & Features.SixtyFourBit) == 0, disk, $"group descriptors of {DescriptorSize} bytes");
        Require(Block + 1 + DescriptorBlocks < BlockCount, disk, $"{DescriptorBlocks} blocks of group descriptors");
    }

    /// <summary>Where a group's descriptor is.</summary>
    public (long Block, int Offset) LocateDescriptor(uint group)
    {
        var (block, offset) = Math.DivRem((long)group * DescriptorSize, BlockSize);
        return (Block + 1 + block, (int)offset);
    }

    /// <summary>Whether a group begins with a copy of the superblock and the descriptors.</summary>
    public bool HasBackup(uint group)
    {
        if (group == 0)
        {
            return true;
        }

        if ((Compatible & Features.SparseSuper2) != 0)
        {
            return group == BackupGroups.First || group == BackupGroups.Second;
        }

        return (ReadOnlyCompatible & Features.SparseSuper) == 0 || group == 1 || IsPower(group, 3) || IsPower(group, 5) || IsPower(group, 7);
    }

    private static bool IsPower(uint number, uint root)
    {
        while (number % root == 0)
        {
            number /= root;
        }

        return number == 1;
    }

    private static uint? ReadChecksumSeed(ReadOnlySpan<byte> bytes, uint incompatible, uint readOnlyCompatible, string disk)
    {
        const int Crc32CType = 1;
        if ((readOnlyCompatible & Features.MetadataChecksums) == 0)
        {
            return null;
        }

        Require(bytes[0x175] == Crc32CType, disk, $"checksums of kind {bytes[0x175]}", FileSystemError.Unsupported);
        return (incompatible & Features.ChecksumSeed) != 0 ? LittleEndian.GetUInt32(bytes, 0x270) : Crc32C.Continue(Crc32C.Initial, bytes.Slice(0x68, 16));
    }

    private static void Require(bool holds, string disk, string what, FileSystemError error = FileSystemError.Corrupt)
    {
        if (!holds)
        {
            throw new FileSystemException(error, $"{disk} has a superblock that cannot be used: it says that there are {what}.");
        }
    }
}
