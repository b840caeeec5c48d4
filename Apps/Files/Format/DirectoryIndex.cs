// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), Hash Tree Directories.
namespace Troupe.Apps.Files;

/// <summary>A block of a directory's index (htree): its checksum. The index is not used otherwise.</summary>
internal static class DirectoryIndex
{
    // An inner node begins with one unused entry of the whole block; the root with "." and "..", and 8 bytes about the index.
    private const int NodeEntries = 8, RootEntries = 32;
    private const int EntryLength = 8, TailLength = 8, TailChecksum = 4;

    /// <summary>Whether it holds.</summary>
    /// <param name="block">The block.</param>
    /// <param name="crc">The checksum of what comes before it.</param>
    public static bool IsChecksumValid(ReadOnlySpan<byte> block, uint crc)
    {
        var entries = DirectoryBlock.IsUnused(block) ? NodeEntries : RootEntries;
        int limit = LittleEndian.GetUInt16(block, entries), count = LittleEndian.GetUInt16(block, entries + 2);
        var tail = entries + (limit * EntryLength);
        if (count > limit || tail > block.Length - TailLength)
        {
            return false;
        }

        crc = Crc32C.Continue(crc, block[..(entries + (count * EntryLength))]);
        return LittleEndian.GetUInt32(block, tail + TailChecksum) == Crc32C.ContinueAround(crc, block.Slice(tail, TailLength), TailChecksum, TailLength - TailChecksum);
    }
}
