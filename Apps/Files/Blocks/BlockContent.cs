namespace Troupe.Apps.Files;

/// <summary>What kinds of blocks there are.</summary>
internal enum BlockKind : byte
{
    /// <summary>Bytes of a file: written in place before the transaction that names them is committed. All others are the file system's own, and go through the journal.</summary>
    Data,
    Superblock,
    GroupDescriptors,

    /// <summary>A bitmap of blocks, whose bits are not to be used again before they are committed.</summary>
    BlockBitmap,
    InodeBitmap,

    /// <summary>A part of an inode table. Each inode has a checksum of its own.</summary>
    Inodes,
    Directory,
    ExtentNode,
    Attributes,
}

/// <summary>What a block holds, and what its checksum is of besides its bytes.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Owner">The group of a bitmap; the inode of a directory or an extent tree.</param>
/// <param name="Detail">The generation of the inode; the checksum that the group's descriptor has of a bitmap.</param>
/// <param name="IsIndexed">Whether the directory has an index.</param>
internal readonly record struct BlockContent(BlockKind Kind, uint Owner = 0, uint Detail = 0, bool IsIndexed = false)
{
    public static BlockContent Data => default;

    public static BlockContent Superblock => new(BlockKind.Superblock);

    public static BlockContent GroupDescriptors => new(BlockKind.GroupDescriptors);

    public static BlockContent Inodes => new(BlockKind.Inodes);

    public static BlockContent Attributes => new(BlockKind.Attributes);

    public bool IsMetadata => Kind != BlockKind.Data;

    public bool IsBitmap => Kind is BlockKind.BlockBitmap or BlockKind.InodeBitmap;

    public static BlockContent BlockBitmap(uint group, uint checksum) => new(BlockKind.BlockBitmap, group, checksum);

    public static BlockContent InodeBitmap(uint group, uint checksum) => new(BlockKind.InodeBitmap, group, checksum);

    public static BlockContent Directory(Inode inode) => new(BlockKind.Directory, inode.Number, inode.Generation, inode.HasIndex);

    public static BlockContent ExtentNode(Inode inode) => new(BlockKind.ExtentNode, inode.Number, inode.Generation);
}
