using System.Buffers.Binary;

namespace Troupe.Apps.SelfTest;

/// <summary>Bytes that the host knows too: the n-th eight of them, little endian, are SplitMix64 of n (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).</summary>
internal static class ByteSequence
{
    /// <summary>Fills from a position, which is a multiple of eight.</summary>
    internal static void Fill(Span<byte> bytes, long position)
    {
        Span<byte> last = stackalloc byte[sizeof(ulong)];
        for (ulong index = (ulong)position / sizeof(ulong); !bytes.IsEmpty; index++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(last, Word(index));
            int length = Math.Min(bytes.Length, sizeof(ulong));
            last[..length].CopyTo(bytes);
            bytes = bytes[length..];
        }
    }

    /// <summary>SplitMix64 of a number.</summary>
    internal static ulong Word(ulong index)
    {
        unchecked
        {
            ulong mixed = (index + 1) * 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
