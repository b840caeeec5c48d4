// RFC 1071: the Internet checksum, which finds every turned bit but not every two.
using System.Buffers.Binary;

namespace Troupe.Tools.Networks;

/// <summary>
/// Turns one to three bits of a frame behind its Ethernet header. It keeps to what a checksum of the Internet can find: two turned bits in the same column
/// may cancel each other out, and then every stack in the world believes the frame.
/// </summary>
public static class FrameCorruption
{
    private const int EthernetHeader = 14;
    private const int Most = 3;
    private const int Column = 16;

    /// <summary>False: the frame is too short for it.</summary>
    public static bool TurnBits(Span<byte> frame, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var bits = (frame.Length - EthernetHeader) * 8;
        if (bits <= Column)
        {
            return false;
        }

        var before = Sum(frame[EthernetHeader..]);
        do
        {
            for (var left = random.Next(1, Most + 1); left > 0; left--)
            {
                var bit = random.Next(bits);
                frame[EthernetHeader + (bit / 8)] ^= (byte)(1 << (bit % 8));
            }
        }
        while (Sum(frame[EthernetHeader..]) == before);
        return true;
    }

    /// <summary>The one's complement sum of everything: each checksum in it covers a part of that, and the parts do not overlap where a bit was turned.</summary>
    private static int Sum(ReadOnlySpan<byte> bytes)
    {
        long sum = 0;
        for (; bytes.Length >= 2; bytes = bytes[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        }

        if (bytes.Length > 0)
        {
            sum += bytes[0] << 8;
        }

        return (int)(sum % ushort.MaxValue);
    }
}
