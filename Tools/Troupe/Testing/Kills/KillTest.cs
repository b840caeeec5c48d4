using System.Diagnostics;
using System.Globalization;
using System.Net;
using Troupe.Tools.Commands;
using Troupe.Tools.Guests;
using Troupe.Tools.Networks;
using Troupe.Tools.Terminal;
using Troupe.Tools.Testing.Attacks;
using Troupe.Tools.Testing.Power;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Kills;

/// <summary>
/// <c>troupe test kills</c>: the drivers of a guest's network card, which has a queue pair for each processor, and of two disks are killed at random moments, under HTTP (Kestrel's, and by sockets),
/// writes to a log store, and files of System.IO. Every connection must end with the right bytes, no buffer may be missing at the end, and what the store acknowledged and what was flushed of
/// files must be there after the power has gone as well.
/// <c>troupe test devices</c> is the same with <paramref name="harms"/>: the devices break their rules instead, the card and one disk, the store's. No driver may fail over it, no octet around their
/// memory may change, and connections that were begun afterwards must end with the right bytes; before, a frame that such a device made up may have broken one.
/// </summary>
internal sealed class KillTest(Image image, CrashTestOptions options, bool harms)
{
    private const int Sectors = 2048;
    private const int Connections = 8;

    /// <summary>Of the clients every second moves its bytes to Kestrel, the others to a server on System.Net.Sockets at this port.</summary>
    private const int SocketsPort = 8081;

    /// <summary>How long values are changed again before the power goes.</summary>
    private const int LeastLastMilliseconds = 200, MostLastMilliseconds = 1000;

    /// <summary>
    /// Of the kills of a card with two pairs, half are by a frame in the middle of a batch of a flow of chance, which half of the time is not the driver's own pair's; of the kills of a disk with two
    /// queues, every second is of the second. Far fewer: nobody killed a queue's actor.
    /// </summary>
    private const int LeastQueueShare = 20;

    private const int LeastBytes = 1024, MostBytes = 1024 * 1024;

    /// <summary>What a driver may be gone for, of 99 in 100.</summary>
    private const double LongestOutage = 50;

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(10);

    /// <summary>What a connection may take that was open at the last kill: it may be in a long retransmission timeout.</summary>
    private static readonly TimeSpan _lastConnection = TimeSpan.FromMinutes(1);

    private readonly List<string> _failures = [];

    private string Name => harms ? "devices" : "kills";

    private string Cases => harms ? "cases" : "kills";

    /// <summary>Runs it and says by its exit code whether all held.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var passed = 0;
        foreach (var processors in options.Processors)
        {
            var run = new KillRun();
            string? failure;
            await PrivateNetwork.CreateTapAsync(GuestOnTap.Tap, $"{GuestOnTap.HostAddress}/{GuestOnTap.PrefixLength}", cancellation, severalQueues: processors > 1).ConfigureAwait(false);
            try
            {
                failure = await RunAsync(processors, run, cancellation).ConfigureAwait(false);
            }
            catch (UserError lost) when (lost.ExitCode == ExitCodes.Failure)
            {
                failure = lost.Message;
            }

            await PrivateNetwork.MustAsync(cancellation, "ip", "link", "delete", GuestOnTap.Tap).ConfigureAwait(false);
            var name = $"{options.Count} {Cases}, seed {options.Seed}, {processors} processor(s)";
            Output.Say($"{Name}: {name}: {failure ?? "passed"}");
            run.Report.ForEach(line => Output.Say($"{Name}: {line}"));
            passed += failure is null ? 1 : 0;
            if (failure is not null)
            {
                _failures.Add($"FAILED {name}: {failure}");
            }
        }

