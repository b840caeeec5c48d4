using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Coyote;
using Microsoft.Coyote.Rewriting;
using Microsoft.Coyote.SystematicTesting;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>
/// Runs a test under many interleavings, twice: with Coyote's portfolio of strategies, and with every memory access a
/// scheduling point as well. The environment says how many and with which seed:
/// <c>TROUPE_COYOTE_ITERATIONS</c>, <c>TROUPE_COYOTE_SEED</c>, and <c>TROUPE_COYOTE_REPLAY</c> (a trace file that a failure left).
/// </summary>
internal static class Interleavings
{
    private const int DefaultIterations = 300;
    private const uint DefaultSeed = 20_261_123;

    /// <summary>The test must pass under every interleaving tried.</summary>
    public static void Hold(ITestOutputHelper output, Action test, [CallerMemberName] string name = "")
    {
        foreach (var mode in Enum.GetValues<Mode>())
        {
            if (Run(output, test, name, mode, keepTrace: true) is { } failure) Assert.Fail(failure.Message);
        }
    }

    /// <summary>The test is broken on purpose: one of the two modes must find out.</summary>
    public static void Find(ITestOutputHelper output, Action test, string report, [CallerMemberName] string name = "")
    {
        var found = false;
        foreach (var mode in Enum.GetValues<Mode>())
        {
            if (Run(output, test, name, mode, keepTrace: false) is not { } failure) continue;
            found = true;
            Assert.Contains(report, failure.Report, StringComparison.OrdinalIgnoreCase);
        }

        Assert.True(found, $"{name}: the planted bug was not found");
    }

    private static Failure? Run(ITestOutputHelper output, Action test, string name, Mode mode, bool keepTrace)
    {
        // Else the test would pass whatever the code does.
        foreach (var assembly in new[] { typeof(Interleavings).Assembly, typeof(Core.Memory.IMemory).Assembly, typeof(Core.Machine.IProcessors).Assembly, typeof(Actors.TurnGate<>).Assembly })
            Assert.True(RewritingEngine.IsAssemblyRewritten(assembly), $"{assembly.GetName().Name} is not rewritten");

        var configuration = Configuration.Create()
            .WithTestingIterations(Number("TROUPE_COYOTE_ITERATIONS", DefaultIterations))
            .WithRandomGeneratorSeed(Number("TROUPE_COYOTE_SEED", DefaultSeed))
            .WithMemoryAccessRaceCheckingEnabled(mode == Mode.MemoryAccesses)
            .WithMaxSchedulingSteps(1_000, 10_000)
            .WithVerbosityEnabled(Microsoft.Coyote.Logging.VerbosityLevel.None)
            .WithDeadlockTimeout(30_000)
            .WithTelemetryEnabled(false);
        if (Environment.GetEnvironmentVariable("TROUPE_COYOTE_REPLAY") is { Length: > 0 } replay)
        {
            if (Path.GetFileName(replay) != TraceName(name, mode)) return null;
            configuration = configuration.WithReproducibleTrace(File.ReadAllText(replay));
        }

        using var engine = TestingEngine.Create(configuration, test);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        engine.Run();
        var report = engine.TestReport;
        var iterations = report.NumOfExploredFairPaths + report.NumOfExploredUnfairPaths;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} ({mode}): {iterations} iterations, {report.NumOfFoundBugs} bugs, {report.MaxControlledOperations} operations, longest {Math.Max(report.MaxExploredFairSteps, report.MaxExploredUnfairSteps)} steps, {clock.Elapsed.TotalSeconds:F1} s"));
        foreach (var uncontrolled in report.UncontrolledInvocations) output.WriteLine($"  uncontrolled: {uncontrolled}");
        Assert.Empty(report.InternalErrors);
        if (report.NumOfFoundBugs == 0) return null;
        var bug = string.Join('\n', report.BugReports);
        output.WriteLine($"  {bug.Split('\n')[0]}");
        var message = $"{name} ({mode}), iteration {iterations}: {bug}";
        if (keepTrace)
        {
            var path = Path.Combine(TraceDirectory(), TraceName(name, mode));
            File.WriteAllText(path, engine.ReproducibleTrace);
            File.WriteAllText(path + ".txt", engine.ReadableTrace);
            message += $"\nreplay: TROUPE_COYOTE_REPLAY={path}";
        }

        return new Failure(message, bug);
    }

    private static string TraceName(string name, Mode mode) => $"{name}.{mode}.trace";

    private static string TraceDirectory()
    {
        var artifacts = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        while (Path.GetFileName(artifacts) is { Length: > 0 } folder && folder != "artifacts") artifacts = Path.GetDirectoryName(artifacts)!;
        return Directory.CreateDirectory(Path.Combine(artifacts, "coyote")).FullName;
    }

    private static uint Number(string variable, uint otherwise) =>
        uint.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    private enum Mode
    {
        Portfolio,
        MemoryAccesses,
    }

    private sealed record Failure(string Message, string Report);
}
