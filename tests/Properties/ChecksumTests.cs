// RFC 1071 and RFC 1624.
using System.Buffers.Binary;
using Troupe.Net.Wire;

namespace Troupe.Properties.Tests;

public sealed class ChecksumTests
{
    private static readonly Gen<byte[]> _bytes = Gen.OneOf(Gen.Byte.Array[0, 100], Gen.OneOf(Gen.Const((byte)0), Gen.Const((byte)0xFF)).Array[0, 100]);

    [Fact]
    public void ItIsTheOnesComplementSumAsTheSpecificationAddsIt() => _bytes.Sample(
        static bytes => Assert.Equal(ByTheBook(bytes), InternetChecksum.Compute(bytes)), iter: 10_000);

    [Fact]
    public void TheSumOfThePartsIsThatOfTheWhole() => Gen.Select(_bytes, Gen.Int[0, 50], Gen.Int[0, 50]).Sample(
        static (bytes, first, second) =>
        {
            int one = Math.Min(2 * first, bytes.Length & ~1);
            int two = Math.Min(one + 2 * second, bytes.Length & ~1);
            ulong sum = InternetChecksum.Add(InternetChecksum.Add(InternetChecksum.Add(0, bytes.AsSpan(0, one)), bytes.AsSpan(one, two - one)), bytes.AsSpan(two));
            Assert.Equal(InternetChecksum.Compute(bytes), InternetChecksum.Finish(sum));
        },
        iter: 10_000);

    [Fact]
    public void WithItselfInPlaceTheSumIsZero() => _bytes.Where(static bytes => bytes.Length >= 2).Sample(
        static bytes =>
        {
            bytes[0] = bytes[1] = 0;
            BinaryPrimitives.WriteUInt16BigEndian(bytes, InternetChecksum.Compute(bytes));
            Assert.Equal(0, InternetChecksum.Compute(bytes));
        },
        iter: 10_000);

    // Data that are zero throughout have no sum of their own: RFC 1624 3. A checksum in front keeps them from being it.
    [Fact]
    public void AnUpdateForOneWordIsTheSumOfAllOfThem() => Gen.Select(_bytes.Where(static bytes => bytes.Length >= 4 && bytes.Length % 2 == 0), Gen.Int[1, 49], Gen.UShort).Sample(
        static (bytes, place, word) =>
        {
            int at = 2 * Math.Min(place, (bytes.Length / 2) - 1);
            bytes[0] = 0x45;
            ushort before = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at));
            ushort updated = InternetChecksum.Update(InternetChecksum.Compute(bytes), before, word);
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at), word);
            Assert.Equal(InternetChecksum.Compute(bytes), updated);
        },
        iter: 10_000);

    [Fact]
    public void APseudoHeaderIsSummedAsItsOctets() => Gen.Select(Gen.Byte.Array[32], Gen.Byte, Gen.UShort, Gen.Bool).Sample(
        static (addresses, protocol, length, isIpv4) =>
        {
            IpAddress First(int at) => isIpv4 ? Ipv4Address.Read(addresses.AsSpan(at)) : Ipv6Address.Read(addresses.AsSpan(at));
            // RFC 9293 3.1 and RFC 8200 8.1.
            byte[] header = isIpv4
                ? [.. addresses[..4], .. addresses[16..20], 0, protocol, (byte)(length >> 8), (byte)length]
                : [.. addresses, 0, 0, (byte)(length >> 8), (byte)length, 0, 0, 0, protocol];
            IpAddress source = First(0);
            // A mapped address is one of IPv4 in IPv6's clothes; such packets have no pseudo-header.
            if (source.IsIpv4 != isIpv4 || First(16).IsIpv4 != isIpv4)
                return;
            Assert.Equal(InternetChecksum.Compute(header), InternetChecksum.Finish(InternetChecksum.AddPseudoHeader(0, source, First(16), protocol, length)));
        },
        iter: 10_000);

    private static ushort ByTheBook(byte[] bytes)
    {
        uint sum = 0;
        for (int at = 0; at < bytes.Length; at += 2)
            sum += (uint)((bytes[at] << 8) | (at + 1 < bytes.Length ? bytes[at + 1] : 0));
        while (sum > 0xFFFF)
            sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }
}
