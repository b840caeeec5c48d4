using Troupe.Tools.Benchmarks.Net;
using Troupe.Tools.Benchmarks.Peer;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks.Io;

/// <summary>What to measure.</summary>
/// <param name="Rounds">Rounds, in each of which every guest has its turn.</param>
/// <param name="Seconds">Length of one measurement.</param>
/// <param name="Processors">Guests of so many processors.</param>
/// <param name="Only">Rows whose names contain it; null for all.</param>
/// <param name="WritesPage">Whether docs/benchmarks.md is written.</param>
internal sealed record IoBenchmarkOptions(int Rounds, int Seconds, IReadOnlyList<int> Processors, string? Only, bool WritesPage);

/// <summary><c>troupe bench io</c>: disk and network of our guest and of a Linux guest with the same program and the same emulated devices, in turn.</summary>
internal sealed class IoBenchmark(Repository repository, IoBenchmarkOptions options)
{
    private const string Command = "./troupe bench io";

    // Of each guest, before the first measurement: code that runs for the first time is slow in both.
    private const int WarmUpSeconds = 1;

    private readonly Comparison _comparison = new();
    private long _lost;

    /// <summary>Runs, prints, and writes the page.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var rows = Comparison.Matching(IoRow.All, options.Only);
        var app = repository.FindApp("Apps/Benchmark");
        Contestant[] guests =
        [
            Contestant.Troupe(await new ImageBuild(repository).EnsureAsync(app, force: false, cancellation).ConfigureAwait(false)),
            Contestant.Linux(await new PeerBuild(repository).EnsureAsync(app, cancellation, withDisks: true).ConfigureAwait(false)),
        ];
        var record = await BenchmarkRecord.CreateAsync(repository, "io", cancellation).ConfigureAwait(false);
        using var file = BackingFile.Create();
        var network = await TapNetwork.CreateAsync(cancellation).ConfigureAwait(false);
        await using (network.ConfigureAwait(false))
        {
            var rounds = new TapRounds("io", network, guests, options.Processors, machine => machine with { Disks = [file.Path] });
            for (var round = 1; round <= options.Rounds; round++)
            {
                var number = round;
                await rounds.RunAsync(
                    round, options.Rounds, (guest, processors) => MeasureAsync(network, record, guest, processors, number, rows, cancellation), cancellation).ConfigureAwait(false);
            }
        }

        List<string> page =
        [
            $"{record.Conditions}; {options.Rounds} interleaved rounds of {options.Seconds} s a measurement, medians (least to most); disk: {file.Description}:",
            string.Empty,
            .. _comparison.Table(rows, options.Processors),
            string.Empty,
            $"Datagrams given up by their client: {_lost}.",
        ];
        page.ForEach(Console.WriteLine);
        if (options.WritesPage)
        {
            await MarkedSection.ReplaceAsync(Path.Combine(repository.Root, "docs", "benchmarks.md"), Command, page, cancellation).ConfigureAwait(false);
        }

        record.Close();
    }

    private async Task MeasureAsync(
        TapNetwork network, BenchmarkRecord record, Contestant guest, int processors, int round, IReadOnlyList<IoRow> rows, CancellationToken cancellation)
    {
        foreach (var work in rows.Select(row => row.Work).Distinct())
        {
            var load = BenchmarkRecord.Load;
            if (work.DiskQuery(WarmUpSeconds) is { } warmUp)
            {
                await AskAsync(network, warmUp, cancellation).ConfigureAwait(false);
            }

            var result = await MeasureAsync(network, work, cancellation).ConfigureAwait(false);
            record.Add(new { guest = guest.Name, processors, round, work = work.Name, values = rows.Where(row => row.Work == work).ToDictionary(row => $"{row.Measure}, {row.Unit}", row => result[row.Measure]), load });
            foreach (var row in rows.Where(row => row.Work == work))
            {
                Output.Say($"io:   {row.Name}: {Sample.Text(result[row.Measure], row.Format)} {row.Unit}");
                _comparison.Of(guest.Name, processors, row).Add(result[row.Measure]);
            }
        }
    }

    private async Task<IoResult> MeasureAsync(TapNetwork network, IoWork work, CancellationToken cancellation)
    {
        if (work.DiskQuery(options.Seconds) is { } query)
        {
            return IoResult.Parse(await AskAsync(network, query, cancellation).ConfigureAwait(false), work);
        }

        if (work.Kind == IoWorkKind.Datagrams)
        {
            var datagrams = await GuestStream.EchoAsync(network, work.Depth, options.Seconds, cancellation).ConfigureAwait(false);
            _lost += datagrams.Lost;
            return IoResult.Of(datagrams);
        }

        var kind = work.Kind == IoWorkKind.BulkReceive ? NetRowKind.BulkReceive : NetRowKind.BulkSend;
        return new IoResult(await GuestStream.MeasureAsync(network, kind, options.Seconds, cancellation).ConfigureAwait(false), double.NaN, double.NaN, double.NaN);
    }

    private async Task<string> AskAsync(TapNetwork network, string query, CancellationToken cancellation)
    {
        var answer = await network.TryInsideAsync(
            ["curl", "-sS", "--fail-with-body", "--max-time", $"{options.Seconds + 60}", $"http://{TapNetwork.GuestAddress}:{Contestant.GuestPort}{query}"], cancellation).ConfigureAwait(false);
        return answer.ExitCode == 0 ? answer.Output : throw new UserError($"{query}: {answer.Output.Trim()}", exitCode: ExitCodes.Failure);
    }
}
