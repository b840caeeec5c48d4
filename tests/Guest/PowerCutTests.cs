using Troupe.Tools.Guests;
using Troupe.Tools.Testing.Power;

namespace Troupe.Guest.Tests;

/// <summary>What a store acknowledged, and files that were flushed, are there when the power of their disk has gone; <c>./troupe test power</c> cuts it two hundred times.</summary>
public sealed class PowerCutTests : IDisposable
{
    private const int Sectors = 2048;
    private const int Cuts = 3;
    private const int MostRequests = 200;

    private readonly string _folder = Directory.CreateTempSubdirectory("troupe-power").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public Task WhatAStoreAcknowledgedSurvivesPowerCuts() => CutAsync(new VolatileDisk(Sectors), "");

    [Fact]
    public async Task FilesThatWereFlushedSurvivePowerCutsAndLinuxFindsThemWhole()
    {
        var disk = await Ext4Disk.MakeAsync(flushes: true, CancellationToken.None);
        await CutAsync(disk, " files");
        await Ext4Disk.CheckAsync(disk, CancellationToken.None);
    }

    private async Task CutAsync(VolatileDisk disk, string word)
    {
        var random = new Random(TestSeed.Value);
        var ledger = new StoreLedger();
        for (var cut = 1; cut <= Cuts; cut++)
        {
            await BootAsync(disk, ledger, $"power {cut}000001{word}", new PowerCut(random.Next(1, MostRequests), random.Next(2) == 0));
            disk.CutPower(random);
        }

        ledger.Boot();
        await BootAsync(disk, ledger, $"power 0 look{word}", PowerCut.Never);
        Assert.True(ledger.IsChecked);
    }

    private async Task BootAsync(VolatileDisk disk, StoreLedger ledger, string commandLine, PowerCut cut)
    {
        var socket = Path.Combine(_folder, commandLine.Replace(' ', '-'));
        using var server = new NbdServer(socket, disk, cut);
        var guest = Guest.Boot("Apps/SelfTest", options => options with
        {
            Machine = GuestMachine.MicroVm,
            Network = new GuestNetwork(GuestNetworkKind.None),
            CommandLine = commandLine,
            Extra = NbdDisk.Arguments(socket, GuestMachine.MicroVm),
        });
        using (guest)
        {
            if (cut == PowerCut.Never)
            {
                await guest.ExitsWithAsync(0);
            }
            else
            {
                await server.PowerGone.WaitAsync(Guest.Patience);
            }
        }

        foreach (var line in guest.Lines)
        {
            ledger.Read(line);
        }
    }
}
