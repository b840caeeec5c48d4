// RFC 1071, computing the Internet checksum; RFC 1624, incremental update.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>
/// The one's complement sum of IPv4, ICMP, UDP and TCP, over IPv6 too. A running sum is a plain <see cref="ulong"/> of little-endian
/// words: RFC 1071 2(B) shows that the sum may be taken in either byte order and swapped once at the end.
/// </summary>
public static class InternetChecksum
{
    /// <summary>Adds bytes to a running sum; every part but the last must have an even length.</summary>
    public static ulong Add(ulong sum, ReadOnlySpan<byte> bytes)
    {
        // Two accumulators of 32-bit halves: neither can overflow below 2^32 words, so no carry is looked at in the loop.
        ulong low = 0;
        ulong high = 0;
        while (bytes.Length >= 32)
        {
            ulong first = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            ulong second = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
            ulong third = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
            ulong fourth = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
            low += (ulong)(uint)first + (uint)second + (uint)third + (uint)fourth;
            high += (first >> 32) + (second >> 32) + (third >> 32) + (fourth >> 32);
            bytes = bytes[32..];
        }

        while (bytes.Length >= 4)
        {
            low += BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            bytes = bytes[4..];
        }

        if (bytes.Length >= 2)
        {
            low += BinaryPrimitives.ReadUInt16LittleEndian(bytes);
            bytes = bytes[2..];
        }

        if (bytes.Length == 1)
            low += bytes[0];

        return sum + Fold32(low) + Fold32(high);
    }

    /// <summary>Adds one 16-bit word given in host order.</summary>
    public static ulong AddWord(ulong sum, ushort word) => sum + BinaryPrimitives.ReverseEndianness(word);

    /// <summary>
    /// Adds the pseudo-header of a transport over IPv4 (RFC 768, RFC 9293 3.1) or IPv6 (RFC 8200 8.1); both addresses are of one version.
    /// </summary>
    public static ulong AddPseudoHeader(ulong sum, IpAddress source, IpAddress destination, byte protocol, int length)
    {
        if (source.IsIpv4)
        {
            sum += BinaryPrimitives.ReverseEndianness(source.Ipv4.Value);
            sum += BinaryPrimitives.ReverseEndianness(destination.Ipv4.Value);
        }
        else
        {
            sum = AddAddress(AddAddress(sum, source.Ipv6), destination.Ipv6);
            sum = AddWord(sum, (ushort)(length >> 16));
        }

        sum = AddWord(sum, protocol);
        return AddWord(sum, (ushort)length);
    }

    /// <summary>The checksum to store: folded, complemented, in host order.</summary>
    public static ushort Finish(ulong sum) => (ushort)~BinaryPrimitives.ReverseEndianness(Fold16(sum));

    /// <summary>The checksum of one run of bytes; zero when the bytes contain a correct checksum.</summary>
    public static ushort Compute(ReadOnlySpan<byte> bytes) => Finish(Add(0, bytes));

    /// <summary>RFC 1624 equation 3: the checksum after one 16-bit word of the covered bytes changed.</summary>
    public static ushort Update(ushort checksum, ushort before, ushort after)
    {
        uint sum = (uint)(ushort)~checksum + (ushort)~before + after;
        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }

    private static ulong AddAddress(ulong sum, Ipv6Address address) =>
        sum + Fold32(BinaryPrimitives.ReverseEndianness(address.High)) + Fold32(BinaryPrimitives.ReverseEndianness(address.Low));

    private static ulong Fold32(ulong sum) => (sum & 0xFFFF_FFFF) + (sum >> 32);

    private static ushort Fold16(ulong sum)
    {
        sum = (sum & 0xFFFF_FFFF) + (sum >> 32);
        sum = (sum & 0xFFFF_FFFF) + (sum >> 32);
        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)((sum & 0xFFFF) + (sum >> 16));
    }
}
