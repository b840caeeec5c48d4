using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Troupe.Actors;
using Troupe.Apps.Benchmark;
using Troupe.Apps.Hosting;
using Troupe.Apps.Hosting.Web;
using Troupe.Apps.Storage;
using Troupe.Drivers.Contracts;
using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// The drivers of a network card and two disks are killed at random moments while the host moves bytes by HTTP, a log store is changed on the first disk and files are on the second
/// (<c>./troupe test kills</c>): the console has how long each was gone, and at the end what their pools miss. Then all goes on until the host takes the power. The words: COUNT SEED FIRST, and the network's.
/// In an image with that hook the devices break their rules instead (<see cref="DeviceHarms"/>, <c>./troupe test devices</c>): the card, and one disk, the store's.
/// </summary>
internal sealed class DriverKills
{
    /// <summary>The port that Kestrel listens on. Sockets of the base class library: <see cref="ByteServer.Port"/>.</summary>
    private const int Port = 8080;

    private const int StoreDisk = 0, FilesDisk = 1, Disks = 2;

    /// <summary>What is killed where it is not a disk.</summary>
    private const int Network = -1;

    /// <summary>The longest pause between the end of an outage and the next kill.</summary>
    private const int LongestPause = 60;

    /// <summary>More than the changes that are made while drivers are killed.</summary>
    private const long NumbersPerLoad = 1_000_000;

    private static readonly TimeSpan _settling = TimeSpan.FromSeconds(20);

    private readonly NetworkKill _network;
    private readonly ImmutableArray<DiskKill> _disks;
    private readonly ActorRef<KillOrder> _killer;
    private readonly ImmutableArray<IDurableValues> _values;
    private readonly int _count;
    private readonly Random _random;
    private readonly KillPages _pages;
    private DeviceHarms? _harms;

    private DriverKills(ActorSystem actors, NetworkKill network, ImmutableArray<DiskKill> disks, ImmutableArray<IDurableValues> values, KillPages pages, int count, int seed)
    {
        (_network, _disks, _values, _pages, _count, _random) = (network, disks, values, pages, count, new Random(seed));
        _killer = actors.Spawn(new Killer(network, disks), "killer");
    }

    internal static bool Run(string[] words) => RunAsync(words, areHarmed: false).GetAwaiter().GetResult();

    /// <summary>The devices break their rules, if the image has what makes them.</summary>
    internal static bool RunHarms(string[] words)
    {
        if (DeviceFaults.IsBuiltIn)
            return RunAsync(words, areHarmed: true).GetAwaiter().GetResult();
        Console.WriteLine("this image has no hook to make devices break their rules: ./troupe test devices builds one that has");
        return false;
    }

    private static async Task<bool> RunAsync(string[] words, bool areHarmed)
    {
        if (words.Length < 3)
        {
            Console.WriteLine("this wants COUNT SEED FIRST");
            return false;
        }

        long[] numbers = [.. words.Take(3).Select(static word => long.Parse(word, CultureInfo.InvariantCulture))];
        WebUnikernelBuilder builder = Hosting.Web.Unikernel.CreateBuilder(words).Listen(Port);
        // A file system leaves a disk alone that failed in a commit, as one that breaks its rules does.
        int count = areHarmed ? 1 : Disks;
        if (!areHarmed)
            builder.Files.UseExt4(disk: FilesDisk);
        await using WebUnikernel app = builder.Build();
        KillPages pages = new((int)numbers[0]);
        app.MapGet("/bytes", ByteSequence.SendAsync);
        app.MapPut("/bytes", ByteSequence.ReceiveAsync);
        app.MapGet("/begin", (HttpContext context) => context.Response.WriteAsync(pages.Begin()));
        app.MapGet("/end", (HttpContext context) => context.Response.WriteAsync(pages.End()));
        NetworkStack? stack = await app.StartAsync();
        ImmutableArray<ActorRef<BlockDeviceMessage>> disks = await app.GetBlockDevicesAsync();
        if (stack is null || disks.Length != count)
        {
            Console.WriteLine($"there are {disks.Length} disks and {(stack is null ? "no network" : "a network")}; this wants {count} of them and a network");
            return false;
        }

        List<IDurableValues> values = [new StoredValues(app.Actors.Spawn(new LogStore(new LogDisk(disks[StoreDisk])), "store"))];
        List<DiskKill> kills = [await DiskKill.CreateAsync("the store's disk", disks[StoreDisk])];
        if (!areHarmed)
        {
            values.Add(new FileValues("/"));
            kills.Add(await DiskKill.CreateAsync("the files' disk", disks[FilesDisk]));
        }

        DriverKills run = new(app.Actors, new NetworkKill(stack), [.. kills], [.. values], pages, (int)numbers[0], (int)numbers[1]);
        ImmutableArray<StoreLoad> loads = run.Loads(numbers[2]);
        // Asked for at each place, first and alone, so that nothing of it is in an image without the hook.
        if (DeviceFaults.IsBuiltIn && areHarmed)
            run._harms = new DeviceHarms(app.Actors, loads[0], (int)numbers[1]);
        return await run.RunAsync(loads, numbers[2]);
    }

