using System.Buffers.Binary;
using Troupe.Apps.Files;

namespace Troupe.Storage.Tests.Files;

/// <summary>What an image says is checked before it is followed: each check, by a structure that is right but for one thing.</summary>
public sealed class FormatTests
{
    private static readonly byte[] _image = Ext4Image.Make($"-b 1024 -O {Ext4Image.Plain}", 8);

    [Fact]
    public void AnExtentNodeThatIsRightIsTaken()
    {
        Assert.True(IsValidLeaf(static _ => { }));
        Assert.True(IsValidInner(static _ => { }));
    }

    [Theory]
    [InlineData(0, 0xF30B)]
    [InlineData(2, 85)]
    [InlineData(4, 85)]
    [InlineData(6, 1)]
    public void AHeaderOfAnExtentNodeIsChecked(int offset, int value) =>
        Assert.False(IsValidLeaf(node => BinaryPrimitives.WriteUInt16LittleEndian(node.AsSpan(offset), (ushort)value)));

    [Theory]
    [InlineData(99, 10, 1000)] // before what the parent says
    [InlineData(100, 101, 1000)] // over the next one
    [InlineData(100, 0, 1000)]
    [InlineData(100, 10, 8190)] // over the end of the disk
    [InlineData(100, 10, 0)]
    public void AnExtentIsChecked(int logical, int count, long physical) =>
        Assert.False(IsValidLeaf(node => ExtentNode.SetExtent(node, 0, new Extent((uint)logical, physical, count, IsWritten: true))));

    [Fact]
    public void TheLastExtentEndsWhereTheParentSays() => Assert.False(IsValidLeaf(static node => ExtentNode.SetExtent(node, 1, new Extent(200, 2000, 301, IsWritten: true))));

    [Theory]
    [InlineData(100, 8192)]
    [InlineData(100, 0)]
    [InlineData(100, 1L << 40)]
    [InlineData(99, 1000)]
    [InlineData(200, 1000)]
    [InlineData(500, 1000)]
    public void AReferenceToANodeIsChecked(int logical, long child) => Assert.False(IsValidInner(node => ExtentNode.SetChild(node, 0, (uint)logical, child)));

    [Fact]
    public void ADirectoryThatIsRightIsTaken() => Assert.True(DirectoryBlock.IsValid(Directory(), inodeCount: 100));

    [Theory]
    [InlineData(4, 0)] // a length of nothing would never end
    [InlineData(4, 10)]
    [InlineData(4, 1028)]
    [InlineData(16, 1016)] // over the end of the block
    [InlineData(16, 8)] // shorter than its name
    [InlineData(16, 1008)] // a rest that is no entry
    [InlineData(12, 101)] // an inode that there is not
    [InlineData(18, 0x200)] // without a name
    public void AnEntryOfADirectoryIsChecked(int offset, int value)
    {
        var block = Directory();
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(offset), (ushort)value);
        Assert.False(DirectoryBlock.IsValid(block, inodeCount: 100));
    }

    [Theory]
    [InlineData(0x0, 17)] // inodes
    [InlineData(0x4, 9000)] // blocks
    [InlineData(0x4, 1)]
    [InlineData(0x14, 0)] // the first block
    [InlineData(0x18, 3)] // the size of a block
    [InlineData(0x18, 77)]
    [InlineData(0x20, 0)] // blocks of a group
    [InlineData(0x20, 8200)]
    [InlineData(0x28, 0)] // inodes of a group
    [InlineData(0x38, 0xEF52)]
    [InlineData(0x4C, 0)] // the revision
    [InlineData(0x54, 5)] // the first inode
    [InlineData(0x58, 100)] // the size of an inode
    [InlineData(0x58, 2048)]
    [InlineData(0xFE, 48)] // the size of a descriptor
    public void ASuperblockIsChecked(int offset, int value)
    {
        var superblock = _image[1024..2048];
        Assert.Equal(8192, Superblock.Read(superblock, _image.Length, "disk").BlockCount);
        BinaryPrimitives.WriteUInt16LittleEndian(superblock.AsSpan(offset), (ushort)value);
        Assert.Throws<FileSystemException>(() => Superblock.Read(superblock, _image.Length, "disk"));
    }

    private static bool IsValidLeaf(Action<byte[]> change) => IsValid(depth: 0, change, static node =>
    {
        ExtentNode.SetExtent(node, 0, new Extent(100, 1000, 100, IsWritten: true));
        ExtentNode.SetExtent(node, 1, new Extent(200, 2000, 300, IsWritten: false));
    });

    private static bool IsValidInner(Action<byte[]> change) => IsValid(depth: 1, change, static node =>
    {
        ExtentNode.SetChild(node, 0, 100, 1000);
        ExtentNode.SetChild(node, 1, 200, 2000);
    });

    /// <summary>A node of two entries for the logical blocks 100 to 499.</summary>
    private static bool IsValid(int depth, Action<byte[]> change, Action<byte[]> fill)
    {
        var node = new byte[1024];
        ExtentNode.Initialize(node, depth);
        ExtentNode.SetCount(node, 2);
        fill(node);
        change(node);
        return ExtentNode.IsValid(node, depth, 100, 500, Superblock.Read(_image.AsSpan(1024, 1024), _image.Length, "disk"));
    }

    private static byte[] Directory()
    {
        var block = new byte[1024];
        DirectoryBlock.Write(block, 0, 12, 2, "."u8, FileKind.Directory);
        DirectoryBlock.Write(block, 12, 1012, 2, ".."u8, FileKind.Directory);
        return block;
    }
}
