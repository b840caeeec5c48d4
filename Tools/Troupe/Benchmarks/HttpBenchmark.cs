using System.Globalization;
using Troupe.Tools.Benchmarks.Peer;
using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks;

/// <summary>Requests a second of ours and of Linux's guest, in turn, and what one request costs: switches of threads, wake-ups, pauses
/// of the garbage collector. The program (Apps/Benchmark) tells what its machine counted.</summary>
public sealed class HttpBenchmark(Repository repository)
{
    private const int WarmUpSeconds = 2;
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(60);

    /// <summary>Runs, and prints the tables.</summary>
    /// <param name="app">The program in both guests.</param>
    /// <param name="runs">Runs of each guest on each machine.</param>
    /// <param name="seconds">Length of a run.</param>
    /// <param name="memory">Megabytes of each guest.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task RunAsync(App app, int runs, int seconds, int memory, CancellationToken cancellation)
    {
        var image = await new ImageBuild(repository).EnsureAsync(app, force: false, cancellation).ConfigureAwait(false);
        var peer = await new PeerBuild(repository).EnsureAsync(app, cancellation).ConfigureAwait(false);
        var record = await BenchmarkRecord.CreateAsync(repository, "http", cancellation).ConfigureAwait(false);
        Contestant[] contestants = [Contestant.Troupe(image), Contestant.TroupeOnPool(image), Contestant.Linux(peer)];
        Dictionary<(Contestant, int), List<HttpRun>> all = [];
        for (var run = 1; run <= runs; run++)
        {
            Output.Say($"http: run {run} of {runs}, load {BenchmarkRecord.Load}");
            foreach (var processors in (int[])[1, 2])
            {
                foreach (var contestant in contestants)
                {
                    var load = BenchmarkRecord.Load;
                    var measured = await MeasureAsync(contestant, processors, memory, seconds, cancellation).ConfigureAwait(false);
                    record.Add(new { guest = contestant.Name, processors, memory, run, load, measured.Load, measured.Before, measured.After });
                    if (!all.TryGetValue((contestant, processors), out var list))
                    {
                        all[(contestant, processors)] = list = [];
                    }

                    list.Add(measured);
                }
            }
        }

        Print(contestants, all, runs, seconds, memory);
        record.Close();
    }

    private static async Task<HttpRun> MeasureAsync(Contestant contestant, int processors, int memory, int seconds, CancellationToken cancellation)
    {
        var last = new Queue<string>();
        var (guest, port, time) = await FirstAnswer.StartAsync(
            contestant.On(GuestMachine.Q35, processors, memory),
            _longest,
            line =>
            {
                lock (last)
                {
                    last.Enqueue(line);
                    if (last.Count > 40)
                    {
                        last.Dequeue();
                    }
                }
            },
            cancellation).ConfigureAwait(false);
        using (guest)
        {
            try
            {
                if (time is null)
                {
                    throw new HttpRequestException("it did not answer at all");
                }

                await LoadGenerator.RunAsync(port, WarmUpSeconds, cancellation).ConfigureAwait(false);
                var before = await StatisticsAsync(port, cancellation).ConfigureAwait(false);
                var load = await LoadGenerator.RunAsync(port, seconds, cancellation).ConfigureAwait(false);
                return new HttpRun(load, before, await StatisticsAsync(port, cancellation).ConfigureAwait(false));
            }
            catch (HttpRequestException exception)
            {
                lock (last)
                {
                    throw new UserError(
                        $"the {contestant.Name} guest with {processors} processor(s) failed: {exception.Message}\n{string.Join('\n', last)}", exitCode: ExitCodes.Failure);
                }
            }
        }
    }

    private static async Task<Dictionary<string, long>> StatisticsAsync(int port, CancellationToken cancellation)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            var text = await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/statistics"), cancellation).ConfigureAwait(false);
            return text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(' '))
                .ToDictionary(parts => parts[0], parts => long.Parse(parts[1], CultureInfo.InvariantCulture));
        }
        catch (TaskCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new HttpRequestException("it no longer answers after the load", exception);
        }
    }

    private static void Print(Contestant[] contestants, Dictionary<(Contestant, int), List<HttpRun>> all, int runs, int seconds, int memory)
    {
        Console.WriteLine($"requests/s, {runs} interleaved runs of {seconds} s, wrk -t1 -c16 keep-alive, q35, {memory} MB, -cpu max,-erms, TCG");
        var keys = ((int[])[1, 2]).SelectMany(processors => contestants.Select(contestant => (contestant, processors))).ToList();
        Output.Table(["processors", "guest", "median", "least", "most", "errors", "to linux"], keys.Select(key =>
        {
            var rate = Of(all[key], run => run.Load.PerSecond);
            var ratio = rate.Median / Of(all[(contestants[^1], key.processors)], run => run.Load.PerSecond).Median;
            return (IReadOnlyList<string>)
            [
                key.processors == 1 ? "1,maxcpus=2" : $"{key.processors}", key.contestant.Name, Sample.Text(rate.Median), Sample.Text(rate.Least), Sample.Text(rate.Most),
                $"{all[key].Sum(run => run.Load.Errors)}", key.contestant == contestants[^1] ? string.Empty : Sample.Text(ratio, "0.00"),
            ];
        }));
        Console.WriteLine();
        Console.WriteLine("a request's cost (medians; - where Linux does not say), and the collector's pauses since the guest's start (worst run)");
        Output.Table(
            ["processors", "guest", "switches", "wake-ups", "preemptions", "interrupts", "system calls", "collections", "pause p50", "p99", "max"],
            keys.Select(key => (IReadOnlyList<string>)
            [
                key.processors == 1 ? "1,maxcpus=2" : $"{key.processors}", key.contestant.Name,
                .. ((string[])["context-switches", "wake-ups", "preemptions", "interrupts", "system-calls"])
                    .Select(name => Sample.Text(Of(all[key], run => run.PerRequest(name)).Median, "0.00")),
                Sample.Text(Of(all[key], run => run.After["collections"] - run.Before["collections"]).Median),
                .. ((string[])["p50", "p99", "max"])
                    .Select(name => Sample.Text(Of(all[key], run => run.After[$"pause-{name}-microseconds"] / 1000.0).Most, "0.00", " ms")),
            ]));
    }

    private static Sample Of(List<HttpRun> runs, Func<HttpRun, double> value)
    {
        var sample = new Sample();
        runs.ForEach(run => sample.Add(value(run)));
        return sample;
    }

    private sealed record HttpRun(LoadResult Load, Dictionary<string, long> Before, Dictionary<string, long> After)
    {
        public double PerRequest(string name) =>
            Before.TryGetValue(name, out var before) && Load.Requests > 0 ? (After[name] - before) / (double)Load.Requests : double.NaN;
    }
}
