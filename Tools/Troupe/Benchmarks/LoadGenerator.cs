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
        var requests = Requests().Match(result.Output);
        var rate = Rate().Match(result.Output);
        if (result.ExitCode != 0 || !requests.Success || !rate.Success)
        {
            throw new UserError($"wrk failed:\n{result.Output.TrimEnd()}", exitCode: ExitCodes.Failure);
        }

        var errors = Failures().Matches(result.Output).Sum(match => Number(match.Groups[1]));
        return new LoadResult(Number(requests.Groups[1]), double.Parse(rate.Groups[1].ValueSpan, CultureInfo.InvariantCulture), errors);
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
