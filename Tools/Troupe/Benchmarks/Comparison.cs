using System.Globalization;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Benchmarks;

/// <summary>What was measured of our guest and of Linux's, by row, and the table of it.</summary>
public sealed class Comparison
{
    private const string Ours = "troupe";
    private const string Theirs = "linux";

    private readonly Dictionary<(string Guest, int Processors, IComparedRow Row), Sample> _samples = [];

    /// <summary>The rows whose names contain <paramref name="only"/>; all of them if that is null.</summary>
    /// <exception cref="UserError">There is none.</exception>
    public static IReadOnlyList<TRow> Matching<TRow>(IReadOnlyList<TRow> all, string? only) where TRow : IComparedRow
    {
        ArgumentNullException.ThrowIfNull(all);
        List<TRow> rows = [.. all.Where(row => only is null || row.Name.Contains(only, StringComparison.Ordinal))];
        return rows.Count > 0 ? rows : throw new UserError($"no row is called '{only}'.", $"There are: {string.Join("; ", all.Select(row => row.Name))}.");
    }

    /// <summary>What one guest was measured to do.</summary>
    public Sample Of(string guest, int processors, IComparedRow row)
    {
        if (!_samples.TryGetValue((guest, processors, row), out var sample))
        {
            _samples[(guest, processors, row)] = sample = new Sample();
        }

        return sample;
    }

    /// <summary>The lesser of the two guests' medians.</summary>
    public double OfSlower(int processors, IComparedRow row) => Math.Min(Of(Ours, processors, row).Median, Of(Theirs, processors, row).Median);

    /// <summary>Medians, least and most, ratios and bars.</summary>
    public IEnumerable<string> Table(IReadOnlyCollection<IComparedRow> rows, IEnumerable<int> processors) => MarkedSection.Table(
        ["what", "processors", Ours, Theirs, "ratio", "bar", ""],
        from number in processors from row in rows select Line(row, number));

    /// <summary>How QEMU is told of so many processors.</summary>
    public static string Processors(int processors) => processors == 1 ? "1,maxcpus=2" : processors.ToString(CultureInfo.InvariantCulture);

    private IReadOnlyList<string> Line(IComparedRow row, int processors)
    {
        var ours = Of(Ours, processors, row);
        var theirs = Of(Theirs, processors, row);
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
}

/// <summary>What follows from a row's bar.</summary>
public static class ComparedRows
{
    /// <summary>Whether a ratio meets the bar. What was not measured does not.</summary>
    public static bool IsMet(this IComparedRow row, double ratio)
    {
        ArgumentNullException.ThrowIfNull(row);
        return row.Bar is not { } bar || (row.IsTime ? ratio <= bar : ratio >= bar);
    }
}
