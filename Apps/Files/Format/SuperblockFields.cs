// "ext4 Data Structures and Algorithms" (docs.kernel.org/filesystems/ext4), The Super Block.
namespace Troupe.Apps.Files;

/// <summary>The fields of a superblock that change.</summary>
internal static class SuperblockFields
{
    public static long FreeBlocks(ReadOnlySpan<byte> bytes, bool is64) => LittleEndian.GetUInt32(bytes, 0xC) + (is64 ? (long)LittleEndian.GetUInt32(bytes, 0x158) << 32 : 0);

    public static void AddFreeBlocks(Span<byte> bytes, long change, bool is64)
    {
        var free = FreeBlocks(bytes, is64) + change;
        LittleEndian.SetUInt32(bytes, 0xC, (uint)free);
        if (is64)
        {
            LittleEndian.SetUInt32(bytes, 0x158, (uint)(free >> 32));
        }
    }

    public static uint FreeInodes(ReadOnlySpan<byte> bytes) => LittleEndian.GetUInt32(bytes, 0x10);

    public static void AddFreeInodes(Span<byte> bytes, int change) => LittleEndian.SetUInt32(bytes, 0x10, (uint)(FreeInodes(bytes) + change));

    public static uint FirstOrphan(ReadOnlySpan<byte> bytes) => LittleEndian.GetUInt32(bytes, 0xE8);

    public static void SetFirstOrphan(Span<byte> bytes, uint inode) => LittleEndian.SetUInt32(bytes, 0xE8, inode);

    public static bool NeedsRecovery(ReadOnlySpan<byte> bytes) => (LittleEndian.GetUInt32(bytes, 0x60) & Features.NeedsRecovery) != 0;

    public static void SetNeedsRecovery(Span<byte> bytes, bool needsRecovery)
    {
        var incompatible = LittleEndian.GetUInt32(bytes, 0x60);
        LittleEndian.SetUInt32(bytes, 0x60, needsRecovery ? incompatible | Features.NeedsRecovery : incompatible & ~Features.NeedsRecovery);
    }
}
