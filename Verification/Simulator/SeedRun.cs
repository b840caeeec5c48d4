using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Troupe.Verification.Simulator;

/// <summary>What many seeds came to.</summary>
/// <param name="Seeds">How many were run.</param>
/// <param name="Failures">Those that failed, by seed.</param>
/// <param name="SeedsWith">In how many seeds each kind of fault happened at least once.</param>
/// <param name="Injected">How often each kind happened.</param>
/// <param name="Virtual">How much time passed in all of them.</param>
/// <param name="Busy">How long they took, added up over the threads.</param>
/// <param name="Wall">How long it took.</param>
public sealed record SeedRunResult(
    int Seeds, IReadOnlyList<SimulationReport> Failures, IReadOnlyDictionary<FaultKinds, int> SeedsWith, IReadOnlyDictionary<FaultKinds, long> Injected,
    TimeSpan Virtual, TimeSpan Busy, TimeSpan Wall)
{
    /// <summary>How many times faster than the clock on the wall time passed in a simulation.</summary>
    public double Speed => Busy > TimeSpan.Zero ? Virtual / Busy : 0;
}

/// <summary>Runs many seeds, on several threads, each of which runs one at a time.</summary>
public static class SeedRun
{
    /// <summary>Runs seeds from the first on; stops early at a deadline.</summary>
    public static SeedRunResult Run(int first, int count, SimulationOptions options, int threads = 1, TimeSpan? deadline = null, Action<string>? progress = null)
    {
        ConcurrentBag<SimulationReport> failures = [];
        Dictionary<FaultKinds, int> seedsWith = FaultPlan.Each.ToDictionary(static kind => kind, static _ => 0);
        Dictionary<FaultKinds, long> injected = FaultPlan.Each.ToDictionary(static kind => kind, static _ => 0L);
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan told = TimeSpan.Zero;
        TimeSpan passed = TimeSpan.Zero;
        TimeSpan busy = TimeSpan.Zero;
        int next = -1;
        int done = 0;
        Lock gate = new();
        void Work()
        {
            while (Interlocked.Increment(ref next) is var index && index < count && (deadline is not { } end || watch.Elapsed < end))
            {
                SimulationReport report = Simulation.Run(first + index, options);
                if (!report.Passed)
                    failures.Add(report);
                lock (gate)
                {
                    done++;
                    passed += report.Virtual;
                    busy += report.Wall;
                    foreach ((FaultKinds kind, long times) in report.Injected)
                    {
                        injected[kind] += times;
                        seedsWith[kind] += times > 0 ? 1 : 0;
                    }

                    if (progress is null || (watch.Elapsed - told < TimeSpan.FromSeconds(5) && report.Passed))
                        continue;
                    told = watch.Elapsed;
                    progress(string.Create(CultureInfo.InvariantCulture, $"{done} of {count} seeds, {failures.Count} failed, {watch.Elapsed.TotalSeconds:F0} s"));
                }
            }
        }

        List<Thread> workers = [.. Enumerable.Range(0, threads).Select(_ => new Thread(Work, maxStackSize: 16 * 1024 * 1024))];
        workers.ForEach(static worker => worker.Start());
        workers.ForEach(static worker => worker.Join());
        return new(done, [.. failures.OrderBy(static report => report.Seed)], seedsWith, injected, passed, busy, watch.Elapsed);
    }

    /// <summary>Runs each seed twice; those whose second run took another way.</summary>
    public static IReadOnlyList<int> FindUnrepeatable(int first, int count, SimulationOptions options) =>
        [.. Enumerable.Range(first, count).Where(seed => Simulation.Run(seed, options) is var report && Simulation.Run(seed, options) is var again
            && (report.Fingerprint, report.Steps, report.Virtual) != (again.Fingerprint, again.Steps, again.Virtual))];
}
