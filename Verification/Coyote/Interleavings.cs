using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Coyote;
using Microsoft.Coyote.Rewriting;
using Microsoft.Coyote.SystematicTesting;
using Troupe.Verification.Atomics;
using Troupe.Verification.Protocols;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>
/// Runs a test under many interleavings, twice: with Coyote's portfolio of strategies, and with every memory access a
/// scheduling point as well. The environment says how many and with which seed:
/// <c>TROUPE_COYOTE_ITERATIONS</c>, <c>TROUPE_COYOTE_SEED</c>, and <c>TROUPE_COYOTE_REPLAY</c> (a trace file that a failure left).
/// </summary>
internal static class Interleavings
{
    private const uint DefaultIterations = 300;
    private const uint DefaultSeed = 20_261_123;
    private const uint PlantedRounds = 8;
    private const uint WarmUps = 3;

    static Interleavings()
    {
        if (SearchRecord.Folder is { } folder)
            AtomicOperations.File = Path.Combine(Directory.CreateDirectory(folder).FullName, $"{typeof(Interleavings).Assembly.GetName().Name}.hits");
        FirstUses.Make();
    }

    /// <summary>The test must pass under every interleaving tried; fewer <paramref name="iterations"/> are for a test whose schedules are long.</summary>
    public static void Hold(ITestOutputHelper output, Action test, [CallerMemberName] string name = "", uint iterations = DefaultIterations)
    {
        if (RealThreads.Time is { } time)
        {
            RealThreads.Hold(output, test, name, time);
            return;
        }

        foreach (var mode in Enum.GetValues<Mode>())
        {
            if (Run(output, test, name, mode, iterations, isPlanted: false) is { } failure) Assert.Fail(failure.Message);
        }
    }

    /// <summary>The test is broken on purpose: one of the two modes must find out, with the seed or, where the window is narrow, with one of those after it.</summary>
    public static void Find(ITestOutputHelper output, Action test, string report, [CallerMemberName] string name = "", uint iterations = DefaultIterations)
    {
        if (SearchRecord.IsDeep || Replay is not null || RealThreads.Time is not null) return;
        var found = false;
        var rounds = ScheduleLog.IsAtWork ? 1 : PlantedRounds;
        for (var round = 0u; !found && round < rounds; round++)
        {
            foreach (var mode in Enum.GetValues<Mode>())
            {
                if (Run(output, test, name, mode, iterations, isPlanted: true, round) is not { } failure) continue;
                found = true;
                Assert.Contains(report, failure.Report, StringComparison.OrdinalIgnoreCase);
            }
        }

        Assert.True(found || ScheduleLog.IsAtWork, $"{name}: the planted bug was not found");
    }

    /// <summary>How Coyote runs a test.</summary>
    public static Configuration Configure(uint seed, uint iterations, bool isEveryAccess) => Configuration.Create()
        .WithTestingIterations(Math.Max(1, Number("TROUPE_COYOTE_ITERATIONS", DefaultIterations) * iterations / DefaultIterations))
        .WithRandomGeneratorSeed(seed)
        .WithMemoryAccessRaceCheckingEnabled(isEveryAccess)
        .WithMaxSchedulingSteps(1_000, iterations < DefaultIterations ? 50_000u : 10_000u)
        .WithVerbosityEnabled(Microsoft.Coyote.Logging.VerbosityLevel.None)
        .WithDeadlockTimeout(30_000)
        .WithTelemetryEnabled(false);

    /// <summary>
    /// Runs a test a few times to no other purpose: what is done at first use, such as static constructors, is then part of no schedule. Else a trace would only run again in a process in
    /// which as much had been used before as in the one that left it.
    /// </summary>
    public static void WarmUp(Action test, uint iterations, bool isEveryAccess)
    {
        using var engine = TestingEngine.Create(Configure(DefaultSeed, iterations, isEveryAccess).WithTestingIterations(WarmUps).WithTestIterationsRunToCompletion(true), test);
        engine.Run();
    }

