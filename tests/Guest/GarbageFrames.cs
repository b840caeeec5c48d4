using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;

namespace Troupe.Guest.Tests;

/// <summary>Throws random frames at a guest: some of noise alone, most with an honest Ethernet header, and IPv4, ARP or TCP fields that lie,
/// so that every layer gets its share. They go out through a packet socket of the host inside the namespace, played from a capture file.</summary>
internal static class GarbageFrames
{
    private const int ShortestFrame = 14;
    private const int LongestFrame = 1514;

    // Capture file header, https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-03.html
    private const uint CaptureMagic = 0xA1B2C3D4;
    private const int CaptureHeader = 24;
    private const int RecordHeader = 16;
    private const int Ethernet = 1;

    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(3);

    public static async Task SendAsync(NetworkNamespace network, int count, int seed)
    {
        var file = Path.GetTempFileName();
        try
        {
            await WriteAsync(file, count, new Random(seed));
            // The whole run fits into the tap's queue, so that none is lost on this side of the card.
            await network.InsideAsync("ip", "link", "set", NetworkNamespace.Tap, "txqueuelen", (2 * count).ToString(CultureInfo.InvariantCulture));
            var before = await CounterAsync(network, "tx_packets");
            // The host's own first words on the link may have come before QEMU opened it.
            var droppedBefore = await CounterAsync(network, "tx_dropped");
            var clock = Stopwatch.StartNew();
            await network.InsideAsync("tcpreplay", "--topspeed", "--intf1", NetworkNamespace.Tap, file);
            while (await CounterAsync(network, "tx_packets") - before < count)
            {
                Assert.True(clock.Elapsed < _longest, "the guest's card does not take the frames.");
                await Task.Delay(100);
            }

            Assert.Equal(droppedBefore, await CounterAsync(network, "tx_dropped"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} random frames in {clock.Elapsed.TotalSeconds:0.0} s, seed {seed}"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>What the tap counts; a packet that is transmitted has been read by QEMU, which waits while the guest has no room.</summary>
    private static async Task<long> CounterAsync(NetworkNamespace network, string name) => long.Parse(
        await network.InsideAsync("cat", $"/sys/class/net/{NetworkNamespace.Tap}/statistics/{name}"), CultureInfo.InvariantCulture);

    private static async Task WriteAsync(string file, int count, Random random)
    {
        await using var stream = File.Create(file);
        var header = new byte[CaptureHeader];
        BinaryPrimitives.WriteUInt32LittleEndian(header, CaptureMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(4), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(6), 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), LongestFrame);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(20), Ethernet);
        await stream.WriteAsync(header);
        var record = new byte[RecordHeader];
        for (var index = 0; index < count; index++)
        {
            var frame = Frame(random);
            BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(8), frame.Length);
            BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(12), frame.Length);
            await stream.WriteAsync(record);
            await stream.WriteAsync(frame);
        }
    }

    private static byte[] Frame(Random random)
    {
        var frame = new byte[random.Next(ShortestFrame, LongestFrame + 1)];
        random.NextBytes(frame);
        if (random.Next(4) == 0)
        {
            return frame;
        }

        // To everyone, with an EtherType that someone listens to.
        frame.AsSpan(0, 6).Fill(0xFF);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), random.Next(3) == 0 ? (ushort)0x0806 : (ushort)0x0800);
        if (frame.Length >= 34)
        {
            // Version 4 with any header length; ICMP, TCP or UDP; to the guest.
            frame[14] = (byte)(0x40 | random.Next(16));
            frame[23] = (byte)(random.Next(3) switch { 0 => 1, 1 => 6, _ => 17 });
            byte[] guest = [10, 77, 0, 2];
            guest.CopyTo(frame.AsSpan(30));
        }

        return frame;
    }
}
