using System.Diagnostics;

namespace Troupe.Verification.Explorer;

/// <summary>
/// Stateless model checking under a memory model: runs a scenario again and again, each time under another schedule,
/// until every schedule that can make a difference has run.
/// </summary>
/// <remarks>
/// The threads are real, but one runs at a time: before each access through <see cref="ExplorerMemory"/> it stands still
/// until the schedule picks it. Plain accesses are not scheduling points and are visible at once, so a scenario must
/// publish plain data through the seam. Locations are addresses: no garbage collection runs during a schedule, and state
/// in native memory is welcome. One exploration at a time has the process; others wait.
/// </remarks>
public static class Exploration
{
    private static readonly Lock OneAtATime = new();

    /// <summary>Explores.</summary>
    /// <param name="build">Builds the scenario: fresh state every time, and deterministic.</param>
    /// <param name="options">How far to go.</param>
    public static ExplorationResult Run(Action<Scenario> build, ExplorerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(build);
        options ??= new ExplorerOptions();
        lock (OneAtATime)
        {
            return options.Replay is { } replay ? RunOne(build, options, replay) : Search(build, options);
        }
    }

    private static ExplorationResult Search(Action<Scenario> build, ExplorerOptions options)
    {
        var clock = Stopwatch.StartNew();
        var search = new ScheduleSearch(options);
        var outcomes = new SortedDictionary<string, long>(StringComparer.Ordinal);
        long schedules = 0, redundant = 0, taken = 0;
        var longest = 0;
        ExplorationFailure? failure = null;
        KeptSchedule? last = null;
        StopReason stop;
        using var heap = new FrozenHeap();
        using var machine = new ModelMachine(search, options) { Trace = options.KeepsSteps ? [] : null };
        do
        {
            heap.Renew();
            var end = machine.RunSchedule(build, outcomes);
            taken += search.Depth;
            longest = Math.Max(longest, search.Depth);
            if (end == ScheduleEnd.Redundant) redundant++;
            else schedules++;
            if (end == ScheduleEnd.Complete && machine.Trace is { } steps) last = new KeptSchedule(search.Replay(), [.. steps]);
            if (machine.Failure is not null)
            {
                stop = StopReason.Failure;
                failure = Explain(build, options, search.Replay(), heap);
                break;
            }

            stop = !search.Advance() ? StopReason.Exhausted
                : schedules + redundant >= options.MaximumSchedules ? StopReason.ScheduleLimit
                : clock.Elapsed >= options.TimeLimit ? StopReason.TimeLimit
                : StopReason.Replayed;
        }
        while (stop == StopReason.Replayed);

        return new ExplorationResult
        {
            Stop = stop,
            Failure = failure,
            Schedules = schedules,
            Redundant = redundant,
            Steps = taken,
            LongestSchedule = longest,
            Elapsed = clock.Elapsed,
            Outcomes = outcomes,
            Last = last,
        };
    }

    private static ExplorationResult RunOne(Action<Scenario> build, ExplorerOptions options, string replay)
    {
        var clock = Stopwatch.StartNew();
        var outcomes = new SortedDictionary<string, long>(StringComparer.Ordinal);
        using var heap = new FrozenHeap();
        heap.Renew();
        var search = ScheduleSearch.ForReplay(ref options, replay);
        using var machine = new ModelMachine(search, options) { Trace = options.KeepsSteps ? [] : null };
        machine.RunSchedule(build, outcomes);
        return new ExplorationResult
        {
            Stop = machine.Failure is null ? StopReason.Replayed : StopReason.Failure,
            Failure = machine.Failure is null ? null : Explain(build, options, replay, heap),
            Schedules = 1,
            Redundant = 0,
            Steps = search.Depth,
            LongestSchedule = search.Depth,
            Elapsed = clock.Elapsed,
            Outcomes = outcomes,
            Last = machine.Trace is { } steps ? new KeptSchedule(replay, [.. steps]) : null,
        };
    }

    /// <summary>Runs a failing schedule once more, writing down its steps, and looks for the two on which it turns.</summary>
    private static ExplorationFailure Explain(Action<Scenario> build, ExplorerOptions options, string replay, FrozenHeap heap)
    {
        var search = ScheduleSearch.ForReplay(ref options, replay);
        using var machine = new ModelMachine(search, options) { Trace = [] };
        machine.RunSchedule(build, new SortedDictionary<string, long>(StringComparer.Ordinal));
        if (machine.Failure is not var (kind, message))
            throw new ExplorationException($"the scenario is not deterministic: schedule {replay} failed, and passes when run again");

        var failure = new ExplorationFailure(kind, message, machine.Trace!, replay);
        var deciding = DecidingOrder.Find(machine.Accesses, replay, turned => Passes(build, options, turned, heap));
        return deciding is var (first, second) && StepAt(first) is { } one && StepAt(second) is { } other
            ? failure with { Deciding = new DecidingSteps(one, other) }
            : failure;

        ExploredStep? StepAt(int index) => machine.Trace!.Find(step => step.Index == index);
    }

    private static bool Passes(Action<Scenario> build, ExplorerOptions options, string replay, FrozenHeap heap)
    {
        heap.Renew();
        var search = ScheduleSearch.ForReplay(ref options, replay);
        using var machine = new ModelMachine(search, options);
        return machine.RunSchedule(build, new SortedDictionary<string, long>(StringComparer.Ordinal)) == ScheduleEnd.Complete && machine.Failure is null;
    }
}