    private ImmutableArray<StoreLoad> Loads(long first) => [.. _values.Select(values => new StoreLoad(values, first))];

    private async Task<bool> RunAsync(ImmutableArray<StoreLoad> loads, long first)
    {
        foreach (StoreLoad load in loads)
        {
            if (!await load.CheckAsync())
                return false;
        }

        _ = ByteServer.RunAsync();
        Task<bool[]> changes = Task.WhenAll(loads.Select(static load => load.RunAsync()));
        Console.WriteLine($"listening on ports {Port} and {ByteServer.Port}");
        await _pages.Begun;
        for (; _pages.Done < _count; _pages.Done++)
        {
            if (DeviceFaults.IsBuiltIn && _harms is not null)
                await _harms.HarmAsync(_pages.Done);
            else
                await KillAsync();
        }

        bool neverFailed = true;
        if (DeviceFaults.IsBuiltIn && _harms is not null)
            neverFailed = await _harms.EndAsync(_network);
        await _pages.Ended;
        foreach (StoreLoad load in loads)
            load.Finish();
        if (!Array.TrueForAll(await changes, static well => well) | !await SettlesAsync() | !neverFailed)
            return false;

        // The power goes in the middle of these.
        loads = Loads(first + NumbersPerLoad);
        changes = Task.WhenAll(loads.Select(static load => load.RunAsync()));
        Console.WriteLine("kill: whole, until the power goes");
        await changes;
        return false;
    }

    private async Task KillAsync()
    {
        await Task.Delay(_random.Next(LongestPause));
        int device = _random.Next(2) == 0 ? Network : _random.Next(Disks);
        bool isInTheMiddle = _random.Next(2) == 0;
        Outage outage = await _killer.AskAsync<Outage>(reply => new KillOrder(device, isInTheMiddle, reply), BlockDeviceMessage.Patience);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"kill: {(device == Network ? "network" : "disk")} {outage.Killed.TotalMicroseconds:F0} {outage.Unharmed.TotalMicroseconds:F0}"));
    }

    /// <summary>When nothing moves any more, a driver that has just started again holds what is in its ring, and nobody holds anything else.</summary>
    private async Task<bool> SettlesAsync()
    {
        using CancellationTokenSource late = new(_settling);
        while (true)
        {
            await _network.KillAsync(inTheMiddle: false);
            List<(string Report, bool IsWhole, long Violations)> looks = [await _network.LookAsync()];
            foreach (DiskKill disk in _disks)
                looks.Add(await disk.LookAsync());
            bool isWhole = looks.TrueForAll(static look => look.IsWhole);
            if (DeviceFaults.IsBuiltIn && _harms is not null)
                isWhole &= _harms.AreGuardsWhole && DeviceHarms.WereFoundOut(_count, looks[0].Violations, looks[1].Violations);
            else
                isWhole &= looks.TrueForAll(static look => look.Violations == 0);
            if (isWhole || late.IsCancellationRequested)
            {
                looks.ForEach(static look => Console.WriteLine($"kill: {look.Report}"));
                return isWhole;
            }

            await Task.Delay(200);
        }
    }

    private readonly record struct KillOrder(int Device, bool IsInTheMiddle, Reply<Outage> Reply);

    /// <summary>How long a driver was gone, and how long the same took just before, when nobody had killed it: both have to wait for a processor that others keep busy.</summary>
    [Sendable]
    private sealed record Outage(TimeSpan Killed, TimeSpan Unharmed);

    /// <summary>An actor among the others, so that what is measured is not when a thread of the pool gets its turn.</summary>
    private sealed class Killer(NetworkKill network, ImmutableArray<DiskKill> disks) : Actor<KillOrder>
    {
        protected override async ValueTask ReceiveAsync(KillOrder order)
        {
            DiskKill? disk = order.Device == Network ? null : disks[order.Device];
            TimeSpan unharmed = await (disk?.ProbeAsync() ?? network.ProbeAsync());
            TimeSpan killed = await (disk?.KillAsync(order.IsInTheMiddle) ?? network.KillAsync(order.IsInTheMiddle));
            order.Reply.Set(new Outage(killed, unharmed));
        }
    }
}
