using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks;

/// <summary>What wrk measured.</summary>
/// <param name="Requests">Requests answered.</param>
/// <param name="PerSecond">Requests answered in a second.</param>
/// <param name="Errors">Connections that failed or timed out, and answers that were no 2xx or 3xx.</param>
public sealed record LoadResult(long Requests, double PerSecond, long Errors);

/// <summary>Loads a guest with wrk: one thread, connections that are kept alive.</summary>
public static partial class LoadGenerator
{
    private const int Connections = 16;

    /// <summary>Loads the port of this host for some seconds.</summary>
    public static async Task<LoadResult> RunAsync(int port, int seconds, CancellationToken cancellation)
    {
        var result = await HostProcess.CaptureAsync(
            "wrk", ["-t1", $"-c{Connections}", $"-d{seconds}s", $"http://127.0.0.1:{port}/"], cancellation).ConfigureAwait(false);
        return result.ExitCode == 0 && TryRead(result.Output, out var load)
            ? load
            : throw new UserError($"wrk failed:\n{result.Output.TrimEnd()}", exitCode: ExitCodes.Failure);
    }

    /// <summary>Reads what wrk prints.</summary>
    public static bool TryRead(string output, [NotNullWhen(true)] out LoadResult? load)
    {
        load = null;
        var requests = Requests().Match(output);
        var rate = Rate().Match(output);
        if (!requests.Success || !rate.Success)
        {
            return false;
        }

        var errors = Failures().Matches(output).Sum(match => Number(match.Groups[1]));
        load = new LoadResult(Number(requests.Groups[1]), double.Parse(rate.Groups[1].ValueSpan, CultureInfo.InvariantCulture), errors);
        return true;
    }

    /// <summary>Milliseconds that 99 of 100 answers did not exceed, from h2load's log: start, status and microseconds to the end of the answer, tab-separated. Null without answers.</summary>
    public static double? Percentile99(IEnumerable<string> log)
    {
        List<double> times = [.. log
            .Select(line => line.Split('\t'))
            .Where(parts => parts.Length >= 3 && parts[1] == "200")
            .Select(parts => double.Parse(parts[2], CultureInfo.InvariantCulture) / 1000)
            .Order()];
        return times.Count > 0 ? times[(int)Math.Ceiling(times.Count * 0.99) - 1] : null;
    }

    private static long Number(Capture text) => long.Parse(text.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\s*(\d+) requests in", RegexOptions.Multiline)]
    private static partial Regex Requests();

    [GeneratedRegex(@"^Requests/sec:\s*([\d.]+)", RegexOptions.Multiline)]
    private static partial Regex Rate();

    // "Socket errors: connect 0, read 0, write 0, timeout 0" and "Non-2xx or 3xx responses: 0".
    [GeneratedRegex(@"(?:connect|read|write|timeout|responses:) (\d+)")]
    private static partial Regex Failures();
}
