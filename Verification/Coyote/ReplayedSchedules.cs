using System.Globalization;
using Microsoft.Coyote;
using Microsoft.Coyote.Logging;
using Microsoft.Coyote.SystematicTesting;
using Troupe.Verification.Atomics;
using Troupe.Verification.Protocols;

namespace Troupe.Verification.Coyote;

/// <summary>
/// Records schedules, those of tests that pass among them, and runs them again to see whether the same is done in the same order. Coyote keeps the schedule of a failure only: one
/// that passes ends in an exception that says so.
/// </summary>
internal static class ReplayedSchedules
{
    private const string Tool = "coyote";
    private const int MostBefore = 5;

    /// <summary>Does for a test what the environment wants.</summary>
    /// <returns>Whether it wants anything.</returns>
    public static bool TryRun(string name, string mode, uint seed, Configuration configuration, Action test, bool isPlanted)
    {
        if (ScheduleLog.RecordFolder is { } folder)
        {
            if (Record(configuration, test, isPlanted ? int.MaxValue : 1 + (Math.Abs(name.Length + mode.Length + (int)seed) % MostBefore)) is not var (trace, steps)) return true;
            var schedule = string.Create(CultureInfo.InvariantCulture, $"{name}.{mode}.{seed}");
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(folder).FullName, schedule + ".trace"), trace);
            ScheduleLog.Add(folder, Tool, "recorded", schedule, steps);
            return true;
        }

        if (ScheduleLog.CheckFolder is not { } recorded) return false;
        foreach (var schedule in ScheduleLog.Recorded(recorded, Tool).Where(schedule => schedule.StartsWith($"{name}.{mode}.", StringComparison.Ordinal)))
            ScheduleLog.Add(recorded, Tool, "replayed", schedule, Replay(configuration, test, File.ReadAllText(Path.Combine(recorded, schedule + ".trace"))));
        return true;
    }

    /// <summary>Runs a test until it fails, or has passed so often, and keeps that schedule.</summary>
    /// <returns>The trace and what was done; null if the test neither failed nor passed so often.</returns>
    public static (string Trace, IReadOnlyList<string> Steps)? Record(Configuration configuration, Action test, int passes)
    {
        var (engine, steps) = Run(configuration, test, passes);
        using (engine) return engine.ReproducibleTrace is { Length: > 0 } trace ? (trace, steps) : null;
    }

    /// <summary>Runs a test under the schedule of a trace.</summary>
    /// <returns>What was done.</returns>
    public static IReadOnlyList<string> Replay(Configuration configuration, Action test, string trace)
    {
        var (engine, steps) = Run(configuration.WithReproducibleTrace(trace), test, passes: 1);
        using (engine) return steps;
    }

    private static (TestingEngine Engine, IReadOnlyList<string> Steps) Run(Configuration configuration, Action test, int passes)
    {
        var schedule = new AtomicOperations.Schedule();
        using var errors = new ErrorLog(schedule);
        var passed = 0;
        IReadOnlyList<AtomicStep>? whole = null;
        var engine = TestingEngine.Create(configuration.WithVerbosityEnabled(VerbosityLevel.Error), () =>
        {
            AtomicOperations.BeginSchedule(schedule);
            test();
            if (++passed != passes) return;
            whole = schedule.Steps;
            throw new PassedException();
        });
        engine.SetLogger(new TextWriterLogger(errors, VerbosityLevel.Error));
        engine.Run();
        Assert.Empty(engine.TestReport.InternalErrors);
        // The first line says what failed; those after it are where, with addresses in some.
        var bug = string.Join('\n', engine.TestReport.BugReports).Split('\n')[0];
        var steps = (whole ?? schedule.Steps).Select(static step => $"{step.Party} {step.Site} {step.Text} {step.To}").Append(bug);
        // Why a schedule cannot go on as it did, and where, Coyote tells its log only.
        return (engine, errors.ToString() is var said && said.Contains("not reproducible", StringComparison.Ordinal) ? [.. steps, .. said.Split('\n')] : [.. steps]);
    }

    /// <summary>
    /// What Coyote says of a failure, and the end of the schedule with it: Coyote says it before it lets go of the threads. One of them may not have gone to sleep yet when it was told to, and
    /// then goes on without an interruption.
    /// </summary>
    private sealed class ErrorLog(AtomicOperations.Schedule schedule) : StringWriter(CultureInfo.InvariantCulture)
    {
        public override void Write(string? value)
        {
            schedule.End();
            base.Write(value);
        }

        public override void WriteLine(string? value)
        {
            schedule.End();
            base.WriteLine(value);
        }
    }

    /// <summary>The test has passed, and its schedule is to be kept.</summary>
    private sealed class PassedException() : Exception("the test passes");
}
