using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Troupe.Tools.Testing;

namespace Troupe.Tools.Verification;

/// <summary>What a verification did, as text, JSON and HTML under artifacts/verify.</summary>
/// <param name="Title">The command.</param>
/// <param name="Searches">What was searched.</param>
/// <param name="Tests">How the tests ended; those that fail without a search having failed are findings too.</param>
/// <param name="Coverage">Which atomic operations were reached, if all that could reach them ran.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record VerificationReport(string Title, IReadOnlyList<SearchRecord> Searches, IReadOnlyList<TestOutcome> Tests, AtomicCoverage? Coverage, TimeSpan Elapsed)
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <summary>What was found where nothing is planted.</summary>
    public IReadOnlyList<SearchRecord> Findings => [.. Searches.Where(search => search is { IsPlanted: false, Finding: not null })];

    /// <summary>Tests that failed.</summary>
    public IReadOnlyList<TestOutcome> Failures => [.. Tests.Where(test => test.State == TestState.Failed)];

    /// <summary>Planted bugs that were found.</summary>
    public int PlantedFound => Searches.Where(search => search is { IsPlanted: true, Finding: not null }).Select(search => search.Test).Distinct().Count();

    /// <summary>Tests with a planted bug.</summary>
    public int Planted => Searches.Where(search => search.IsPlanted).Select(search => search.Test).Distinct().Count();

    /// <summary>All schedules.</summary>
    public long Schedules => Searches.Sum(search => search.Schedules);

    /// <summary>Schedules a second of searching.</summary>
    public double Rate => Schedules / Math.Max(Searches.Sum(search => search.Seconds), 1e-3);

    private IReadOnlyList<IGrouping<(string Tool, string Test, string Mode), SearchRecord>> ByTest =>
        [.. Searches.GroupBy(search => (search.Tool, search.Test, search.Mode)).OrderBy(group => group.Key.Tool, StringComparer.Ordinal).ThenBy(group => group.Key.Test, StringComparer.Ordinal)];

    /// <summary>One line.</summary>
    public string Summary => string.Create(
        CultureInfo.InvariantCulture,
        $"{Schedules:N0} schedules in {Searches.Count} searches of {Searches.Select(search => search.Test).Distinct().Count()} tests, {Rate:N0} a second of search, {Elapsed.TotalSeconds:0} s; {Findings.Count} findings; {PlantedFound} of {Planted} planted bugs found");

    /// <summary>Writes report.txt, report.json and report.html into a folder.</summary>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "report.txt"), Text());
        File.WriteAllText(Path.Combine(folder, "report.json"), JsonSerializer.Serialize(
            new { Title, Time = DateTimeOffset.UtcNow, Elapsed.TotalSeconds, Schedules, Rate, Planted, PlantedFound, Searches, Failures, Coverage?.Operations }, _indented));
        File.WriteAllText(Path.Combine(folder, "report.html"), Html());
    }

    /// <summary>The report for a terminal.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        text.AppendLine(Title).AppendLine(Summary);
        if (Coverage is not null)
        {
            text.AppendLine(Coverage.ToString());
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"seeds: {Seeds()}").AppendLine();
        foreach (var group in ByTest)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{group.Key.Tool,-9} {group.Sum(search => search.Schedules),12:N0} schedules {Verdict(group),-10} {group.Key.Test} ({group.Key.Mode})");
        }

        foreach (var finding in Findings)
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"FOUND by {finding.Tool}: {finding.Test} ({finding.Mode}, seed {finding.Seed})").AppendLine(finding.Finding);
            foreach (var step in finding.Deciding ?? [])
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"  decides: {step}");
            }

            text.AppendLine(CultureInfo.InvariantCulture, $"  ./troupe verify replay '{finding.Replay}'").AppendLine(finding.Diagram);
        }

        foreach (var failure in Failures)
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"FAILED {failure.Name}").AppendLine(failure.Message);
        }

        if (Coverage is not null)
        {
            text.AppendLine().AppendLine("atomic operations that are not reached:");
            foreach (var operation in Coverage.Operations.Where(operation => !operation.IsReached))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"  {operation.Key} ({operation.Line}): {operation.Reason ?? "MISSING"}");
            }
        }

        return text.ToString();
    }

    private static string Verdict(IEnumerable<SearchRecord> group)
    {
        var searches = group.ToList();
        return searches.Any(search => search.Finding is not null) ? searches[0].IsPlanted ? "found" : "FAILED"
            : searches[0].IsPlanted ? "-"
            : searches.All(search => search.IsExhausted) ? "exhausted"
            : "held";
    }

    private string Seeds()
    {
        var seeds = Searches.Select(search => search.Seed).Where(seed => seed != 0).Distinct().ToList();
        return seeds.Count == 0 ? "none" : string.Join(' ', seeds.Take(40)) + (seeds.Count > 40 ? string.Create(CultureInfo.InvariantCulture, $" and {seeds.Count - 40} more in report.json") : string.Empty);
    }

    private string Html()
    {
        static string Escape(string? text) => WebUtility.HtmlEncode(text ?? string.Empty);
        var html = new StringBuilder();
        html.Append("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>").Append(Escape(Title)).Append("</title><style>body{font:15px sans-serif;margin:2em}td,th{padding:.2em .8em;text-align:left;vertical-align:top}")
            .Append("tr:nth-child(odd){background:#f4f4f4}.bad{color:#b00}pre{background:#f4f4f4;padding:1em;overflow:auto}</style>\n<h1>").Append(Escape(Title)).Append("</h1>\n<p>").Append(Escape(Summary)).Append("</p>\n");
        html.Append("<p>seeds: ").Append(Escape(Seeds())).Append("</p>\n");
        foreach (var finding in Findings)
        {
            html.Append("<h2 class=\"bad\">").Append(Escape($"{finding.Tool}: {finding.Test} ({finding.Mode}, seed {finding.Seed})")).Append("</h2>\n<pre>").Append(Escape(finding.Finding)).Append("</pre>\n");
            if (finding.Deciding is { } deciding)
            {
                html.Append("<p>The two steps that decide:</p><pre>").Append(Escape(string.Join('\n', deciding))).Append("</pre>\n");
            }

            html.Append("<p><code>./troupe verify replay '").Append(Escape(finding.Replay)).Append("'</code></p>\n<pre class=\"mermaid\">").Append(Escape(finding.Diagram)).Append("</pre>\n");
        }

        foreach (var failure in Failures)
        {
            html.Append("<h2 class=\"bad\">").Append(Escape(failure.Name)).Append("</h2>\n<pre>").Append(Escape(failure.Message)).Append("</pre>\n");
        }

        html.Append("<h2>Searches</h2>\n<table><tr><th>tool<th>test<th>mode<th>schedules<th>a second<th>seeds<th></tr>\n");
        foreach (var group in ByTest)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Escape(group.Key.Tool)}<td>{Escape(group.Key.Test)}<td>{Escape(group.Key.Mode)}<td>{group.Sum(search => search.Schedules):N0}<td>{group.Sum(search => search.Schedules) / Math.Max(group.Sum(search => search.Seconds), 1e-3):N0}<td>{group.Select(search => search.Seed).Distinct().Count()}<td>{Verdict(group)}</tr>\n");
        }

        html.Append("</table>\n");
        if (Coverage is not null)
        {
            html.Append("<h2>Atomic operations</h2>\n<p>").Append(Escape(Coverage.ToString())).Append("</p>\n<table><tr><th>operation<th>line<th></tr>\n");
            foreach (var operation in Coverage.Operations)
            {
                html.Append("<tr><td>").Append(Escape(operation.Key)).Append("<td>").Append(Escape(operation.Line)).Append(operation.IsReached ? "<td>reached" : operation.Reason is null ? "<td class=\"bad\">missing" : "<td>" + Escape(operation.Reason)).Append("</tr>\n");
            }

            html.Append("</table>\n");
        }

        return html.ToString();
    }
}
