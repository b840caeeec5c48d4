// RFC 3720, appendix B.4: CRC-32C (Castagnoli), as the processor computes it.
using System.Buffers.Binary;
using System.Numerics;

namespace Troupe.Apps.Storage;

/// <summary>CRC-32C of a salt and bytes.</summary>
internal static class Checksum
{
    public static uint Compute(ulong salt, ReadOnlySpan<byte> bytes)
    {
        var crc = BitOperations.Crc32C(uint.MaxValue, salt);
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
