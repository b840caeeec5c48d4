using System.Globalization;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Benchmarks.Net;

/// <summary>Loads a guest's page from inside the namespace: wrk as fast as it will answer, h2load at a rate of ours to see how long answers take.</summary>
internal static class HttpLoad
{
    private static readonly string _url = string.Create(CultureInfo.InvariantCulture, $"http://{TapNetwork.GuestAddress}:{Contestant.GuestPort}/");

    /// <summary>What wrk measured.</summary>
    public static async Task<LoadResult> RunAsync(TapNetwork network, int connections, bool keepAlive, int seconds, CancellationToken cancellation)
    {
        string[] header = keepAlive ? [] : ["-H", "Connection: close"];
        var result = await network.TryInsideAsync(
            ["wrk", "-t1", $"-c{connections}", $"-d{seconds}s", .. header, _url], cancellation).ConfigureAwait(false);
        return result.ExitCode == 0 && LoadGenerator.TryRead(result.Output, out var load)
            ? load
            : throw new UserError($"wrk failed:\n{result.Output.TrimEnd()}", exitCode: ExitCodes.Failure);
    }

    /// <summary>The 99th percentile of the time to an answer in milliseconds, with so many requests a second on so many connections, whether answers come or not.</summary>
    public static async Task<double> Percentile99Async(TapNetwork network, int connections, double perSecond, int seconds, CancellationToken cancellation)
    {
        var log = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"troupe-bench-{Environment.ProcessId}.log"));
        File.Delete(log);
        var rate = Math.Max(1, perSecond / connections).ToString("0.##", CultureInfo.InvariantCulture);
        var result = await network.TryInsideAsync(
            ["h2load", "--h1", "-t1", $"-c{connections}", "-D", $"{seconds}", "--rps", rate, "--log-file", log, _url], cancellation).ConfigureAwait(false);
        try
        {
            return LoadGenerator.Percentile99(await File.ReadAllLinesAsync(log, cancellation).ConfigureAwait(false))
                ?? throw new UserError($"h2load got no answer:\n{result.Output.TrimEnd()}", exitCode: ExitCodes.Failure);
        }
        catch (FileNotFoundException)
        {
            throw new UserError($"h2load failed:\n{result.Output.TrimEnd()}", exitCode: ExitCodes.Failure);
        }
        finally
        {
            File.Delete(log);
        }
    }
}
