// RFC 3720, appendix B.4: CRC-32C (Castagnoli), as the processor computes it.
using System.Buffers.Binary;
using System.Numerics;

namespace Troupe.Apps.Files;

/// <summary>CRC-32C as ext4 and its journal chain it: from all ones, and without the last inversion.</summary>
internal static class Crc32C
{
    public const uint Initial = uint.MaxValue;

    /// <summary>Goes on with bytes.</summary>
    public static uint Continue(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return crc;
    }

    /// <summary>Goes on with a number of 32 bits, little-endian.</summary>
    public static uint Continue(uint crc, uint value) => BitOperations.Crc32C(crc, value);

    /// <summary>Goes on with a number of 64 bits, little-endian.</summary>
    public static uint Continue(uint crc, ulong value) => BitOperations.Crc32C(crc, value);

    /// <summary>Goes on with bytes, some of which, those of the checksum itself, count as zeros.</summary>
    public static uint ContinueAround(uint crc, ReadOnlySpan<byte> bytes, int offset, int length)
    {
        crc = Continue(crc, bytes[..offset]);
        for (var zero = 0; zero < length; zero++)
        {
            crc = BitOperations.Crc32C(crc, (byte)0);
        }

        return Continue(crc, bytes[(offset + length)..]);
    }
}
