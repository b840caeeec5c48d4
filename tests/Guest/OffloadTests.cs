using System.Globalization;
using System.Security.Cryptography;
using Troupe.Tools.Testing.Net;

namespace Troupe.Guest.Tests;

/// <summary>Bytes between Linux and a guest whose network card sums and cuts, or does some of it, or nothing. The tap counts a large segment as one packet.</summary>
public sealed class OffloadTests
{
    private const int Count = 16 << 20;
    private const double LargestFrame = 1514;

    [Theory]
    [InlineData("", true, true)]
    [InlineData("host_tso4=off,host_tso6=off,guest_tso4=off,guest_tso6=off", false, false)]
    [InlineData("csum=off,host_tso4=off,host_tso6=off,host_ecn=off", false, true)]
    [InlineData("mrg_rxbuf=off", true, false)]
    [InlineData("csum=off,guest_csum=off,host_tso4=off,host_tso6=off,host_ecn=off,host_ufo=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off,mrg_rxbuf=off", false, false)]
    public async Task BytesArriveWhateverTheCardDoes(string card, bool sendsLarge, bool receivesLarge)
    {
        using var network = await NetworkNamespace.CreateAsync();
        using var guest = Guest.BootOnTap("Apps/Benchmark", network, options => options with
        {
            Extra = [.. card.Split(',', StringSplitOptions.RemoveEmptyEntries).SelectMany(part => (string[])["-global", $"virtio-net-pci.{part}"])],
        });
        await guest.ListensAsync();
        var url = $"http://{NetworkNamespace.GuestAddress}:8080/bytes";
        var file = Path.GetTempFileName();
        try
        {
            var bytes = new byte[Count];
            ByteSequence.Fill(bytes, 0);
            await File.WriteAllBytesAsync(file, bytes);
            // The tap receives what the guest sends.
            var before = await MeanFrameAsync(network, "rx", default);
            var sum = await network.InsideAsync("sh", "-c", $"curl -sS --fail --max-time 120 '{url}?count={Count}' | sha256sum");
            Assert.StartsWith(Convert.ToHexStringLower(SHA256.HashData(bytes)), sum, StringComparison.Ordinal);
            var sent = (await MeanFrameAsync(network, "rx", before)).Mean;
            before = await MeanFrameAsync(network, "tx", default);
            var verdict = await network.InsideAsync("curl", "-sS", "--fail", "--max-time", "120", "-H", "Expect:", "-T", file, url);
            Assert.Equal($"{Count} bytes, all right\n", verdict);
            var received = (await MeanFrameAsync(network, "tx", before)).Mean;
            Assert.True(sendsLarge == sent > LargestFrame, $"a frame sent has {sent:0} bytes in the mean");
            Assert.True(receivesLarge == received > LargestFrame, $"a frame received has {received:0} bytes in the mean");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<(double Bytes, double Frames, double Mean)> MeanFrameAsync(NetworkNamespace network, string way, (double Bytes, double Frames, double Mean) since)
    {
        async Task<double> ReadAsync(string name) => double.Parse(
            await network.InsideAsync("cat", $"/sys/class/net/{NetworkNamespace.Tap}/statistics/{way}_{name}"), CultureInfo.InvariantCulture);
        var bytes = await ReadAsync("bytes");
        var frames = await ReadAsync("packets");
        return (bytes, frames, (bytes - since.Bytes) / (frames - since.Frames));
    }
}
