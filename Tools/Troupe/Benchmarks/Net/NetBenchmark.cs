using System.Globalization;
using Troupe.Tools.Benchmarks.Peer;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks.Net;

/// <summary>What to measure.</summary>
/// <param name="Rounds">Rounds, in each of which every guest has its turn.</param>
/// <param name="Seconds">Length of one measurement.</param>
/// <param name="Processors">Guests of so many processors.</param>
/// <param name="Only">Rows whose names contain it; null for all.</param>
/// <param name="Extra">Further arguments for QEMU, such as a card without offloads.</param>
/// <param name="WritesPage">Whether docs/benchmarks.md is written.</param>
internal sealed record NetBenchmarkOptions(int Rounds, int Seconds, IReadOnlyList<int> Processors, string? Only, IReadOnlyList<string> Extra, bool WritesPage);

/// <summary><c>troupe bench net</c>: our guest and a Linux guest with the same program, in turn at the same tap.</summary>
internal sealed class NetBenchmark(Repository repository, NetBenchmarkOptions options)
{
    private const int WarmUpSeconds = 1;
    private const string Command = "./troupe bench net";

    private static readonly NetRow _usual = new(NetRowKind.KeepAlive, NetRow.UsualConnections);

    private readonly Comparison _comparison = new();
    private readonly Dictionary<(string Guest, int Processors), List<HttpCost>> _costs = [];
    private long _errors;

    /// <summary>Runs, prints, and writes the page.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var rows = Comparison.Matching(NetRow.All, options.Only);
        var app = repository.FindApp("Apps/Benchmark");
        Contestant[] guests =
        [
            Contestant.Troupe(await new ImageBuild(repository).EnsureAsync(app, force: false, cancellation).ConfigureAwait(false)),
            Contestant.Linux(await new PeerBuild(repository).EnsureAsync(app, cancellation).ConfigureAwait(false)),
        ];
        var record = await BenchmarkRecord.CreateAsync(repository, "net", cancellation).ConfigureAwait(false);
        var network = await TapNetwork.CreateAsync(cancellation).ConfigureAwait(false);
        await using (network.ConfigureAwait(false))
        {
            var rounds = new TapRounds("net", network, guests, options.Processors, machine => machine with { Extra = [.. machine.Extra, .. options.Extra] });
            Task RoundAsync(int round, IReadOnlyList<NetRow> measured) => rounds.RunAsync(
                round, options.Rounds, (guest, processors) => MeasureAsync(network, record, guest, processors, round, measured, cancellation), cancellation);

            // The rate at which answers are timed follows from what the slower guest can do, so both must have been loaded once.
            if (rows.Any(row => row.Kind == NetRowKind.Latency))
            {
                await RoundAsync(0, [_usual]).ConfigureAwait(false);
            }

            for (var round = 1; round <= options.Rounds; round++)
            {
                await RoundAsync(round, rows).ConfigureAwait(false);
            }
        }

        List<string> page = [$"{record.Conditions}; {options.Rounds} interleaved rounds of {options.Seconds} s a measurement, medians (least to most):", string.Empty];
        page.AddRange(Report(rows));
        page.ForEach(Console.WriteLine);
        if (options.WritesPage)
        {
            await MarkedSection.ReplaceAsync(Path.Combine(repository.Root, "docs", "benchmarks.md"), Command, page, cancellation).ConfigureAwait(false);
        }

        record.Close();
    }

    private async Task MeasureAsync(
        TapNetwork network, BenchmarkRecord record, Contestant guest, int processors, int round, IReadOnlyList<NetRow> rows, CancellationToken cancellation)
    {
        await HttpLoad.RunAsync(network, NetRow.UsualConnections, keepAlive: true, WarmUpSeconds, cancellation).ConfigureAwait(false);
        Dictionary<string, long>? before = null;
        long requests = 0;
        foreach (var row in rows)
        {
            var load = BenchmarkRecord.Load;
            double value;
            if (row.Kind is NetRowKind.KeepAlive or NetRowKind.Close)
            {
                // These stand together, behind the streams.
                before ??= await StatisticsAsync(network, cancellation).ConfigureAwait(false);
                var result = await HttpLoad.RunAsync(network, row.Connections, row.Kind == NetRowKind.KeepAlive, options.Seconds, cancellation).ConfigureAwait(false);
                value = result.PerSecond;
                requests += result.Requests;
                _errors += result.Errors;
            }
            else
            {
                value = row.Kind == NetRowKind.Latency
                    ? await HttpLoad.Percentile99Async(network, row.Connections, _comparison.OfSlower(processors, _usual) / 2, options.Seconds, cancellation).ConfigureAwait(false)
                    : await GuestStream.MeasureAsync(network, row.Kind, options.Seconds, cancellation).ConfigureAwait(false);
            }

            record.Add(new { guest = guest.Name, processors, round, row = row.Name, row.Unit, value, load });
            Output.Say($"net:   {row.Name}: {Sample.Text(value, row.Format)} {row.Unit}");
            _comparison.Of(guest.Name, processors, row).Add(value);
        }

        if (before is not null && requests > 0 && round > 0)
        {
            Cost(guest, processors).Add(new HttpCost(requests, before, await StatisticsAsync(network, cancellation).ConfigureAwait(false)));
        }
    }

    private List<HttpCost> Cost(Contestant guest, int processors)
    {
        if (!_costs.TryGetValue((guest.Name, processors), out var costs))
        {
            _costs[(guest.Name, processors)] = costs = [];
        }

        return costs;
    }

    private static async Task<Dictionary<string, long>> StatisticsAsync(TapNetwork network, CancellationToken cancellation)
    {
        var text = await network.InsideAsync(
            ["curl", "-sS", "--fail", "--max-time", "10", $"http://{TapNetwork.GuestAddress}:{Contestant.GuestPort}/statistics"], cancellation).ConfigureAwait(false);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => long.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private IEnumerable<string> Report(IReadOnlyList<NetRow> rows)
    {
        foreach (var line in _comparison.Table(rows, options.Processors))
        {
            yield return line;
        }

        if (_costs.Count == 0)
        {
            yield break;
        }

        yield return string.Empty;
        yield return "Under the HTTP load of a round (medians; pauses of the worst round):";
        yield return string.Empty;
        foreach (var line in MarkedSection.Table(
            ["guest", "processors", "bytes allocated a request", "collections", "pause p50", "p99", "max"],
            _costs.Select(entry => (IReadOnlyList<string>)
            [
                entry.Key.Guest, Comparison.Processors(entry.Key.Processors),
                Sample.Text(Of(entry.Value, cost => cost.BytesPerRequest).Median),
                Sample.Text(Of(entry.Value, cost => cost.Difference("collections")).Median),
                .. ((string[])["p50", "p99", "max"]).Select(name =>
                    Sample.Text(Of(entry.Value, cost => cost.After[$"pause-{name}-microseconds"] / 1000.0).Most, "0.00", " ms")),
            ])))
        {
            yield return line;
        }

        yield return string.Empty;
        yield return $"Errors of the load generators: {_errors}.";
    }

    private static Sample Of(List<HttpCost> costs, Func<HttpCost, double> value)
    {
        var sample = new Sample();
        costs.ForEach(cost => sample.Add(value(cost)));
        return sample;
    }

    private sealed record HttpCost(long Requests, Dictionary<string, long> Before, Dictionary<string, long> After)
    {
        public double BytesPerRequest => Difference("allocated-bytes") / Requests;

        public double Difference(string name) => After[name] - Before[name];
    }
}
