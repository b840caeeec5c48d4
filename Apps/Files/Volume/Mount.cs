namespace Troupe.Apps.Files;

/// <summary>A file system that is open: read, replayed if need be, and marked so on the disk if it is written to.</summary>
internal sealed class Mount
{
    private readonly FileSystemDisk _disk;

    private Mount(FileSystemDisk disk, Volume volume, Transactions transactions, long replayed) =>
        (_disk, Volume, Transactions, Replayed) = (disk, volume, transactions, replayed);

    public Volume Volume { get; }

    public Transactions Transactions { get; }

    /// <summary>Transactions that were replayed.</summary>
    public long Replayed { get; }

    public static async Task<Mount> OpenAsync(FileSystemDisk disk, FileSystemOptions options, TimeProvider time)
    {
        await disk.OpenAsync(time);
        var isReadOnly = options.IsReadOnly || disk.IsReadOnly;
        var superblock = await ReadSuperblockAsync(disk);
        if (isReadOnly)
        {
            if (superblock.NeedsRecovery)
            {
                throw new FileSystemException(
                    FileSystemError.ReadOnly, $"{disk.Name} was not unmounted, and its journal cannot be replayed when it is opened for reading only: open it for writing once, or run e2fsck -p.");
            }

            var readOnly = new Volume(disk, superblock, options.CachedBlocks, time);
            return new Mount(disk, readOnly, new Transactions(disk, readOnly.Cache, options.CachedBlocks, journal: null), 0);
        }

        Features.RequireWritable(superblock.Compatible, superblock.ReadOnlyCompatible, disk.Name);

        // What was being written in place when the power went may be torn, so no checksum need hold before the replay. Where the journal is does not change.
        var torn = new Volume(disk, superblock with { ChecksumSeed = null }, options.CachedBlocks, time);
        var replayed = await new JournalRecovery(await JournalArea.OpenAsync(disk, torn), superblock).ReplayAsync();
        await SetNeedsRecoveryAsync(disk, true);

        // What was read before may be outdated.
        superblock = await ReadSuperblockAsync(disk);
        var volume = new Volume(disk, superblock, options.CachedBlocks, time);
        var journal = new JournalWriter(await JournalArea.OpenAsync(disk, volume), time);
        if (journal.Capacity < Transactions.SmallestCapacity || options.CachedBlocks < 4 * Transactions.SmallestCapacity)
        {
            throw new FileSystemException(
                FileSystemError.Unsupported,
                $"{disk.Name} has room for {journal.Capacity} blocks in half its journal, and {options.CachedBlocks} blocks may be in memory: at least {Transactions.SmallestCapacity} and {4 * Transactions.SmallestCapacity} are needed (mke2fs -J size=4).");
        }

        var mount = new Mount(disk, volume, new Transactions(disk, volume.Cache, options.CachedBlocks, journal), replayed);
        await mount.ReclaimOrphansAsync();
        return mount;
    }

    /// <summary>Frees all that an inode without a name has.</summary>
    public async ValueTask ReclaimAsync(uint inode)
    {
        for (var isDone = false; !isDone;)
        {
            await Transactions.RunAsync(async () => isDone = await Volume.ReclaimAsync(inode));
        }
    }

    public async ValueTask CloseAsync()
    {
        await Transactions.CloseAsync();
        if (!Transactions.IsReadOnly)
        {
            await SetNeedsRecoveryAsync(_disk, false);
        }
    }

    private async ValueTask ReclaimOrphansAsync()
    {
        // Each takes itself out of the list, or the list contradicts itself and that is refused.
        while (await Volume.Orphans.FirstAsync() is var orphan && orphan != 0)
        {
            await ReclaimAsync(orphan);
        }
    }

    private static async ValueTask<Superblock> ReadSuperblockAsync(FileSystemDisk disk)
    {
        var bytes = await ReadFirstBytesAsync(disk);
        var superblock = Superblock.Read(bytes.AsSpan(Superblock.DiskOffset, Superblock.Length), disk.Length, disk.Name);
        disk.SetBlockSize(superblock.BlockSize);
        if (!superblock.NeedsRecovery)
        {
            RequireChecksum(bytes.AsSpan(Superblock.DiskOffset, Superblock.Length), superblock, disk.Name);
        }

        return superblock;
    }

    /// <summary>Says on the disk, durably, whether its journal counts.</summary>
    private static async ValueTask SetNeedsRecoveryAsync(FileSystemDisk disk, bool needsRecovery)
    {
        var bytes = await ReadFirstBytesAsync(disk);
        var superblock = Superblock.Read(bytes.AsSpan(Superblock.DiskOffset, Superblock.Length), disk.Length, disk.Name);
        var fields = bytes.AsMemory(Superblock.DiskOffset, Superblock.Length);
        RequireChecksum(fields.Span, superblock, disk.Name);
        SuperblockFields.SetNeedsRecovery(fields.Span, needsRecovery);
        if (superblock.ChecksumSeed is not null)
        {
            MetadataChecksums.SealSuperblock(fields.Span);
        }

        var block = bytes.AsSpan((int)superblock.Block * superblock.BlockSize, superblock.BlockSize).ToArray();
        await disk.WriteDurablyAsync([new BlockWrite(superblock.Block, block)]);
    }

    private static void RequireChecksum(ReadOnlySpan<byte> fields, Superblock superblock, string disk)
    {
        if (superblock.ChecksumSeed is not null && !MetadataChecksums.IsSuperblockValid(fields))
        {
            throw new FileSystemException(FileSystemError.Corrupt, $"{disk} has a superblock with a wrong checksum: check the disk with e2fsck.");
        }
    }

    private static async ValueTask<byte[]> ReadFirstBytesAsync(FileSystemDisk disk)
    {
        var bytes = new byte[FileSystemDisk.FirstBytes];
        await disk.ReadAsync(0, bytes);
        return bytes;
    }
}
