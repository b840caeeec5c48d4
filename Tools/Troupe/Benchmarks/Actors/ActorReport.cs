using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks.Actors;

/// <summary>What <c>bench actors</c> says: on the terminal and, between two marks, in docs/benchmarks.md, with a plot.</summary>
public sealed class ActorReport(ActorMeasurements measured, IReadOnlyList<string> contenders, IReadOnlyList<ActorRow> rows, int runs, string conditions)
{
    private const string Page = "benchmarks.md";
    private const string Plot = "benchmarks-actors.svg";
    private static readonly int[] _processors = [1, 2];

    private IReadOnlyList<string> Peers => [.. contenders.Where(contender => contender != ActorContender.Ours)];

    /// <summary>The tables and the bars, on standard output.</summary>
    public void Print()
    {
        foreach (var (title, headings, cells) in Tables())
        {
            Console.WriteLine();
            Console.WriteLine(title);
            Output.Table(headings, cells);
        }
    }

    /// <summary>Puts the tables and the plot into the docs.</summary>
    public async Task WriteAsync(Repository repository, CancellationToken cancellation)
    {
        var docs = Path.Combine(repository.Root, "docs");
        var page = Path.Combine(docs, Page);
        List<string> lines = [$"{conditions}; medians of {runs}.", string.Empty, $"![How many times our time others take, on one processor]({Plot})"];
        foreach (var (title, headings, cells) in Tables())
        {
            lines.AddRange([string.Empty, $"{title}:", string.Empty, .. MarkedSection.Table(headings, cells)]);
        }

        await MarkedSection.ReplaceAsync(page, "./troupe bench actors", lines, cancellation).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(docs, Plot), RatioPlot.Draw(PlotRows(), Peers), cancellation).ConfigureAwait(false);
        Output.Say($"written: docs/{Page}, docs/{Plot}");
    }

    private IEnumerable<(string Title, IReadOnlyList<string> Headings, List<IReadOnlyList<string>> Rows)> Tables()
    {
        foreach (var processors in _processors)
        {
            var on = processors == 1 ? "one processor" : "two processors";
            var messaging = Measured(ActorRow.Messaging, processors);
            if (messaging.Count > 0)
            {
                yield return ($"On {on}, nanoseconds a message or actor, or bytes", ["what", .. contenders, "best peer / ours", "bar", ""],
                    messaging.ConvertAll(row => Compared(row, processors)));
            }

            var contended = Measured(ActorRow.Contended, processors);
            if (contended.Count > 0)
            {
                yield return ($"So many senders to one, on {on}, nanoseconds a message", ["senders", .. contenders],
                    [.. contended.Select(row => (IReadOnlyList<string>)[row.Label, .. contenders.Select(contender => Value(row, processors, contender))]), .. Share(processors)]);
            }

            var savina = Measured(ActorRow.Savina, processors);
            if (savina.Count > 0)
            {
                yield return ($"Savina, on {on}, milliseconds a run", ["benchmark", ActorContender.Ours, ActorContender.Akka, "theirs / ours"],
                    savina.ConvertAll(row => (IReadOnlyList<string>)
                    [
                        row.Label, Value(row, processors, ActorContender.Ours), Value(row, processors, ActorContender.Akka),
                        Sample.Text(Ratio(row, processors, ActorContender.Akka), "0.00"),
                    ]));
            }
        }
    }

    private List<ActorRow> Measured(IEnumerable<ActorRow> kind, int processors) =>
        [.. kind.Where(row => rows.Contains(row) && !double.IsNaN(measured.Median(row, processors, ActorContender.Ours)))];

    private IReadOnlyList<string> Compared(ActorRow row, int processors)
    {
        var best = measured.Best(row, processors, Peers);
        var ratio = Ratio(row, processors, best);
        var bar = processors == 1 ? row.Bar : row.Unit == ActorUnit.Nanoseconds ? ActorRow.TwoProcessorBar : null;
        var ours = measured.Median(row, processors, ActorContender.Ours);
        var (limit, verdict) = (row.Most, bar) switch
        {
            ({ } most, _) => (most < 1 ? "0" : $"at most {most}", Verdict(ours <= most)),
            (_, { } times) => (Sample.Text(times, "0.0", "x"), Verdict(ratio >= times)),
            _ => (string.Empty, string.Empty),
        };
        return
        [
            row.Label, .. contenders.Select(contender => Value(row, processors, contender)),
            best is null || row.Most < 1 ? "-" : $"{Sample.Text(ratio, "0.00")} ({best})", limit, verdict,
        ];
    }

    /// <summary>The last line of the table of contention: throughput at the most senders against the best.</summary>
    private IEnumerable<IReadOnlyList<string>> Share(int processors)
    {
        var contended = Measured(ActorRow.Contended, processors);
        if (contended.Count != ActorRow.Contended.Count)
        {
            return [];
        }

        double Of(string contender) => contended.Min(row => measured.Median(row, processors, contender)) / measured.Median(contended[^1], processors, contender);
        var ours = Of(ActorContender.Ours);
        var verdict = processors == 1 ? $" (bar {ActorRow.ContendedBar * 100:0} %: {Verdict(ours >= ActorRow.ContendedBar)})" : string.Empty;
        return
        [
            [
                "throughput at 128, of the best",
                .. contenders.Select(contender => Sample.Text(Of(contender) * 100, "0", " %") + (contender == ActorContender.Ours ? verdict : string.Empty)),
            ],
        ];
    }

    private List<(string Label, IReadOnlyList<double> Ratios)> PlotRows() =>
        Measured(ActorRow.Messaging.Where(row => row.Unit == ActorUnit.Nanoseconds), 1)
            .ConvertAll(row => (row.Label, (IReadOnlyList<double>)[.. Peers.Select(peer => Ratio(row, 1, peer))]));

    private double Ratio(ActorRow row, int processors, string? peer) =>
        peer is null ? double.NaN : measured.Median(row, processors, peer) / measured.Median(row, processors, ActorContender.Ours);

    private string Value(ActorRow row, int processors, string contender)
    {
        var median = measured.Median(row, processors, contender);
        return Sample.Text(median, median < 10 && row.Unit == ActorUnit.Milliseconds ? "0.0" : "0");
    }

    private static string Verdict(bool met) => met ? "met" : "**missed**";
}
