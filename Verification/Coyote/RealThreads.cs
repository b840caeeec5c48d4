using System.Diagnostics;
using System.Globalization;
using Troupe.Verification.Protocols;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>
/// The same test bodies on real threads, over and over: what it takes to find a bug without control over the schedule (`troupe verify mutants --real-threads`). The parties of a run begin
/// together, and a run that does not end in time has lost a wake-up. It works on assemblies that are not rewritten. The environment: <c>TROUPE_REAL_THREADS</c>, how many seconds
/// for each test, and <c>TROUPE_REAL_THREADS_TEST</c>, the name of the only test, or of the only method, that is run.
/// </summary>
internal static class RealThreads
{
    private static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(10);

    /// <summary>How long each test runs on real threads; null: it runs under Coyote.</summary>
    public static TimeSpan? Time { get; } =
        double.TryParse(Environment.GetEnvironmentVariable("TROUPE_REAL_THREADS"), CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : null;

    private static string? Only => Environment.GetEnvironmentVariable("TROUPE_REAL_THREADS_TEST") is { Length: > 0 } name ? name : null;

    /// <summary>No run may fail or hang.</summary>
    public static void Hold(ITestOutputHelper output, Action test, string name, TimeSpan time)
    {
        if (Only is { } only && name != only && !name.StartsWith(only + "-", StringComparison.Ordinal)) return;
        var (runs, elapsed, finding) = Repeat(test, time, LongestRun);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} (real threads): {runs} runs, {elapsed.TotalSeconds:F1} s"));
        new SearchRecord("threads", name, "real") { Schedules = runs, Seconds = elapsed.TotalSeconds, Finding = finding }.Write();
        Assert.True(finding is null, $"{name} (real threads), run {runs}: {finding}");
    }

    /// <summary>Runs a test until it fails or the time is up.</summary>
    /// <param name="test">The test; it starts its own parties.</param>
    /// <param name="time">When to stop.</param>
    /// <param name="longestRun">A run that takes longer hangs.</param>
    /// <returns>How many runs, the failing one included; how long they took; and what went wrong, or null.</returns>
    public static (long Runs, TimeSpan Elapsed, string? Finding) Repeat(Action test, TimeSpan time, TimeSpan longestRun)
    {
        // A party that blocks must not keep another from beginning.
        ThreadPool.SetMinThreads(64, 64);
        var clock = Stopwatch.StartNew();
        var runs = 0L;
        string? finding;
        do
        {
            finding = RunOnce(test, longestRun);
            runs++;
        }
        while (finding is null && clock.Elapsed < time);
        return (runs, clock.Elapsed, finding);
    }

    private static string? RunOnce(Action test, TimeSpan longest)
    {
        var run = Task.Run(test);
        try
        {
            return run.Wait(longest) ? null : string.Create(CultureInfo.InvariantCulture, $"hangs: no end after {longest.TotalSeconds:0} s");
        }
        catch (AggregateException exception)
        {
            return exception.Flatten().InnerExceptions[0].Message;
        }
    }

    /// <summary>Where the parties of a run meet before they begin: else the first would often be through before the last is there.</summary>
    internal sealed class Start(int parties)
    {
        private int _arrived;

        /// <summary>One for so many parties, on real threads; under Coyote there is none.</summary>
        public static Start? For(int parties) => Time is null ? null : new Start(parties);

        public void Meet()
        {
            Interlocked.Increment(ref _arrived);
            while (Volatile.Read(ref _arrived) < parties) Thread.Yield();
        }
    }
}
