using System.Globalization;
using Troupe.Tools.Benchmarks.Peer;
using Troupe.Tools.Guests;
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
    private const int Memory = 256;
    private const int StreamPort = 8081;
    private const int WarmUpSeconds = 1;
    private const string Command = "./troupe bench net";

    private readonly Dictionary<(string Guest, int Processors, NetRow Row), Sample> _samples = [];
    private readonly Dictionary<(string Guest, int Processors), List<HttpCost>> _costs = [];
    private readonly Queue<string> _lastWords = new();
    private long _errors;

    /// <summary>Runs, prints, and writes the page.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var rows = NetRow.All.Where(row => options.Only is null || row.Name.Contains(options.Only, StringComparison.Ordinal)).ToList();
        if (rows.Count == 0)
        {
            throw new UserError($"no row is called '{options.Only}'.", $"There are: {string.Join("; ", NetRow.All.Select(row => row.Name))}.");
        }

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
            // The rate at which answers are timed follows from what the slower guest can do, so both must have been loaded once.
            if (rows.Any(row => row.Kind == NetRowKind.Latency))
            {
                await RoundAsync(network, record, guests, 0, [new NetRow(NetRowKind.KeepAlive, NetRow.UsualConnections)], cancellation).ConfigureAwait(false);
            }

            for (var round = 1; round <= options.Rounds; round++)
            {
                await RoundAsync(network, record, guests, round, rows, cancellation).ConfigureAwait(false);
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

    private async Task RoundAsync(
        TapNetwork network, BenchmarkRecord record, Contestant[] guests, int round, IReadOnlyList<NetRow> rows, CancellationToken cancellation)
    {
        foreach (var processors in options.Processors)
        {
            // Who begins changes from round to round.
            foreach (var guest in round % 2 == 0 ? guests : guests.Reverse())
            {
                Output.Say($"net: {(round == 0 ? "trial" : $"round {round} of {options.Rounds}")}, {guest.Name}, {processors} processor(s), load {BenchmarkRecord.Load}");
                var machine = guest.On(GuestMachine.Q35, processors, Memory);
                await network.BootAsync(machine with { Extra = [.. machine.Extra, .. options.Extra] }, Remember, cancellation).ConfigureAwait(false);
                try
                {
                    await MeasureAsync(network, record, guest, processors, round, rows, cancellation).ConfigureAwait(false);
                }
                catch (UserError error)
                {
                    lock (_lastWords)
                    {
                        throw new UserError(
                            $"{guest.Name}, {processors} processor(s): {error.Message}{string.Concat(_lastWords.Select(line => "\n    " + line))}", exitCode: ExitCodes.Failure);
                    }
                }
                finally
                {
                    network.EndGuest();
                }
            }
        }
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
                    ? await HttpLoad.Percentile99Async(network, row.Connections, HalfOfSlower(processors), options.Seconds, cancellation).ConfigureAwait(false)
                    : await StreamAsync(network, row.Kind, cancellation).ConfigureAwait(false);
            }

            record.Add(new { guest = guest.Name, processors, round, row = row.Name, row.Unit, value, load });
            Output.Say($"net:   {row.Name}: {Sample.Text(value, row.Format)} {row.Unit}");
            SampleOf(guest.Name, processors, row).Add(value);
        }

        if (before is not null && requests > 0 && round > 0)
        {
            Cost(guest, processors).Add(new HttpCost(requests, before, await StatisticsAsync(network, cancellation).ConfigureAwait(false)));
        }
    }

    private Sample SampleOf(string guest, int processors, NetRow row)
    {
        if (!_samples.TryGetValue((guest, processors, row), out var sample))
        {
            _samples[(guest, processors, row)] = sample = new Sample();
        }

        return sample;
    }

    private List<HttpCost> Cost(Contestant guest, int processors)
    {
        if (!_costs.TryGetValue((guest.Name, processors), out var costs))
        {
            _costs[(guest.Name, processors)] = costs = [];
        }

        return costs;
    }

    private double HalfOfSlower(int processors) =>
        _samples.Where(entry => entry.Key.Processors == processors && entry.Key.Row is { Kind: NetRowKind.KeepAlive, Connections: NetRow.UsualConnections })
            .Min(entry => entry.Value.Median) / 2;

    private async Task<double> StreamAsync(TapNetwork network, NetRowKind kind, CancellationToken cancellation)
    {
        var word = kind switch { NetRowKind.BulkReceive => "receive", NetRowKind.BulkSend => "send", _ => "echo" };
        var result = await network.TryInsideAsync(
            [
                Environment.ProcessPath!, .. OwnAssembly(), "stream", word, TapNetwork.GuestAddress, StreamPort.ToString(CultureInfo.InvariantCulture),
                options.Seconds.ToString(CultureInfo.InvariantCulture),
            ],
            cancellation).ConfigureAwait(false);
        return result.ExitCode == 0 && double.TryParse(result.Output, CultureInfo.InvariantCulture, out var rate)
            ? kind == NetRowKind.RequestReply ? rate : rate / 1e6
            : throw new UserError(result.Output.Trim(), exitCode: ExitCodes.Failure);
    }

    /// <summary>The program is <c>dotnet</c> where the tools run from their assembly, and the tools themselves otherwise.</summary>
    private static string[] OwnAssembly() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(NetBenchmark).Assembly.Location] : [];

    private static async Task<Dictionary<string, long>> StatisticsAsync(TapNetwork network, CancellationToken cancellation)
    {
        var text = await network.InsideAsync(
            ["curl", "-sS", "--fail", "--max-time", "10", $"http://{TapNetwork.GuestAddress}:{Contestant.GuestPort}/statistics"], cancellation).ConfigureAwait(false);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => long.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private IEnumerable<string> Report(List<NetRow> rows)
    {
        foreach (var line in MarkedSection.Table(
            ["what", "processors", "troupe", "linux", "ratio", "bar", ""],
            from processors in options.Processors from row in rows select Line(row, processors)))
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
                entry.Key.Guest, Processors(entry.Key.Processors),
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

    private IReadOnlyList<string> Line(NetRow row, int processors)
    {
        var ours = SampleOf("troupe", processors, row);
        var theirs = SampleOf("linux", processors, row);
        var ratio = ours.Median / theirs.Median;
        string Text(Sample sample) => string.Create(
            CultureInfo.InvariantCulture,
            $"{Sample.Text(sample.Median, row.Format)} {row.Unit} ({Sample.Text(sample.Least, row.Format)} to {Sample.Text(sample.Most, row.Format)})");
        return
        [
            row.Name, Processors(processors), Text(ours), Text(theirs), Sample.Text(ratio, "0.00"),
            row.Bar is { } bar ? $"{(row.IsTime ? "at most" : "at least")} {bar.ToString("0.0", CultureInfo.InvariantCulture)}" : string.Empty,
            row.Bar is null ? string.Empty : row.IsMet(ratio) ? "met" : "**missed**",
        ];
    }

    private static string Processors(int processors) => processors == 1 ? "1,maxcpus=2" : processors.ToString(CultureInfo.InvariantCulture);

    private static Sample Of(List<HttpCost> costs, Func<HttpCost, double> value)
    {
        var sample = new Sample();
        costs.ForEach(cost => sample.Add(value(cost)));
        return sample;
    }

    private void Remember(string line)
    {
        lock (_lastWords)
        {
            _lastWords.Enqueue(line);
            if (_lastWords.Count > 20)
            {
                _lastWords.Dequeue();
            }
        }
    }

    private sealed record HttpCost(long Requests, Dictionary<string, long> Before, Dictionary<string, long> After)
    {
        public double BytesPerRequest => Difference("allocated-bytes") / Requests;

        public double Difference(string name) => After[name] - Before[name];
    }
}
