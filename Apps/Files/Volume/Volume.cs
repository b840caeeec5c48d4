namespace Troupe.Apps.Files;

/// <summary>A file system on a disk, put together from its parts. The parts: .Names, .Removal.</summary>
internal sealed partial class Volume
{
    private readonly TimeProvider _time;
    private readonly string _disk;

    public Volume(FileSystemDisk disk, Superblock superblock, int cachedBlocks, TimeProvider time)
    {
        (_time, _disk) = (time, disk.Name);
        Superblock = superblock;
        var checksums = superblock.ChecksumSeed is { } seed ? new MetadataChecksums(seed, superblock) : null;
        Cache = new BlockCache(disk, superblock, checksums, cachedBlocks);
        var groups = new GroupTable(Cache, superblock, disk.Name);
        var bitmaps = new GroupBitmaps(Cache, groups, superblock, disk.Name);
        Blocks = new BlockAllocator(Cache, groups, bitmaps, superblock, disk.Name);
        Inodes = new InodeTable(Cache, groups, bitmaps, superblock, checksums, disk.Name);
        Extents = new ExtentTree(Cache, Blocks, superblock, disk.Name);
        Content = new FileContent(Cache, Extents, Blocks, superblock);
        Directories = new Directories(Cache, Extents, Blocks, superblock, disk.Name);
        Paths = new PathResolver(Inodes, Directories, Content);
        Orphans = new OrphanList(Cache, Inodes, superblock, disk.Name);
    }

    public Superblock Superblock { get; }

    public BlockCache Cache { get; }

    public BlockAllocator Blocks { get; }

    public InodeTable Inodes { get; }

    public ExtentTree Extents { get; }

    public FileContent Content { get; }

    public Directories Directories { get; }

    public PathResolver Paths { get; }

    public OrphanList Orphans { get; }

    private DateTimeOffset Now => _time.GetUtcNow();
}
