using System.Diagnostics;
using System.Globalization;
using Troupe.Tools.Commands;
using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Power;

/// <summary>
/// <c>troupe test power</c>: guests whose log store is changed all the time, on a disk with a volatile cache whose power goes at a random request; each boots on what the cut before
/// has left. The same with files of System.IO, which Linux looks at after each cut too. Then the same where a flush does nothing, in the disk and in the guest, which must be found out.
/// </summary>
internal sealed class PowerTest(Image image, CrashTestOptions options)
{
    /// <summary>1 MB: an area is full after a hundred commits, so cuts come in the middle of compactions.</summary>
    private const int Sectors = 2048;

    /// <summary>What a guest is told that keeps its values in files, and one that flushes nothing.</summary>
    private const string Files = " files", Unflushed = " unflushed";

    /// <summary>More than a guest makes changes.</summary>
    private const long NumbersPerBoot = 1_000_000;

    // Opening the log takes some 20 requests, and a commit two: a write and a flush.
    private const int RequestsOfOpening = 30;
    private const int MostRequests = 400;

    private readonly List<string> _failures = [];

    /// <summary>Runs it and says by its exit code whether all held.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var passed = 0;
        passed += await HoldAsync("the store", new VolatileDisk(Sectors), string.Empty, cancellation).ConfigureAwait(false) ? 1 : 0;
        passed += await HoldAsync("files", await Ext4Disk.MakeAsync(flushes: true, cancellation).ConfigureAwait(false), Files, cancellation).ConfigureAwait(false) ? 1 : 0;
        passed += await FindAsync("a disk whose flush does nothing", new VolatileDisk(Sectors, flushes: false), string.Empty, cancellation).ConfigureAwait(false) ? 1 : 0;
        passed += await FindAsync("files on a disk whose flush does nothing", await Ext4Disk.MakeAsync(flushes: false, cancellation).ConfigureAwait(false), Files, cancellation).ConfigureAwait(false) ? 1 : 0;
        passed += await FindAsync("a guest whose flush does nothing", new VolatileDisk(Sectors), Unflushed, cancellation).ConfigureAwait(false) ? 1 : 0;
        passed += await FindAsync("files that nobody flushes", await Ext4Disk.MakeAsync(flushes: true, cancellation).ConfigureAwait(false), Files + Unflushed, cancellation).ConfigureAwait(false) ? 1 : 0;
        _failures.ForEach(Console.WriteLine);
        Console.WriteLine($"{passed} passed, {_failures.Count} failed");
        return _failures.Count == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private async Task<bool> HoldAsync(string what, VolatileDisk disk, string word, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var (cuts, ledger, failure) = await CutAsync(disk, word, cancellation).ConfigureAwait(false);
        Output.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"power: {what}: seed {options.Seed}: {cuts} cuts in {clock.Elapsed.TotalSeconds:0} s, {ledger.Acknowledged} changes acknowledged, {ledger.Found} values looked at: {failure ?? "all there"}"));
        if (failure is not null)
        {
            _failures.Add($"FAILED {what}, at cut {cuts} of seed {options.Seed}: {failure}");
        }

        return failure is null;
    }

    private async Task<bool> FindAsync(string what, VolatileDisk disk, string word, CancellationToken cancellation)
    {
        var (cuts, _, failure) = await CutAsync(disk, word, cancellation).ConfigureAwait(false);
        Output.Say($"power: {what}: {(failure is null ? $"NOT found out in {cuts} cuts" : $"found out at cut {cuts}: {failure.Split('\n')[0]}")}");
        if (failure is null)
        {
            _failures.Add($"FAILED {what}: nothing was lost in {cuts} cuts of seed {options.Seed}");
        }

        return failure is not null;
    }

    /// <summary>Cuts until something is lost or all cuts were made; after the last, a guest looks once more.</summary>
    private async Task<(int Cuts, StoreLedger Ledger, string? Failure)> CutAsync(VolatileDisk disk, string word, CancellationToken cancellation)
    {
        var random = new Random(options.Seed);
        var ledger = new StoreLedger();
        for (var cut = 1; cut <= options.Count + 1; cut++)
        {
            var isLast = cut > options.Count;
            var guest = new GuestOptions
            {
                Image = image.Elf,
                Machine = GuestMachine.MicroVm,
                Processors = options.Processors[cut % options.Processors.Count],
                Network = new GuestNetwork(GuestNetworkKind.None),
                CommandLine = $"power {(cut * NumbersPerBoot) + 1}{(isLast ? " look" : string.Empty)}{word}",
            };
            var moment = isLast ? PowerCut.Never : new PowerCut(1 + random.Next(random.Next(4) == 0 ? RequestsOfOpening : MostRequests), random.Next(2) == 0);
            try
            {
                using var booted = StoreGuest.Boot(image, guest, [disk], ledger, moment);
                if (isLast)
                {
                    await LookAsync(booted, ledger, cancellation).ConfigureAwait(false);
                    if (word == Files)
                    {
                        await Ext4Disk.CheckAsync(disk, cancellation).ConfigureAwait(false);
                    }

                    return (options.Count, ledger, null);
                }

                await booted.LosePowerAsync(cancellation).ConfigureAwait(false);
                disk.CutPower(random);
                if (word.StartsWith(Files, StringComparison.Ordinal))
                {
                    await Ext4Disk.CheckReplayedAsync(disk, cancellation).ConfigureAwait(false);
                }
            }
            catch (UserError lost) when (lost.ExitCode == ExitCodes.Failure)
            {
                return (cut, ledger, lost.Message);
            }

            if (cut % 20 == 0)
            {
                Output.Say($"power: {cut} cuts, {ledger.Acknowledged} changes acknowledged, {ledger.Found} values looked at");
            }
        }

        throw new UnreachableException();
    }

    /// <summary>A guest that looks at everything and ends by itself.</summary>
    public static async Task LookAsync(StoreGuest guest, StoreLedger ledger, CancellationToken cancellation)
    {
        var code = await guest.ExitsAsync(cancellation).ConfigureAwait(false);
        guest.Settle();
        if (code != 0 || !ledger.IsChecked)
        {
            throw new UserError($"the guest that looks ended with {code?.ToString(CultureInfo.InvariantCulture) ?? "no code"}.{guest.LastWords}", exitCode: ExitCodes.Failure);
        }
    }
}
