// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), The Super Block: s_feature_compat, s_feature_incompat, s_feature_ro_compat.
namespace Troupe.Apps.Files;

/// <summary>Features of a file system: which there are, what they are called (as mke2fs calls them), and which are supported.</summary>
internal static class Features
{
    public const uint HasJournal = 0x4;
    public const uint DirectoryIndex = 0x20;
    public const uint SparseSuper2 = 0x200;

    public const uint FileType = 0x2;
    public const uint NeedsRecovery = 0x4;
    public const uint Extents = 0x40;
    public const uint SixtyFourBit = 0x80;
    private const uint FlexibleGroups = 0x200;
    public const uint ChecksumSeed = 0x2000;

    public const uint SparseSuper = 0x1;
    public const uint LargeFile = 0x2;
    public const uint HugeFile = 0x8;
    public const uint DirectoryLinks = 0x20;
    private const uint ExtraInodeSize = 0x40;
    public const uint MetadataChecksums = 0x400;
    private const uint OrphanPresent = 0x10000;

    private const uint SupportedIncompatible = FileType | NeedsRecovery | Extents | SixtyFourBit | FlexibleGroups | ChecksumSeed;
    private const uint SupportedForWriting = SparseSuper | LargeFile | HugeFile | DirectoryLinks | ExtraInodeSize | MetadataChecksums;

    private static readonly Dictionary<uint, string> _incompatible = new()
    {
        [0x1] = "compression",
        [0x8] = "journal_dev",
        [0x10] = "meta_bg",
        [0x100] = "mmp",
        [0x400] = "ea_inode",
        [0x1000] = "dirdata",
        [0x4000] = "large_dir",
        [0x8000] = "inline_data",
        [0x10000] = "encrypt",
        [0x20000] = "casefold",
    };

    private static readonly Dictionary<uint, string> _readOnlyCompatible = new()
    {
        [0x4] = "btree_dir",
        [0x10] = "uninit_bg",
        [0x100] = "quota",
        [0x200] = "bigalloc",
        [0x800] = "replica",
        [0x1000] = "read-only",
        [0x2000] = "project",
        [0x4000] = "shared_blocks",
        [0x8000] = "verity",
    };

    /// <summary>Refuses what cannot be read, by name.</summary>
    public static void RequireReadable(uint incompatible, uint readOnlyCompatible, string disk)
    {
        if (Names(incompatible & ~SupportedIncompatible, _incompatible) is { Length: > 0 } names)
        {
            throw new FileSystemException(FileSystemError.Unsupported, $"{disk} has features of ext4 that are not supported: {names}. Make it with mke2fs -t ext4 -O ^{names.Replace(", ", ",^", StringComparison.Ordinal)}.");
        }

        if ((incompatible & Extents) == 0 || (incompatible & FileType) == 0)
        {
            throw new FileSystemException(FileSystemError.Unsupported, $"{disk} is no ext4 with extents and file types (ext2 and ext3 are not supported): make it with mke2fs -t ext4.");
        }

        if ((readOnlyCompatible & 0x200) != 0)
        {
            throw new FileSystemException(FileSystemError.Unsupported, $"{disk} has a feature of ext4 that is not supported: bigalloc.");
        }
    }

    /// <summary>Refuses what cannot be written, by name.</summary>
    public static void RequireWritable(uint compatible, uint readOnlyCompatible, string disk)
    {
        // Files without a name are put into the list, which is as good as the file for them (orphan_file). That must be empty.
        if ((readOnlyCompatible & OrphanPresent) != 0)
        {
            throw new FileSystemException(FileSystemError.Unsupported, $"{disk} has files without a name in its orphan file, which is not supported: run e2fsck -p, or open it with IsReadOnly.");
        }

        var names = Names(readOnlyCompatible & ~SupportedForWriting, _readOnlyCompatible);

        if (names.Length > 0)
        {
            throw new FileSystemException(
                FileSystemError.Unsupported,
                $"{disk} has features of ext4 that are supported for reading only: {names}. Open it with IsReadOnly, or make it with mke2fs -t ext4 -O ^{names.Replace(", ", ",^", StringComparison.Ordinal)}.");
        }

        if ((compatible & HasJournal) == 0)
        {
            throw new FileSystemException(FileSystemError.Unsupported, $"{disk} has no journal, and is not written without one. Open it with IsReadOnly, or make it with mke2fs -t ext4 -J size=4.");
        }
    }

    private static string Names(uint features, Dictionary<uint, string> names)
    {
        var found = new List<string>();
        for (var bit = 1u; bit != 0; bit <<= 1)
        {
            if ((features & bit) != 0)
            {
                found.Add(names.GetValueOrDefault(bit, $"0x{bit:x}"));
            }
        }

        return string.Join(", ", found);
    }
}
