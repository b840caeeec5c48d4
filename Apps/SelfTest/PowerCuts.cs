using System.Collections.Immutable;
using System.Globalization;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Apps.Storage;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.SelfTest;

/// <summary>A log store, or files, under changes that do not end: the host takes the power away (<c>./troupe test power</c>).</summary>
internal static class PowerCuts
{
    internal static bool Run(ReadOnlySpan<string> words)
    {
        long first = words.Length > 0 ? long.Parse(words[0], CultureInfo.InvariantCulture) : 1;
        if (words.Contains("files"))
            return RunWithFilesAsync(first, words.Contains("unflushed"), words.Contains("look")).GetAwaiter().GetResult();
        return RunAsync(first, words.Contains("unflushed"), words.Contains("look")).GetAwaiter().GetResult();
    }

    private static async Task<bool> RunAsync(long first, bool isUnflushed, bool onlyLooks)
    {
        await using UnikernelApplication app = Unikernel.CreateBuilder([]).Build();
        ImmutableArray<ActorRef<BlockDeviceMessage>> disks = await app.GetBlockDevicesAsync();
        if (disks.Length != 1)
        {
            Console.WriteLine($"there are {disks.Length} disks; this wants one: --disk FILE");
            return false;
        }

        ActorRef<BlockDeviceMessage> disk = isUnflushed ? app.Actors.Spawn(new UnflushedDisk(disks[0]), "unflushed") : disks[0];
        StoreLoad load = new(new StoredValues(app.Actors.Spawn(new LogStore(new LogDisk(disk)), "store")), first);
        return await load.CheckAsync() && (onlyLooks || await load.RunAsync());
    }

    private static async Task<bool> RunWithFilesAsync(long first, bool isUnflushed, bool onlyLooks)
    {
        UnikernelBuilder builder = Unikernel.CreateBuilder([]);
        builder.Files.UseExt4();
        await using UnikernelApplication app = builder.Build();
        await app.StartAsync();
        StoreLoad load = new(new FileValues("/", flushes: !isUnflushed), first);
        return await load.CheckAsync() && (onlyLooks || await load.RunAsync());
    }
}
