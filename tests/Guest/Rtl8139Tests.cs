using System.Net;
using Troupe.Tools.Guests;

namespace Troupe.Guest.Tests;

/// <summary>A card of physical hardware, with 32-bit addresses and a wire for its interrupts, in place of virtio.</summary>
public sealed class Rtl8139Tests
{
    private const int Requests = 1_000;
    private const int Clients = 16;

    [Theory]
    [InlineData(1, GuestFirmware.Qboot)]
    [InlineData(2, GuestFirmware.SeaBios)]
    public async Task AnswersPingsOfAllSizesAndCountsEveryRequest(int processors, GuestFirmware firmware)
    {
        using var network = await NetworkNamespace.CreateAsync();
        using var guest = Guest.BootOnTap(
            "Apps/Hello", network, options => options with { Nic = GuestNic.Rtl8139, Processors = processors, Firmware = firmware });
        await guest.ListensAsync();
        // The smallest frame, which is filled up, and the largest.
        foreach (var size in (string[])["0", "1472", "0", "1472"])
        {
            // One at a time: of several, ping waits for the last no longer than the pause between them, which a busy host may sleep through. And an
            // interrupt that was lost would be made good by the next.
            var ping = await network.InsideAsync("ping", "-c", "1", "-W", "30", "-s", size, "-M", "do", NetworkNamespace.GuestAddress);
            Assert.Contains("1 received, 0% packet loss", ping, StringComparison.Ordinal);
        }

        var load = await network.InsideAsync(
            "h2load", "--h1", "-n", $"{Requests}", "-c", $"{Clients}", $"http://{NetworkNamespace.GuestAddress}:8080/");
        Assert.Contains($"{Requests} succeeded, 0 failed, 0 errored", load, StringComparison.Ordinal);
        var last = await network.InsideAsync("curl", "-sS", "--fail", "--max-time", "30", $"http://{NetworkNamespace.GuestAddress}:8080/");
        Assert.Equal($"hit {Requests + 1}", last.Trim());
    }

    [Fact]
    public async Task GetsItsAddressByDhcpAndAnswersThroughAForwardedPort()
    {
        using var guest = Guest.BootServer("Apps/Hello", options => options with { Nic = GuestNic.Rtl8139 });
        await guest.ListensAsync();
        using var response = await guest.Http.GetAsync(new Uri("/", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("hit 1\n", await response.Content.ReadAsStringAsync());
    }
}
