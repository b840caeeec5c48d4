using System.Globalization;

namespace Troupe.Tools.Benchmarks;

/// <summary>One run of probes: the line that Apps/SelfTest and the Erlang peer print about it. Times are milliseconds; infinite: not answered.</summary>
/// <param name="Name">What spun meanwhile.</param>
/// <param name="Sent">Probes.</param>
/// <param name="Answered">How many were handled.</param>
/// <param name="Median">Half of them waited no longer.</param>
/// <param name="P99">99 in 100 waited no longer.</param>
/// <param name="Worst">The longest wait.</param>
/// <param name="LeastShare">What the spinner had that had the least, in equal shares.</param>
/// <param name="MostShare">What the spinner had that had the most.</param>
/// <param name="MostDetached">The most threads that were detached at a time.</param>
public sealed record ProbeRun(
    string Name, int Sent, int Answered, double Median, double P99, double Worst, double LeastShare, double MostShare, int MostDetached)
{
    private const string Prefix = "probes ";

    /// <summary>Reads a line; null if it is about something else.</summary>
    public static ProbeRun? Parse(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (!line.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var words = line[Prefix.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        double Number(string name) => words.TryGetValue(name, out var text) && double.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;
        return words.TryGetValue("run", out var run)
            ? new ProbeRun(
                run, (int)Number("sent"), (int)Number("answered"), Number("p50"), Number("p99"), Number("worst"), Number("least-share"), Number("most-share"), (int)Number("most-detached"))
            : null;
    }

    /// <summary>A time as tables have it.</summary>
    public static string Time(double milliseconds) =>
        double.IsFinite(milliseconds) ? milliseconds.ToString(milliseconds < 10 ? "0.00" : "0", CultureInfo.InvariantCulture) + " ms" : "never";
}
