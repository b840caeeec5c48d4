// RFC 815 and RFC 8200 4.5: a datagram's fragments, in any order and more than once, are the datagram.
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Ip;
using Troupe.Net.Wire;

namespace Troupe.Properties.Tests;

public sealed class FragmentTests
{
    private static readonly InternetConfiguration _configuration = new() { Reassemblies = 8 };

    [Fact]
    public void FragmentsInAnyOrderAndMoreThanOnceAreTheDatagram() => Gen.Select(
            Gen.Select(Gen.Int[2, 200], Gen.Int[1, 12]), Gen.Select(Gen.Int[1, 200], Gen.Int[1, 12]), Gen.UInt, Gen.Bool)
        .Sample(
            static (first, second, order, isIpv4) =>
            {
                FramePool buffers = Reassembler.CreateBuffers(_configuration);
                Reassembler reassembler = new(_configuration, buffers, new("IP"));
                List<(int Datagram, int Offset, int Length, bool More)> fragments = [.. Cut(0, first.Item1, first.Item2), .. Cut(1, second.Item1, second.Item2)];
                // Shuffled, with one of them twice.
                Random random = new((int)order);
                fragments.Add(fragments[random.Next(fragments.Count)]);
                random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(fragments));
                int[] whole = [0, 0];
                HashSet<(int, int)> seen = [];
                HashSet<int> done = [];
                foreach ((int datagram, int offset, int length, bool more) in fragments)
                {
                    // The second of a pair may come when its datagram is done, and then begins another that never will be.
                    if (done.Contains(datagram))
                        continue;
                    seen.Add((datagram, offset));
                    DatagramKey key = new(isIpv4 ? new Ipv4Address(1) : new Ipv6Address(1, 1), isIpv4 ? new Ipv4Address(2) : new Ipv6Address(1, 2), (uint)datagram, 17);
                    int octets = datagram == 0 ? first.Item1 : second.Item1;
                    bool isWhole = reassembler.TryAdd(key, (byte)(offset == 0 ? 17 : 99), offset, more, Octets(datagram, offset, length), default, out FrameBuffer together, out byte protocol);
                    Assert.Equal(seen.Count(fragment => fragment.Item1 == datagram) == fragments.Where(fragment => fragment.Datagram == datagram).Distinct().Count(), isWhole);
                    if (!isWhole)
                        continue;
                    Assert.Equal(17, protocol);
                    Assert.Equal(Octets(datagram, 0, octets), together.Data);
                    together.Dispose();
                    done.Add(datagram);
                    whole[datagram]++;
                }

                Assert.Equal([1, 1], whole);
                reassembler.Clear();
                Assert.Equal(0, buffers.RentedCount);
            },
            iter: 100);

    private static IEnumerable<(int Datagram, int Offset, int Length, bool More)> Cut(int datagram, int octets, int blocks)
    {
        for (int offset = 0; offset < octets; offset += 8 * blocks)
            yield return (datagram, offset, Math.Min(8 * blocks, octets - offset), offset + (8 * blocks) < octets);
    }

    private static byte[] Octets(int datagram, int from, int count) => [.. Enumerable.Range(from, count).Select(position => (byte)((position * 7) + datagram))];
}
