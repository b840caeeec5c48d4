using System.Buffers.Binary;

namespace Troupe.Tools.Benchmarks.Peer;

/// <summary>LZ4's legacy frame, as Linux packs kernels: lz4_Frame_format.md ("Legacy frame") and lz4_Block_format.md of the LZ4 project.</summary>
public static class Lz4Legacy
{
    /// <summary>The first four bytes.</summary>
    public const uint Magic = 0x184C2102;

    private const int LargestBlock = 8 << 20;
    private const int ShortestMatch = 4;
    private const int LongLength = 15;

    /// <summary>Unpacks a frame that ends with its data.</summary>
    public static byte[] Unpack(ReadOnlySpan<byte> frame)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(frame) != Magic)
        {
            throw new InvalidDataException("no legacy LZ4 frame");
        }

        var unpacked = new MemoryStream();
        var block = new byte[LargestBlock];
        frame = frame[4..];
        while (frame.Length >= 4)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(frame);
            unpacked.Write(block, 0, UnpackBlock(frame.Slice(4, length), block));
            frame = frame[(4 + length)..];
        }

        return unpacked.ToArray();
    }

    private static int UnpackBlock(ReadOnlySpan<byte> source, byte[] target)
    {
        var read = 0;
        var written = 0;
        while (read < source.Length)
        {
            var token = source[read++];
            var literals = Length(source, ref read, token >> 4);
            source.Slice(read, literals).CopyTo(target.AsSpan(written));
            read += literals;
            written += literals;
            if (read == source.Length)
            {
                // The last sequence has no match.
                break;
            }

            var distance = BinaryPrimitives.ReadUInt16LittleEndian(source[read..]);
            read += 2;
            var match = Length(source, ref read, token & LongLength) + ShortestMatch;
            // A match may overlap what it produces: byte by byte.
            for (var index = 0; index < match; index++, written++)
            {
                target[written] = target[written - distance];
            }
        }

        return written;
    }

    private static int Length(ReadOnlySpan<byte> source, ref int read, int length)
    {
        if (length == LongLength)
        {
            byte more;
            do
            {
                more = source[read++];
                length += more;
            }
            while (more == byte.MaxValue);
        }

        return length;
    }
}
