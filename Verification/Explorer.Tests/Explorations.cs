using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Troupe.Verification.Atomics;
using Troupe.Verification.Protocols;
using Xunit.Abstractions;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>
/// Runs the product's protocols in the explorer and keeps a record of each search. The environment: TROUPE_EXPLORE_SECONDS gives a search that is too large to exhaust so
/// much time (10, or less where bugs show early); TROUPE_EXPLORE_MODEL=release-acquire puts that model in the place of x86-TSO; TROUPE_EXPLORE_REPLAY is TEST=SCHEDULE and runs this one schedule.
/// </summary>
internal static partial class Explorations
{
    static Explorations()
    {
        if (SearchRecord.Folder is { } folder) AtomicOperations.File = Path.Combine(Directory.CreateDirectory(folder).FullName, "Troupe.Verification.Explorer.Tests.hits");
    }

    /// <summary>Nothing may fail in any schedule; or, where there are too many, in as many as fit in the time: the line printed says which.</summary>
    public static void Hold(
        ITestOutputHelper output, Action<Scenario> scenario, MemoryModel model = MemoryModel.TotalStoreOrder, bool isTooLarge = false, int seconds = 10, [CallerMemberName] string name = "")
    {
        // Under a weaker model there are more schedules: each search has a time then.
        if (Weaker is { } weaker && model == MemoryModel.TotalStoreOrder) (model, isTooLarge) = (weaker, true);
        if (!TryRun(output, scenario, model, isPlanted: false, isTooLarge, name, out var result, seconds)) return;
        Assert.True(isTooLarge || result.Stop != StopReason.TimeLimit, $"the search was cut off: {result}");
        Assert.True(result.Failure is null, $"{result.Failure}\n  to see it again: ./troupe verify replay '{name}={result.Failure?.Replay}'");
    }

    /// <summary>The scenario is broken on purpose, and must be found out.</summary>
    public static void Find(ITestOutputHelper output, Action<Scenario> scenario, FailureKind kind, MemoryModel model = MemoryModel.TotalStoreOrder, [CallerMemberName] string name = "")
    {
        if (SearchRecord.IsDeep || !TryRun(output, scenario, Weaker ?? model, isPlanted: true, isTooLarge: Weaker is not null, name, out var result)) return;
        // Under a weaker model a bug may show in another way, and later than there is time for.
        if (Weaker is null) output.WriteLine(result.MustFail(kind).ToString());
        else Assert.True(result.Failure is not null || result.Stop == StopReason.TimeLimit, $"every schedule passes: {result}");
    }

    /// <summary>The model instead of x86-TSO, if one is asked for.</summary>
    private static MemoryModel? Weaker => Environment.GetEnvironmentVariable("TROUPE_EXPLORE_MODEL") == "release-acquire" ? MemoryModel.ReleaseAcquire : null;

    private static bool TryRun(ITestOutputHelper output, Action<Scenario> scenario, MemoryModel model, bool isPlanted, bool isTooLarge, string name, out ExplorationResult result, int seconds = 10)
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("TROUPE_EXPLORE_SECONDS"), out var given)) seconds = given;
        var options = new ExplorerOptions { Model = model, TimeLimit = isTooLarge ? TimeSpan.FromSeconds(seconds) : TimeSpan.FromMinutes(5), MaximumSchedules = long.MaxValue };
        result = null!;
        if (TryKeepOrCheck(scenario, options, name)) return false;
        if (Environment.GetEnvironmentVariable("TROUPE_EXPLORE_REPLAY") is { Length: > 0 } replay)
        {
            if (replay.Split('=', 2) is not [var test, var schedule] || test != name) return false;
            options = options with { Replay = schedule };
        }

        result = Exploration.Run(scenario, options);
        output.WriteLine(result.ToString());
        var failure = result.Failure;
        new SearchRecord("explorer", name, model.ToString())
        {
            Schedules = result.Schedules + result.Redundant,
            Seconds = result.Elapsed.TotalSeconds,
            IsExhausted = result.Stop == StopReason.Exhausted,
            IsPlanted = isPlanted,
            Finding = failure is null ? null : $"{failure.Kind}: {failure.Message}",
            Replay = failure is null ? null : $"{name}={failure.Replay}",
            Diagram = failure?.ToMermaid(),
            Deciding = failure?.Deciding is { } deciding ? [deciding.First.ToString(), deciding.Second.ToString()] : null,
        }.Write();
        return true;
    }

    /// <summary>For `troupe verify replay --check`: keeps schedules of a search, or runs those again that were kept.</summary>
    private static bool TryKeepOrCheck(Action<Scenario> scenario, ExplorerOptions options, string name)
    {
        const string tool = "explorer";
        options = options with { KeepsSteps = true };
        if (ScheduleLog.RecordFolder is { } folder)
        {
            foreach (var number in (ReadOnlySpan<long>)[1, 20, 60])
                Add(folder, "recorded", Exploration.Run(scenario, options with { MaximumSchedules = number }));
            return true;
        }

        if (ScheduleLog.CheckFolder is not { } recorded) return false;
        foreach (var schedule in ScheduleLog.Recorded(recorded, tool).Where(schedule => schedule.StartsWith(name + "=", StringComparison.Ordinal)).ToList())
            Add(recorded, "replayed", Exploration.Run(scenario, options with { Replay = schedule[(name.Length + 1)..] }));
        return true;

        void Add(string folder, string kind, ExplorationResult result)
        {
            if (result.Last is { } last)
                ScheduleLog.Add(folder, tool, kind, $"{name}={last.Replay}", [.. WithoutAddresses(last.Steps.Select(static step => step.ToString())), result.Failure?.Message ?? "passes"]);
        }
    }

    /// <summary>A protocol may write pointers, which are others in each process: they get numbers in the order in which they come up.</summary>
    private static IEnumerable<string> WithoutAddresses(IEnumerable<string> steps)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        return steps.Select(step => Address().Replace(step, match =>
        {
            if (!seen.TryGetValue(match.Value, out var number)) seen[match.Value] = number = seen.Count + 1;
            return $"address {number}";
        }));
    }

    [GeneratedRegex(@"\b\d{13,16}\b")]
    private static partial Regex Address();
}
