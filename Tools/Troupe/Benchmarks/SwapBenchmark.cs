using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks;

/// <summary>Hot swaps under load (tests/HotSwap does the work); the table goes to docs/benchmarks.md.</summary>
public sealed class SwapBenchmark(Repository repository)
{
    private const string Project = "Troupe.HotSwap.Tests";

    /// <summary>Builds, runs, prints, and writes the table.</summary>
    /// <returns>Success if every bar is met.</returns>
    public async Task<int> RunAsync(int swaps, CancellationToken cancellation)
    {
        var build = await HostProcess.CaptureAsync(
            "dotnet", ["build", Path.Combine(repository.Root, "tests/HotSwap", Project + ".csproj"), "-c", "Release", "-nologo", "-v", "quiet"], cancellation, repository.Root).ConfigureAwait(false);
        if (build.ExitCode != 0)
        {
            throw new UserError($"the benchmark does not build:\n{build.Output.TrimEnd()}", exitCode: ExitCodes.Failure);
        }

        var record = await BenchmarkRecord.CreateAsync(repository, "swap", cancellation).ConfigureAwait(false);
        Output.Say($"swap: two runs of {swaps} swaps");
        var run = await HostProcess.CaptureAsync(
            "dotnet", [Path.Combine(repository.Artifacts, "bin", Project, "release", Project + ".dll"), $"{swaps}"], cancellation, repository.Root, onLine: Console.WriteLine).ConfigureAwait(false);
        var table = run.Output.Split('\n').Where(static line => line.StartsWith('|')).ToList();
        if (table.Count == 0)
        {
            throw new UserError("the benchmark ended without a result; what it said is above.", exitCode: ExitCodes.Failure);
        }

        record.Add(new { swaps, lines = run.Output.TrimEnd().Split('\n') });
        var verdicts = run.Output.Split('\n').Where(static line => line.StartsWith("met: ", StringComparison.Ordinal) || line.StartsWith("MISSED: ", StringComparison.Ordinal));
        await MarkedSection.ReplaceAsync(
            Path.Combine(repository.Root, "docs", "benchmarks.md"), "./troupe bench swap",
            [$"{record.Conditions.Split(", QEMU")[0]}, load {BenchmarkRecord.Load}:", string.Empty, .. table, string.Empty, .. verdicts.Select(static line => "* " + line)], cancellation).ConfigureAwait(false);
        record.Close();
        return run.ExitCode == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }
}
