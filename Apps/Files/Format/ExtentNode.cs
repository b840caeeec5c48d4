// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Extent Tree.
namespace Troupe.Apps.Files;

/// <summary>A run of blocks of a file.</summary>
/// <param name="Logical">Its first block in the file.</param>
/// <param name="Physical">Its first block on the disk.</param>
/// <param name="Count">How many blocks.</param>
/// <param name="IsWritten">False: reserved, and read as zeros.</param>
internal readonly record struct Extent(uint Logical, long Physical, int Count, bool IsWritten)
{
    public const int MaximumCount = 32768;

    public long End => (long)Logical + Count;

    /// <summary>Whether <paramref name="next"/> goes on where this ends, and both fit into one.</summary>
    public bool Precedes(Extent next) =>
        IsWritten == next.IsWritten && End == next.Logical && Physical + Count == next.Physical && Count + next.Count <= (IsWritten ? MaximumCount : MaximumCount - 1);
}

/// <summary>A node of an extent tree: a header, then extents (depth 0) or references to nodes of the depth below, by ascending logical block.</summary>
internal static class ExtentNode
{
    public const int MaximumDepth = 5;
    private const int Magic = 0xF30A;
    private const int EntryLength = 12;

    public static int Capacity(ReadOnlySpan<byte> node) => (node.Length - EntryLength) / EntryLength;

    /// <summary>Where the checksum of a node that is a block is, behind the entries that there may be; null if these are more than fit.</summary>
    public static int? ChecksumOffset(ReadOnlySpan<byte> node) => Maximum(node) is var maximum && maximum <= Capacity(node) ? Offset(maximum) : null;

    public static int Depth(ReadOnlySpan<byte> node) => LittleEndian.GetUInt16(node, 6);

    public static int Count(ReadOnlySpan<byte> node) => LittleEndian.GetUInt16(node, 2);

    public static void SetCount(Span<byte> node, int count) => LittleEndian.SetUInt16(node, 2, count);

    public static void Initialize(Span<byte> node, int depth)
    {
        node[..EntryLength].Clear();
        LittleEndian.SetUInt16(node, 0, Magic);
        LittleEndian.SetUInt16(node, 4, Capacity(node));
        LittleEndian.SetUInt16(node, 6, depth);
    }

    public static uint Logical(ReadOnlySpan<byte> node, int index) => LittleEndian.GetUInt32(node, Offset(index));

    public static void SetLogical(Span<byte> node, int index, uint logical) => LittleEndian.SetUInt32(node, Offset(index), logical);

    /// <summary>The node that an entry of an inner node refers to.</summary>
    public static long Child(ReadOnlySpan<byte> node, int index) => LittleEndian.GetUInt32(node, Offset(index) + 4) | ((long)LittleEndian.GetUInt16(node, Offset(index) + 8) << 32);

    public static void SetChild(Span<byte> node, int index, uint logical, long child)
    {
        var entry = node.Slice(Offset(index), EntryLength);
        LittleEndian.SetUInt32(entry, 0, logical);
        LittleEndian.SetUInt32(entry, 4, (uint)child);
        LittleEndian.SetUInt16(entry, 8, (int)(child >> 32));
        LittleEndian.SetUInt16(entry, 10, 0);
    }

    public static Extent Extent(ReadOnlySpan<byte> node, int index)
    {
        var entry = node.Slice(Offset(index), EntryLength);
        var length = LittleEndian.GetUInt16(entry, 4);
        var isWritten = length <= Files.Extent.MaximumCount;
        return new Extent(
            LittleEndian.GetUInt32(entry, 0),
            LittleEndian.GetUInt32(entry, 8) | ((long)LittleEndian.GetUInt16(entry, 6) << 32),
            isWritten ? length : length - Files.Extent.MaximumCount,
            isWritten);
    }

    public static void SetExtent(Span<byte> node, int index, Extent extent)
    {
        var entry = node.Slice(Offset(index), EntryLength);
        LittleEndian.SetUInt32(entry, 0, extent.Logical);
        LittleEndian.SetUInt16(entry, 4, extent.IsWritten ? extent.Count : extent.Count + Files.Extent.MaximumCount);
        LittleEndian.SetUInt16(entry, 6, (int)(extent.Physical >> 32));
        LittleEndian.SetUInt32(entry, 8, (uint)extent.Physical);
    }

    /// <summary>Makes room for an entry before the one at <paramref name="index"/>.</summary>
    public static void Insert(Span<byte> node, int index)
    {
        var count = Count(node);
        node[Offset(index)..Offset(count)].CopyTo(node[Offset(index + 1)..]);
        SetCount(node, count + 1);
    }

    public static void Remove(Span<byte> node, int index)
    {
        var count = Count(node);
        node[Offset(index + 1)..Offset(count)].CopyTo(node[Offset(index)..]);
        SetCount(node, count - 1);
    }

    /// <summary>Moves the entries from <paramref name="index"/> on to the beginning of an empty node.</summary>
    public static void MoveTail(Span<byte> node, int index, Span<byte> to)
    {
        var count = Count(node);
        node[Offset(index)..Offset(count)].CopyTo(to[Offset(0)..]);
        SetCount(to, count - index);
        SetCount(node, index);
    }

    /// <summary>The last entry that begins at or before a logical block; -1 if none does.</summary>
    public static int Find(ReadOnlySpan<byte> node, uint logical)
    {
        var (low, high) = (0, Count(node));
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Logical(node, middle) <= logical ? (middle + 1, high) : (low, middle);
        }

        return low - 1;
    }

    /// <summary>Whether a node is what its parent says: of this depth, its entries ascending within [first, end), their blocks on the disk. What is not checked here is never followed.</summary>
    public static bool IsValid(ReadOnlySpan<byte> node, int depth, long first, long end, Superblock superblock)
    {
        var count = Count(node);
        if (LittleEndian.GetUInt16(node, 0) != Magic || Depth(node) != depth || count > Capacity(node) || Maximum(node) > Capacity(node))
        {
            return false;
        }

        for (var index = 0; index < count; index++)
        {
            var logical = (long)Logical(node, index);
            var length = 1;
            var physical = depth > 0 ? Child(node, index) : 0;
            if (depth == 0)
            {
                var extent = Extent(node, index);
                (length, physical) = (extent.Count, extent.Physical);
            }

            if (logical < first || length == 0 || logical + length > end || physical <= superblock.FirstDataBlock || physical > superblock.BlockCount - length)
            {
                return false;
            }

            first = logical + length;
        }

        return true;
    }

    private static int Maximum(ReadOnlySpan<byte> node) => LittleEndian.GetUInt16(node, 4);

    private static int Offset(int index) => EntryLength * (index + 1);
}
