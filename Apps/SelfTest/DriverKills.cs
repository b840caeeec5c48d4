using System.Collections.Immutable;
using System.Globalization;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Apps.Storage;
using Troupe.Drivers.Contracts;
using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// The drivers of a network card and a disk are killed at random moments while the host moves bytes by HTTP and a log store is changed (<c>./troupe test kills</c>): the console
/// has how long each was gone, and at the end what their pools miss. The words: COUNT SEED FIRST, and the network's.
/// In an image with that hook the devices break their rules instead (<see cref="DeviceHarms"/>, <c>./troupe test devices</c>).
/// </summary>
internal sealed class DriverKills
{
    /// <summary>The longest pause between the end of an outage and the next kill.</summary>
    private const int LongestPause = 60;

    private static readonly TimeSpan _settling = TimeSpan.FromSeconds(20);

    private readonly NetworkKill _network;
    private readonly DiskKill _disk;
    private readonly ActorRef<KillOrder> _killer;
    private readonly StoreLoad _load;
    private readonly int _count;
    private readonly Random _random;
    private readonly DeviceHarms? _harms;
    private readonly TaskCompletionSource _begin = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile int _done;

    private DriverKills(ActorSystem actors, NetworkKill network, DiskKill disk, StoreLoad load, int count, int seed, DeviceHarms? harms)
    {
        (_network, _disk, _load, _count, _random, _harms) = (network, disk, load, count, new Random(seed), harms);
        _killer = actors.Spawn(new Killer(network, disk), "killer");
    }

    internal static bool Run(string[] words) => RunAsync(words, harms: false).GetAwaiter().GetResult();

    /// <summary>The devices break their rules, if the image has what makes them.</summary>
    internal static bool RunHarms(string[] words)
    {
        if (DeviceFaults.IsBuiltIn)
            return RunAsync(words, harms: true).GetAwaiter().GetResult();
        Console.WriteLine("this image has no hook to make devices break their rules: ./troupe test devices builds one that has");
        return false;
    }

    private static async Task<bool> RunAsync(string[] words, bool harms)
    {
        UnikernelBuilder builder = Unikernel.CreateBuilder(words);
        long[] numbers = [.. builder.Arguments.Select(static word => long.Parse(word, CultureInfo.InvariantCulture))];
        await using UnikernelApplication app = builder.Build();
        NetworkStack? stack = await app.StartAsync();
        ImmutableArray<ActorRef<BlockDeviceMessage>> disks = await app.GetBlockDevicesAsync();
        if (numbers.Length != 3 || stack is null || disks.Length != 1)
        {
            Console.WriteLine($"there are {disks.Length} disks and {(stack is null ? "no network" : "a network")}; this wants one of each, and COUNT SEED FIRST");
            return false;
        }

        StoreLoad load = new(new StoredValues(app.Actors.Spawn(new LogStore(new LogDisk(disks[0])), "store")), numbers[2]);
        DriverKills kills = new(app.Actors, new NetworkKill(stack), await DiskKill.CreateAsync(disks[0]), load, (int)numbers[0], (int)numbers[1], harms ? new DeviceHarms(app.Actors, load, (int)numbers[1]) : null);
        return await load.CheckAsync() && await kills.RunAsync();
    }

    private async Task<bool> RunAsync()
    {
        _ = new ByteServer(Answer).RunAsync();
        Task<bool> changes = _load.RunAsync();
        await _begin.Task;
        for (; _done < _count; _done++)
        {
            // Asked for at each place, first and alone, so that nothing of it is in an image without the hook.
            if (DeviceFaults.IsBuiltIn && _harms is not null)
                await _harms.HarmAsync(_done);
            else
                await KillAsync();
        }

        bool neverFailed = true;
        if (DeviceFaults.IsBuiltIn && _harms is not null)
            neverFailed = await _harms.EndAsync(_network);
        await _end.Task;
        _load.Finish();
        return await changes & await SettlesAsync() & neverFailed;
    }

    private async Task KillAsync()
    {
        await Task.Delay(_random.Next(LongestPause));
        bool isNetwork = _random.Next(2) == 0;
        bool isInTheMiddle = _random.Next(2) == 0;
        Outage outage = await _killer.AskAsync<Outage>(reply => new KillOrder(isNetwork, isInTheMiddle, reply), BlockDeviceMessage.Patience);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"kill: {(isNetwork ? "network" : "disk")} {outage.Killed.TotalMicroseconds:F0} {outage.Unharmed.TotalMicroseconds:F0}"));
    }

    private string Answer(string path)
    {
        if (path == "/begin")
            _begin.TrySetResult();
        else if (path == "/end")
            _end.TrySetResult();
        return string.Create(CultureInfo.InvariantCulture, $"{_done} of {_count}");
    }

    /// <summary>When nothing moves any more, a driver that has just started again holds what is in its ring, and nobody holds anything else.</summary>
    private async Task<bool> SettlesAsync()
    {
        using CancellationTokenSource late = new(_settling);
        while (true)
        {
            await _network.KillAsync(inTheMiddle: false);
            (string network, bool isNetworkWhole, long networkLies) = await _network.LookAsync();
            (string disk, bool isDiskWhole, long diskLies) = await _disk.LookAsync();
            bool isWhole = isNetworkWhole && isDiskWhole
                && (DeviceFaults.IsBuiltIn && _harms is not null ? _harms.AreGuardsWhole && DeviceHarms.WereFoundOut(_count, networkLies, diskLies) : networkLies + diskLies == 0);
            if (isWhole || late.IsCancellationRequested)
            {
                Console.WriteLine($"kill: {network}");
                Console.WriteLine($"kill: {disk}");
                return isWhole;
            }

            await Task.Delay(200);
        }
    }

    private readonly record struct KillOrder(bool IsNetwork, bool IsInTheMiddle, Reply<Outage> Reply);

    /// <summary>How long a driver was gone, and how long the same took just before, when nobody had killed it: both have to wait for a processor that others keep busy.</summary>
    [Sendable]
    private sealed record Outage(TimeSpan Killed, TimeSpan Unharmed);

    /// <summary>An actor among the others, so that what is measured is not when a thread of the pool gets its turn.</summary>
    private sealed class Killer(NetworkKill network, DiskKill disk) : Actor<KillOrder>
    {
        protected override async ValueTask ReceiveAsync(KillOrder order)
        {
            TimeSpan unharmed = order.IsNetwork ? await network.ProbeAsync() : await disk.ProbeAsync();
            TimeSpan killed = order.IsNetwork ? await network.KillAsync(order.IsInTheMiddle) : await disk.KillAsync(order.IsInTheMiddle);
            order.Reply.Set(new Outage(killed, unharmed));
        }
    }
}
