using System.Diagnostics;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks.Actors;

/// <summary>
/// Our actors beside others': each contender is a process that stays, all of them measure a row in turn, run after run, so that the host's moods hit all alike.
/// First all rows on one processor, then on two. docs/benchmarks.md says how and why.
/// </summary>
public sealed class ActorBenchmark(Repository repository)
{
    /// <summary>Runs that count, by default: the fewest with which medians go into the docs.</summary>
    public const int UsualRuns = 7;

    private const int LeastWarmRuns = 2;
    private static readonly TimeSpan _warming = TimeSpan.FromMilliseconds(700);

    /// <summary>Runs, prints the tables, and writes them into the docs if asked to.</summary>
    /// <param name="options">What is measured, and how often.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task RunAsync(ActorBenchmarkOptions options, CancellationToken cancellation)
    {
        var rows = options.Rows();
        var contenders = await ActorContender.BuildAsync(repository, options.Part, cancellation).ConfigureAwait(false);
        var record = await BenchmarkRecord.CreateAsync(repository, "actors", cancellation, guests: false).ConfigureAwait(false);
        var measured = new ActorMeasurements();
        // The last processors: the first serves most of a host's interrupts.
        var last = Environment.ProcessorCount - 1;
        (int Count, string List)[] settings = last == 0 ? [(1, "0")] : [(1, $"{last}"), (2, $"{last - 1},{last}")];
        foreach (var (count, list) in settings)
        {
            List<ContenderProcess> processes = [];
            try
            {
                foreach (var contender in contenders)
                {
                    processes.Add(await ContenderProcess.StartAsync(contender, list, cancellation).ConfigureAwait(false));
                }

                foreach (var row in rows)
                {
                    Output.Say($"actors: {row.Name} on {count} processor(s), load {BenchmarkRecord.Load}");
                    await MeasureAsync(row, count, processes, options.Runs, measured, record, cancellation).ConfigureAwait(false);
                }
            }
            finally
            {
                processes.ForEach(process => process.Dispose());
            }
        }

        var report = new ActorReport(measured, [.. contenders.Select(contender => contender.Name)], rows, options.Runs, record.Conditions);
        report.Print();
        record.Close();
        if (options.WritesDocs)
        {
            await report.WriteAsync(repository, cancellation).ConfigureAwait(false);
        }
    }

    private static async Task MeasureAsync(
        ActorRow row, int processors, List<ContenderProcess> processes, int runs, ActorMeasurements measured, BenchmarkRecord record, CancellationToken cancellation)
    {
        List<ContenderProcess> taking = [];
        foreach (var process in processes)
        {
            if (await WarmAsync(row, process, cancellation).ConfigureAwait(false))
            {
                taking.Add(process);
            }
        }

        for (var run = 0; run < runs; run++)
        {
            foreach (var process in taking)
            {
                if (await process.MeasureAsync(row, cancellation).ConfigureAwait(false) is { } value)
                {
                    measured.Add(row, processors, process.Contender.Name, value);
                }
            }
        }

        record.Add(new
        {
            row = row.Name,
            processors,
            load = BenchmarkRecord.Load,
            values = taking.ToDictionary(process => process.Contender.Name, process => measured.Of(row, processors, process.Contender.Name).Values),
        });
    }

    /// <summary>Runs that are not counted, until the compiler has had its time. False: the contender has no such row.</summary>
    private static async Task<bool> WarmAsync(ActorRow row, ContenderProcess process, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        for (var run = 0; run < LeastWarmRuns || clock.Elapsed < _warming; run++)
        {
            if (await process.MeasureAsync(row, cancellation).ConfigureAwait(false) is null)
            {
                return false;
            }
        }

        return true;
    }
}
