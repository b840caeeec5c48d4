using System.Globalization;
using System.Text;
using Troupe.Verification.Atomics;

namespace Troupe.Verification.Coyote;

/// <summary>
/// The atomic operations, locks and messages of a failing schedule, for reading: as lines, as a Mermaid diagram, and the two steps that conflict. (Coyote says which task it let
/// go on; what that task then did is seen by the calls that instrumentation put in.)
/// </summary>
internal sealed class ScheduleReader
{
    private const int LongestText = 60;
    private const int LongestDiagram = 150;

    private static readonly Lazy<IReadOnlyList<AtomicSite>> _sites = new(() => AtomicSite.Read(Path.Combine(AppContext.BaseDirectory, "atomic-operations.txt")));

    private readonly IReadOnlyList<AtomicStep> _steps;

    public ScheduleReader(AtomicOperations.Schedule schedule) => _steps = schedule.Steps;

    /// <summary>The last accesses of different parties to one field, one of which writes: where the failing schedule turned, as far as operations show it.</summary>
    public string[]? Deciding() => DecidingOf([.. _steps.Where(step => SiteOf(step) is { IsField: true })]) ?? DecidingOf(_steps);

    private static string[]? DecidingOf(IReadOnlyList<AtomicStep> steps)
    {
        for (var later = steps.Count - 1; later > 0; later--)
        {
            if (SiteOf(steps[later]) is not { IsLock: false, Location.Length: > 0 } second) continue;
            for (var earlier = later - 1; earlier >= 0; earlier--)
            {
                if (SiteOf(steps[earlier]) is not { } first || first.Location != second.Location || (!first.IsField && TypeOf(first) != TypeOf(second))) continue;
                if (steps[earlier].Party == steps[later].Party) break;
                if (first.Writes || second.Writes) return [Line(steps[earlier]), Line(steps[later])];
            }
        }

        return null;
    }

    public string ToMermaid()
    {
        var steps = Messages() is { Count: > 0 } messages ? messages : [.. _steps.TakeLast(LongestDiagram)];
        var text = new StringBuilder("sequenceDiagram\n");
        var participants = new Dictionary<string, string>(StringComparer.Ordinal);
        string Of(string name, string kind)
        {
            if (!participants.TryGetValue(name, out var id))
            {
                participants[name] = id = string.Create(CultureInfo.InvariantCulture, $"P{participants.Count}");
                text.Append(CultureInfo.InvariantCulture, $"    {kind} {id} as {Clean(name)}\n");
            }

            return id;
        }

        foreach (var step in steps)
        {
            var site = SiteOf(step);
            var to = step.To ?? site?.Location;
            Of(step.Party, "actor");
            if (!string.IsNullOrEmpty(to)) Of(to, step.To is null ? "participant" : "actor");
        }

        foreach (var step in steps)
        {
            var site = SiteOf(step);
            var party = participants[step.Party];
            var to = step.To ?? site?.Location;
            var what = site is null ? step.Text ?? "" : $"{site.Operation} [{site.Line}]";
            if (string.IsNullOrEmpty(to) || to == step.Party) text.Append(CultureInfo.InvariantCulture, $"    Note over {party}: {Clean(what)}\n");
            else text.Append(CultureInfo.InvariantCulture, $"    {party}{(site is { Writes: false } ? "-->>" : "->>")}{participants[to]}: {Clean(what)}\n");
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        var shown = Messages() is { Count: > 0 } messages ? messages : _steps;
        if (shown.Count > LongestText) text.AppendLine(CultureInfo.InvariantCulture, $"  the last {LongestText} of {shown.Count} steps:");
        foreach (var step in shown.TakeLast(LongestText)) text.AppendLine(CultureInfo.InvariantCulture, $"    {Line(step)}");
        if (Deciding() is { } deciding) text.AppendLine(CultureInfo.InvariantCulture, $"  the steps that conflict last:\n    {deciding[0]}\n    {deciding[1]}");
        return text.ToString();
    }

    /// <summary>What actors told each other, if that is what the test is about.</summary>
    private List<AtomicStep> Messages() => _steps.Any(step => step.Text is not null) ? [.. _steps.Where(step => step.Text is not null || SiteOf(step) is { IsField: true })] : [];

    private static string TypeOf(AtomicSite site) => site.Key.Split(':')[0].Split('.')[^2];

    private static AtomicSite? SiteOf(AtomicStep step) => step.Site < 0 ? null : _sites.Value[step.Site];

    private static string Line(AtomicStep step) => SiteOf(step) is { } site
        ? $"{step.Party,-14} {site.Operation,-16} {site.Location,-16} {TypeOf(site)}.{site.Key.Split(':')[0].Split('.')[^1]} ({site.Line})"
        : $"{step.Party,-14} {step.Text}{(step.To is null ? "" : $" -> {step.To}")}";

    private static string Clean(string text) => text.ReplaceLineEndings(" ").Replace(';', ',').Replace('#', ' ').Trim();
}