        _failures.ForEach(Console.WriteLine);
        Console.WriteLine($"{passed} passed, {_failures.Count} failed");
        return _failures.Count == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private async Task<string?> RunAsync(int processors, KillRun run, CancellationToken cancellation)
    {
        var store = new VolatileDisk(Sectors);
        var files = harms ? null : await Ext4Disk.MakeAsync(flushes: true, cancellation).ConfigureAwait(false);
        var ledger = new StoreLedger();
        var guestOptions = new GuestOptions
        {
            Image = image.Elf,
            Processors = processors,
            Network = new GuestNetwork(GuestNetworkKind.Tap, GuestOnTap.Tap) { QueuePairs = processors },
            CommandLine = string.Create(CultureInfo.InvariantCulture, $"{(harms ? "harms" : "kills")} {options.Count} {options.Seed} 1 {GuestOnTap.Fixed}"),
        };
        var random = new Random(options.Seed);
        using (var guest = StoreGuest.Boot(image, guestOptions, files is null ? [store] : [store, files], ledger, onLine: run.Read))
        {
            await WaitAsync(guest, run.Listening, "to listen", cancellation).ConfigureAwait(false);
            await AskAsync("/begin", guest, cancellation).ConfigureAwait(false);
            var clock = Stopwatch.StartNew();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var clients = Enumerable.Range(0, Connections).Select(number => Task.Run(() => MoveAsync(number, run, stop.Token), cancellation)).ToList();
            try
            {
                while (run.Kills < options.Count && guest.IsAlive && clock.Elapsed < _patience && !clients.Exists(client => client.IsCompleted))
                {
                    await Task.Delay(50, cancellation).ConfigureAwait(false);
                }

                run.IsOver = true;
                stop.CancelAfter(run.Kills < options.Count ? TimeSpan.Zero : _lastConnection);
                await Task.WhenAll(clients).ConfigureAwait(false);
                if (harms && run.Kills == options.Count)
                {
                    await ServesAsync(stop.Token).ConfigureAwait(false);
                    run.Report.Add($"cases: {run.Harms}; connections that broke off meanwhile: {run.Broken}");
                }
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                throw new UserError($"after {run.Kills} {Cases}: {(exception is IOException ? $"a connection: {exception.Message}" : "they do not go on")}{guest.LastWords}", exitCode: ExitCodes.Failure);
            }

            run.Report.Add(string.Create(
                CultureInfo.InvariantCulture, $"{run.Kills} {Cases} in {clock.Elapsed.TotalSeconds:0} s; {run.Connections} connections moved {run.Bytes >> 20} MB, {run.Across} of them were open at {(harms ? "one" : "a kill")}"));
            await AskAsync("/end", guest, cancellation).ConfigureAwait(false);
            await WaitAsync(guest, run.Whole, "to say that nothing is missing", cancellation).ConfigureAwait(false);
            await Task.Delay(random.Next(LeastLastMilliseconds, MostLastMilliseconds), cancellation).ConfigureAwait(false);
            if (!guest.IsAlive)
            {
                return $"the guest ended before its power went.{guest.LastWords}";
            }

            guest.Settle();
        }

        if (!harms && Outages(processors, run) is { } failure)
        {
            return failure;
        }

        await LoseAsync(guestOptions with { Network = new GuestNetwork(GuestNetworkKind.None) }, store, files, ledger, random, cancellation).ConfigureAwait(false);
        run.Report.Add($"{ledger.AcknowledgedOf("store")} changes of the store{(files is null ? "" : $" and {ledger.AcknowledgedOf("files")} of files")} acknowledged, all there after the power went{(files is null ? "" : "; e2fsck finds nothing")}");
        return !harms && (run.Network.At(0.99) > LongestOutage || run.Disk.At(0.99) > LongestOutage) ? $"an outage in a hundred is longer than {LongestOutage:0} ms" : null;
    }

