using System.Globalization;
using System.Text;

namespace Troupe.Verification.Explorer;

/// <summary>Why a search ended.</summary>
public enum StopReason
{
    /// <summary>Every schedule (within the preemption bound, if there is one) was covered.</summary>
    Exhausted,

    /// <summary>A schedule failed.</summary>
    Failure,

    /// <summary><see cref="ExplorerOptions.MaximumSchedules"/> was reached.</summary>
    ScheduleLimit,

    /// <summary><see cref="ExplorerOptions.TimeLimit"/> was reached.</summary>
    TimeLimit,

    /// <summary>The one schedule of <see cref="ExplorerOptions.Replay"/> ran without failing.</summary>
    Replayed,
}

/// <summary>What is wrong with a schedule.</summary>
public enum FailureKind
{
    /// <summary>A thread, or the check at the end, threw.</summary>
    Exception,

    /// <summary>Nobody can go on, and somebody has not finished: a lost wake-up, usually.</summary>
    Deadlock,

    /// <summary>The schedule did not end within <see cref="ExplorerOptions.MaximumSteps"/>.</summary>
    Livelock,
}

/// <summary>A schedule that fails, and how to see it again.</summary>
/// <param name="Kind">What went wrong.</param>
/// <param name="Message">The exception's message, or who waits for what.</param>
/// <param name="Steps">The schedule, one line a step.</param>
/// <param name="Replay">Give this to <see cref="ExplorerOptions.Replay"/>.</param>
public sealed record ExplorationFailure(FailureKind Kind, string Message, IReadOnlyList<ExploredStep> Steps, string Replay)
{
    /// <summary>The two steps whose order decides, if turning round one pair of them makes the schedule pass.</summary>
    public DecidingSteps? Deciding { get; init; }

    /// <summary>The schedule as a Mermaid sequence diagram.</summary>
    public string ToMermaid() => SequenceDiagram.Of(this);

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Kind}: {Message}");
        for (var i = 0; i < Steps.Count; i++)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {i + 1,4}  {Steps[i]}");
        }

        if (Deciding is { } deciding)
        {
            text.AppendLine("  decided by the order of");
            text.AppendLine(CultureInfo.InvariantCulture, $"        {deciding.First}");
            text.AppendLine(CultureInfo.InvariantCulture, $"        {deciding.Second}");
        }

        text.Append(CultureInfo.InvariantCulture, $"  replay: {Replay}");
        return text.ToString();
    }
}

/// <summary>What a search found and how much of the space it covered.</summary>
public sealed record ExplorationResult
{
    /// <summary>Why it ended.</summary>
    public required StopReason Stop { get; init; }

    /// <summary>The first failing schedule, if one was found.</summary>
    public ExplorationFailure? Failure { get; init; }

    /// <summary>Schedules that ran to their end.</summary>
    public required long Schedules { get; init; }

    /// <summary>Schedules cut short because every step left was known to lead to a covered schedule.</summary>
    public required long Redundant { get; init; }

    /// <summary>Scheduling steps taken, re-execution included.</summary>
    public required long Steps { get; init; }

    /// <summary>The longest schedule, in steps.</summary>
    public required int LongestSchedule { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>What <see cref="Scenario.Outcome"/> said at the end of each schedule, with the number of schedules.</summary>
    public required IReadOnlyDictionary<string, long> Outcomes { get; init; }

    /// <summary>The last schedule that ran to its end, if <see cref="ExplorerOptions.KeepsSteps"/> asked for it.</summary>
    public KeptSchedule? Last { get; init; }

    /// <summary>Schedules a second.</summary>
    public double Rate => (Schedules + Redundant) / Math.Max(Elapsed.TotalSeconds, 1e-9);

    /// <summary>Throws <see cref="ExplorationException"/> unless the search covered everything and found nothing.</summary>
    public ExplorationResult MustHold()
    {
        if (Stop is not (StopReason.Exhausted or StopReason.Replayed))
            throw new ExplorationException(Failure?.ToString() ?? $"the search was cut off ({Stop}): {this}");
        return this;
    }

    /// <summary>Throws <see cref="ExplorationException"/> unless a schedule failed in the given way; returns it.</summary>
    public ExplorationFailure MustFail(FailureKind kind)
    {
        if (Failure is null) throw new ExplorationException($"no schedule fails: {this}");
        if (Failure.Kind != kind) throw new ExplorationException($"expected {kind}, found {Failure}");
        return Failure;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Stop}: {Schedules:N0} schedules (+{Redundant:N0} redundant), {Steps:N0} steps, longest {LongestSchedule}, {Elapsed.TotalSeconds:F2} s, {Rate:N0} schedules/s");
}

/// <summary>A schedule with its steps.</summary>
/// <param name="Replay">What <see cref="ExplorerOptions.Replay"/> takes.</param>
/// <param name="Steps">What was done, in its order.</param>
public sealed record KeptSchedule(string Replay, IReadOnlyList<ExploredStep> Steps);

/// <summary>A search that did not end as it must.</summary>
public sealed class ExplorationException(string message) : Exception(message);
