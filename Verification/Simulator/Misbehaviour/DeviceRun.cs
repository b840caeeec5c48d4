using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Troupe.Verification.Simulator;

/// <summary>What many cases came to, of one kind of device.</summary>
/// <param name="Cases">How many were run.</param>
/// <param name="Violations">Broken rules that drivers counted.</param>
/// <param name="Resets">Starts after the first.</param>
/// <param name="Accesses">Accesses to shared memory that were checked.</param>
public sealed record DeviceTotals(long Cases, long Violations, long Resets, long Accesses);

/// <summary>What many cases came to.</summary>
/// <param name="Devices">By kind of device.</param>
/// <param name="Cases">By misbehaviour: in how many cases it happened, and how often altogether.</param>
/// <param name="Failures">Those that failed, by seed.</param>
/// <param name="Wall">How long it took.</param>
public sealed record DeviceRunResult(
    IReadOnlyDictionary<DeviceKind, DeviceTotals> Devices, IReadOnlyDictionary<Misbehaviour, (int Cases, long Times)> Cases, IReadOnlyList<DeviceCaseReport> Failures, TimeSpan Wall)
{
    /// <summary>How many were run.</summary>
    public long Count => Devices.Values.Sum(static totals => totals.Cases);
}

/// <summary>Runs many cases on several threads, each of which runs one at a time.</summary>
public static class DeviceRun
{
    /// <summary>Runs cases from the first seed on.</summary>
    public static DeviceRunResult Run(int first, int count, DeviceKind? device = null, int threads = 1, Action<string>? progress = null)
    {
        ConcurrentBag<DeviceCaseReport> failures = [];
        Dictionary<DeviceKind, DeviceTotals> devices = [];
        Dictionary<Misbehaviour, (int Cases, long Times)> kinds = Enum.GetValues<Misbehaviour>().ToDictionary(static kind => kind, static _ => (0, 0L));
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan told = TimeSpan.Zero;
        int next = -1;
        int done = 0;
        Lock gate = new();
        void Work()
        {
            while (Interlocked.Increment(ref next) is var index && index < count)
            {
                DeviceCaseReport report = DeviceCase.Run(first + index, device);
                if (report.Failure is not null)
                    failures.Add(report);
                lock (gate)
                {
                    done++;
                    DeviceTotals totals = devices.GetValueOrDefault(report.Device) ?? new(0, 0, 0, 0);
                    devices[report.Device] = new(totals.Cases + 1, totals.Violations + report.Violations, totals.Resets + report.Resets, totals.Accesses + report.Accesses);
                    foreach ((Misbehaviour kind, int times) in report.Injected)
                        kinds[kind] = (kinds[kind].Cases + 1, kinds[kind].Times + times);
                    if (progress is null || watch.Elapsed - told < TimeSpan.FromSeconds(5))
                        continue;
                    told = watch.Elapsed;
                    progress(string.Create(CultureInfo.InvariantCulture, $"{done:N0} of {count:N0} cases, {failures.Count} failed, {done / told.TotalSeconds:F0} cases/s"));
                }
            }
        }

        List<Thread> workers = [.. Enumerable.Range(0, threads).Select(_ => new Thread(Work))];
        workers.ForEach(static worker => worker.Start());
        workers.ForEach(static worker => worker.Join());
        return new(devices, kinds, [.. failures.OrderBy(static report => report.Seed)], watch.Elapsed);
    }

    /// <summary>Runs each case twice; those whose second run took another way.</summary>
    public static IReadOnlyList<int> FindUnrepeatable(int first, int count, DeviceKind? device = null) =>
        [.. Enumerable.Range(first, count).Where(seed => DeviceCase.Run(seed, device) is var report && DeviceCase.Run(seed, device) is var again
            && (report.Fingerprint, report.Steps, report.Virtual, report.Violations) != (again.Fingerprint, again.Steps, again.Virtual, again.Violations))];
}
