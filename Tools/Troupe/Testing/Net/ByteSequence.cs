using System.Buffers.Binary;

namespace Troupe.Tools.Testing.Net;

/// <summary>The bytes that Apps/Benchmark sends and expects: the n-th eight of them, little endian, are SplitMix64 of n.</summary>
public static class ByteSequence
{
    /// <summary>Fills from a position, which is a multiple of eight, as is the length.</summary>
    public static void Fill(Span<byte> bytes, long position)
    {
        for (var index = (ulong)position / sizeof(ulong); bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, Mix(index++));
        }
    }

    private static ulong Mix(ulong index)
    {
        unchecked
        {
            var mixed = (index + 1) * 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