    /// <summary>Reports how long the drivers were gone. Not null: too few kills were of a queue's actor.</summary>
    private static string? Outages(int processors, KillRun run)
    {
        run.Report.AddRange(
        [
            $"network: {run.Network.Count} outages, {run.Network}; a frame just before: {run.NetworkUnharmed}", $"disk: {run.Disk.Count} outages, {run.Disk}; a sector just before: {run.DiskUnharmed}",
            $"the longest silence of a connection that was open at a kill: {run.Silences}",
            $"the actor of a further queue failed first: {run.NetworkQueueKills} times the card's, {run.DiskQueueKills} times a disk's",
        ]);
        var areHit = run.NetworkQueueKills * LeastQueueShare >= run.Network.Count && run.DiskQueueKills * LeastQueueShare >= run.Disk.Count;
        return processors > 1 && !areHit
            ? $"of {run.Network.Count} kills of the network card {run.NetworkQueueKills} were of a further queue pair's actor, of {run.Disk.Count} of disks {run.DiskQueueKills} of a further queue's"
            : null;
    }

    /// <summary>The power goes; then all that was acknowledged must be there.</summary>
    private async Task LoseAsync(GuestOptions looking, VolatileDisk store, VolatileDisk? files, StoreLedger ledger, Random random, CancellationToken cancellation)
    {
        store.CutPower(random);
        files?.CutPower(random);
        using (var guest = StoreGuest.Boot(image, looking with { CommandLine = "power 0 look" }, [store], ledger))
        {
            await PowerTest.LookAsync(guest, ledger, cancellation).ConfigureAwait(false);
        }

        if (files is null)
        {
            return;
        }

        await Ext4Disk.CheckReplayedAsync(files, cancellation).ConfigureAwait(false);
        using (var guest = StoreGuest.Boot(image, looking with { CommandLine = "power 0 look files" }, [files], ledger))
        {
            await PowerTest.LookAsync(guest, ledger, cancellation).ConfigureAwait(false);
        }

        await Ext4Disk.CheckAsync(files, cancellation).ConfigureAwait(false);
    }

    /// <summary>One connection after the other, until the kills are over.</summary>
    private async Task MoveAsync(int number, KillRun run, CancellationToken cancellation)
    {
        var random = new Random((options.Seed * Connections) + number);
        while (!run.IsOver)
        {
            var before = run.Kills;
            try
            {
                var (count, silence) = await MoveOneAsync(number, random, cancellation).ConfigureAwait(false);
                run.Moved(count, silence, wasOpenAtKill: run.Kills > before);
            }
            catch (IOException broken) when (harms)
            {
                run.Broke(broken.Message);
            }
        }
    }

    /// <summary>The guest serves as if nothing had been.</summary>
    private static Task ServesAsync(CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, Connections).Select(number => MoveOneAsync(number, new Random(number), cancellation)));

    private static async Task<(long Count, TimeSpan Silence)> MoveOneAsync(int number, Random random, CancellationToken cancellation)
    {
        var server = number % 2 == 0 ? GuestOnTap.EndPoint : new IPEndPoint(GuestOnTap.EndPoint.Address, SocketsPort);
        var count = (long)random.Next(LeastBytes, MostBytes) / sizeof(ulong) * sizeof(ulong);
        var silence = random.Next(2) == 0
            ? await ByteConnection.GetAsync(server, count, cancellation).ConfigureAwait(false)
            : await ByteConnection.PutAsync(server, count, cancellation).ConfigureAwait(false);
        return (count, silence);
    }

    private static async Task WaitAsync(StoreGuest guest, Task what, string words, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        while (!what.IsCompleted)
        {
            if (!guest.IsAlive || clock.Elapsed > _patience)
            {
                throw new UserError($"the guest {(guest.IsAlive ? "does not come" : "ended before it came")} {words}.{guest.LastWords}", exitCode: ExitCodes.Failure);
            }

            await Task.Delay(50, cancellation).ConfigureAwait(false);
        }
    }

    private static async Task AskAsync(string path, StoreGuest guest, CancellationToken cancellation)
    {
        if (await GuestOnTap.TryGetAsync(path, TimeSpan.FromSeconds(30), cancellation).ConfigureAwait(false) is null)
        {
            throw new UserError($"the guest does not answer {path}.{guest.LastWords}", exitCode: ExitCodes.Failure);
        }
    }
}
