using System.Globalization;
using Troupe.Tools.Guests;

namespace Troupe.Guest.Tests;

/// <summary>A guest with disks: what it wrote and flushed is there when it boots again, on both buses.</summary>
public sealed class DiskTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("troupe-disks").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(GuestMachine.Q35, 1)]
    [InlineData(GuestMachine.Q35, 2)]
    [InlineData(GuestMachine.MicroVm, 1)]
    [InlineData(GuestMachine.MicroVm, 2)]
    [InlineData(GuestMachine.Q35, 2, true)]
    public async Task WhatABootLeftOnDisksTheNextOneFinds(GuestMachine machine, int processors, bool packed = false)
    {
        string[] disks = [Disk("sectors", 1 << 20), Disk("store", 4 << 20)];
        for (var boot = 0; boot < 2; boot++)
        {
            using var guest = Guest.Boot("Apps/SelfTest", options => options with
            {
                Machine = machine,
                Processors = processors,
                Network = new GuestNetwork(GuestNetworkKind.None),
                Disks = disks,
                CommandLine = "disk",
                Extra = [.. packed ? PackedRingTests.Offered("pci") : []],
            });
            await guest.SaysAsync($"sectors: 2048 of 2048 are as boot {boot} left them");
            await guest.SaysAsync($"sectors: boot {boot + 1} reads back what it wrote");
            await guest.SaysAsync($"store: 100 of 100 values are as boot {boot} left them");
            await guest.ExitsWithAsync(0);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task EveryProcessorTakesInterruptsOfADiskAndHasRequestsOfIt(int processors)
    {
        using var guest = Guest.Boot("Apps/SelfTest", options => options with
        {
            Processors = processors,
            Network = new GuestNetwork(GuestNetworkKind.None),
            Disks = [Disk("sectors", 1 << 20), Disk("store", 4 << 20)],
            CommandLine = "disk",
        });
        for (var queue = 0; queue < processors; queue++)
        {
            // "sectors: queue 1: 96 requests, 20 interrupts". Of 96 batches of four requests, eight at a time, some are in each.
            var words = (await guest.SaysAsync($"sectors: queue {queue}: ")).Split(' ');
            Assert.InRange(int.Parse(words[^4], CultureInfo.InvariantCulture), 4, int.MaxValue);
            Assert.InRange(int.Parse(words[^2], CultureInfo.InvariantCulture), 1, int.MaxValue);
        }

        await guest.ExitsWithAsync(0);
    }

    [Fact]
    public async Task WithoutDisksTheSelfTestSaysWhatItWants()
    {
        using var guest = Guest.Boot("Apps/SelfTest", static options => options with { Network = new GuestNetwork(GuestNetworkKind.None), CommandLine = "disk" });
        await guest.SaysAsync("there are 0 disks; this wants two");
        await guest.ExitsWithAsync(1);
    }

    private string Disk(string name, int length)
    {
        var file = Path.Combine(_folder, name);
        using var disk = File.Create(file);
        disk.SetLength(length);
        return file;
    }
}
