using System.Globalization;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks.Actors;

/// <summary>A million actors that live at once, under a limit that the collector enforces, each of which answers one message.</summary>
public sealed class MillionBenchmark(Repository repository)
{
    private const long Gigabyte = 1L << 30;

    /// <summary>Runs, prints, and says whether all lived and answered.</summary>
    public async Task<bool> RunAsync(int actors, int gigabytes, CancellationToken cancellation)
    {
        var program = await ActorContender.BuildProgramAsync(repository, cancellation).ConfigureAwait(false);
        // Hexadecimal, as the runtime reads it. Beyond it an allocation fails, and with it the program.
        var limit = (gigabytes * Gigabyte).ToString("x", CultureInfo.InvariantCulture);
        var result = await HostProcess.CaptureAsync(
            "dotnet",
            [program, "--million", actors.ToString(CultureInfo.InvariantCulture)],
            cancellation,
            environment: new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = limit }).ConfigureAwait(false);
        var said = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' '))
            .Where(words => words.Length == 2 && double.TryParse(words[1], CultureInfo.InvariantCulture, out _))
            .DistinctBy(words => words[0])
            .ToDictionary(words => words[0], words => words[1]);
        string Of(string key) => said.GetValueOrDefault(key, "?");
        var met = result.ExitCode == 0;
        if (!met && said.Count == 0)
        {
            throw new UserError($"{actors} actors did not live in {gigabytes} GB:\n{result.Output.TrimEnd()}", exitCode: ExitCodes.Failure);
        }

        Output.Table(
            ["actors", "live at once", "made in, ms", "answered in, ms", "snapshot, ms", "bytes each, idle", "bytes each, after a message", "resident, idle, MB", "resident at most, MB"],
            [[
                $"{actors}", Of("actors"), Of("create-milliseconds"), Of("answer-milliseconds"), Of("snapshot-milliseconds"), Of("idle-bytes-per-actor"), Of("answered-bytes-per-actor"),
                Of("idle-resident-megabytes"), Of("peak-resident-megabytes"),
            ]]);
        Output.Say($"a heap of at most {gigabytes} GB: {(met ? "all lived at once and answered" : "NOT all lived at once and answered")}");
        return met;
    }
}
