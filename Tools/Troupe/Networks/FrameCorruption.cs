// RFC 1071: the Internet checksum, which finds every turned bit but not every two.
using System.Buffers.Binary;

namespace Troupe.Tools.Networks;

/// <summary>
/// Turns one to three bits of a frame's packet. It keeps to what a checksum of the Internet can find: two turned bits in the same column may cancel each other out, and then every stack in the
/// world believes the packet. So in each part that has a checksum of its own, the IPv4 header and what is behind the header, either no bit is turned or the sum shows it.
/// </summary>
public static class FrameCorruption
{
    private const int EthernetHeader = 14;
    private const int Ipv6Header = 40;
    private const int Most = 3;
    private const int Shortest = 2;

    /// <summary>False: the frame is too short for it.</summary>
    public static bool TurnBits(Span<byte> frame, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (frame.Length <= EthernetHeader + Shortest)
        {
            return false;
        }

        var (headerLength, length) = Measure(frame[EthernetHeader..]);
        var packet = frame.Slice(EthernetHeader, length);
        var before = packet.ToArray();
        do
        {
            for (var left = random.Next(1, Most + 1); left > 0; left--)
            {
                var bit = random.Next(packet.Length * 8);
                packet[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
        while (packet.SequenceEqual(before) || IsHidden(before.AsSpan(0, headerLength), packet[..headerLength]) || IsHidden(before.AsSpan(headerLength), packet[headerLength..]));
        return true;
    }

    private static bool IsHidden(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after) => !before.SequenceEqual(after) && Sum(before) == Sum(after);

    /// <summary>The length of an IP header and of its packet without the link's padding; of anything else, all of it and no header.</summary>
    private static (int Header, int Packet) Measure(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < Ipv6Header)
        {
            return (0, packet.Length);
        }

        var (header, total) = (packet[0] >> 4) switch
        {
            4 => ((packet[0] & 15) * 4, BinaryPrimitives.ReadUInt16BigEndian(packet[2..])),
            6 => (Ipv6Header, Ipv6Header + BinaryPrimitives.ReadUInt16BigEndian(packet[4..])),
            _ => (0, packet.Length),
        };
        return header <= total && total <= packet.Length ? (header, total) : (0, packet.Length);
    }

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
