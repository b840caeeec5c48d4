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