    private static string? Replay => Environment.GetEnvironmentVariable("TROUPE_COYOTE_REPLAY") is { Length: > 0 } file ? file : null;

    private static Failure? Run(ITestOutputHelper output, Action test, string name, Mode mode, uint iterations, bool isPlanted, uint round = 0)
    {
        // Else the test would pass whatever the code does.
        foreach (var assembly in new[] { typeof(Interleavings).Assembly, typeof(Core.Memory.IMemory).Assembly, typeof(Actors.TurnGate<>).Assembly })
            Assert.True(RewritingEngine.IsAssemblyRewritten(assembly), $"{assembly.GetName().Name} is not rewritten");

        var seed = Number("TROUPE_COYOTE_SEED", DefaultSeed) + round;
        var configuration = Configure(seed, iterations, mode == Mode.MemoryAccesses);
        WarmUp(test, iterations, mode == Mode.MemoryAccesses);
        if (ReplayedSchedules.TryRun(name, mode.ToString(), seed, configuration, test, isPlanted)) return null;
        if (Replay is { } replay)
        {
            if (!Path.GetFileName(replay).StartsWith($"{name}.{mode}.", StringComparison.Ordinal)) return null;
            configuration = configuration.WithReproducibleTrace(File.ReadAllText(replay));
        }

        var schedule = new AtomicOperations.Schedule();
        using var engine = TestingEngine.Create(configuration, () =>
        {
            AtomicOperations.BeginSchedule(schedule);
            test();
        });
        var clock = System.Diagnostics.Stopwatch.StartNew();
        engine.Run();
        var report = engine.TestReport;
        var explored = report.NumOfExploredFairPaths + report.NumOfExploredUnfairPaths;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} ({mode}): {explored} iterations, {report.NumOfFoundBugs} bugs, {report.MaxControlledOperations} operations, longest {Math.Max(report.MaxExploredFairSteps, report.MaxExploredUnfairSteps)} steps, {report.MaxFairStepsHitInFairTests} cut off, {clock.Elapsed.TotalSeconds:F1} s"));
        foreach (var uncontrolled in report.UncontrolledInvocations) output.WriteLine($"  uncontrolled: {uncontrolled}");
        Assert.Empty(report.InternalErrors);
        var record = new SearchRecord("Coyote", name, mode.ToString()) { Seed = seed, Schedules = explored, Seconds = clock.Elapsed.TotalSeconds, IsPlanted = isPlanted };
        if (report.NumOfFoundBugs == 0)
        {
            record.Write();
            return null;
        }

        var bug = string.Join('\n', report.BugReports);
        output.WriteLine($"  {bug.Split('\n')[0]}");
        var message = $"{name} ({mode}), iteration {explored}: {bug}";
        var steps = new ScheduleReader(schedule);
        record = record with { Finding = bug, Diagram = steps.ToMermaid(), Deciding = steps.Deciding() };
        if (!isPlanted)
        {
            var path = Path.Combine(TraceDirectory(), string.Create(CultureInfo.InvariantCulture, $"{name}.{mode}.{seed}.trace"));
            File.WriteAllText(path, engine.ReproducibleTrace);
            File.WriteAllText(path + ".txt", $"{bug}\n\n{steps}\n{record.Diagram}\n{engine.ReadableTrace}");
            record = record with { Replay = path };
            message += $"\n{steps}\nthe same as a diagram: {path}.txt\nto see it again: ./troupe verify replay {path}";
        }

        record.Write();
        return new Failure(message, bug);
    }

    private static string TraceDirectory()
    {
        if (Environment.GetEnvironmentVariable("TROUPE_VERIFY_TRACES") is { Length: > 0 } given) return Directory.CreateDirectory(given).FullName;
        var artifacts = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        while (Path.GetFileName(artifacts) is { Length: > 0 } folder && folder != "artifacts") artifacts = Path.GetDirectoryName(artifacts)!;
        return Directory.CreateDirectory(Path.Combine(artifacts, "verify", "traces")).FullName;
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
