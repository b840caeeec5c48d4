using Troupe.Tools.Guests;

namespace Troupe.Guest.Tests;

/// <summary>A guest whose virtio devices offer packed rings: all of them are used so, and what goes through them arrives.</summary>
public sealed class PackedRingTests : IDisposable
{
    private const int Pages = 500, DiskRequests = 10_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("troupe-packed").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(GuestMachine.Q35, 1)]
    [InlineData(GuestMachine.Q35, 2)]
    [InlineData(GuestMachine.MicroVm, 2)]
    public async Task PagesAndSectorsGoThroughThem(GuestMachine machine, int processors)
    {
        var disk = Path.Combine(_folder, "disk");
        await using (var file = File.Create(disk))
        {
            file.SetLength(4 << 20);
        }

        using var guest = Guest.BootServer("Apps/Benchmark", options => options with
        {
            Machine = machine,
            Processors = processors,
            Disks = [disk],
            Extra = [.. Offered(machine == GuestMachine.MicroVm ? "device" : "pci")],
        });
        await guest.ListensAsync();
        for (var page = 0; page < Pages; page++)
        {
            Assert.StartsWith("hit ", await guest.Http.GetStringAsync("/"), StringComparison.Ordinal);
        }

        foreach (var work in (string[])["Write", "Flush", "Read"])
        {
            for (var requests = 0; requests < DiskRequests / 3;)
            {
                var said = await guest.Http.GetStringAsync($"/disk?do={work}&order=random&length=4096&depth={(work == "Flush" ? 1 : 16)}&seconds=2");
                Assert.StartsWith("requests ", said, StringComparison.Ordinal);
                requests += int.Parse(said.Split('\n')[0]["requests ".Length..], System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        // QEMU's own word for it, of each device: card, disk, entropy.
        var devices = (await QemuMonitor.AskAsync(guest.MonitorSocket, "info virtio")).Split('\n').Where(static line => line.StartsWith('/')).Select(static line => line.Split(' ')[0]).ToList();
        Assert.Equal(3, devices.Count);
        foreach (var device in devices)
        {
            var status = await QemuMonitor.AskAsync(guest.MonitorSocket, $"info virtio-status {device}");
            var agreed = status[status.IndexOf("Guest features:", StringComparison.Ordinal)..];
            Assert.Contains("VIRTIO_F_RING_PACKED", agreed[..agreed.IndexOf("Host features:", StringComparison.Ordinal)], StringComparison.Ordinal);
        }

        guest.StillRuns();
    }

    /// <summary>Has QEMU offer them.</summary>
    internal static IEnumerable<string> Offered(string bus) => ((string[])["net", "blk", "rng"]).SelectMany(kind => (string[])["-global", $"virtio-{kind}-{bus}.packed=on"]);
}
