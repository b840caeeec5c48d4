namespace Troupe.Apps.Files;

/// <summary>The blocks of the journal, by their number in it.</summary>
internal sealed class JournalArea
{
    private readonly FileSystemDisk _disk;
    private readonly ExtentTree _extents;
    private readonly Inode _inode;
    private readonly int _blockSize;

    private JournalArea(FileSystemDisk disk, ExtentTree extents, Inode inode, int blockSize) => (_disk, _extents, _inode, _blockSize) = (disk, extents, inode, blockSize);

    public JournalSuperblock Superblock { get; private set; } = null!;

    public int BlockSize => _blockSize;

    public string DiskName => _disk.Name;

    /// <summary>Finds the journal of a file system.</summary>
    public static async ValueTask<JournalArea> OpenAsync(FileSystemDisk disk, Volume volume)
    {
        var number = volume.Superblock.JournalInode;
        var inode = number == 0 ? null : await volume.Inodes.ReadAsync(number);
        if (inode is null || inode.Kind != FileKind.Regular || !inode.HasExtents)
        {
            throw new FileSystemException(FileSystemError.Unsupported, $"{disk.Name} has its journal (inode {number}) elsewhere, or as a block map of ext3, which is not supported.");
        }

        var area = new JournalArea(disk, volume.Extents, inode, volume.Superblock.BlockSize);
        var first = new byte[area._blockSize];
        await area.ReadAsync(0, first);
        area.Superblock = JournalSuperblock.Read(first, inode.Length / area._blockSize, disk.Name);
        return area;
    }

    public async ValueTask<long> PhysicalAsync(uint number) =>
        await _extents.FindAsync(_inode, number) is { IsWritten: true } extent
            ? extent.Physical
            : throw new FileSystemException(FileSystemError.Corrupt, $"The journal of {_disk.Name} has no block {number}: check the disk with e2fsck.");

    public async ValueTask ReadAsync(uint number, Memory<byte> into) => await _disk.ReadAsync(await PhysicalAsync(number), into);

    /// <summary>Writes blocks of the disk, the journal's or others; they are durable when it is done.</summary>
    public async ValueTask WriteAsync(List<BlockWrite> writes) => await _disk.WriteDurablyAsync(writes);

    /// <summary>Makes the journal's first block durable as it is now.</summary>
    public async ValueTask WriteSuperblockAsync() => await WriteAsync([new BlockWrite(await PhysicalAsync(0), Superblock.Block)]);
}
