namespace Troupe.Verification.Explorer;

/// <summary>How far a search goes.</summary>
public sealed record ExplorerOptions
{
    /// <summary>The memory model; x86-TSO unless said otherwise.</summary>
    public MemoryModel Model { get; init; } = MemoryModel.TotalStoreOrder;

    /// <summary>
    /// How often a schedule may take the processor from a thread that could go on (Musuvathi and Qadeer, PLDI 2007);
    /// <see langword="null"/>: as often as it likes. A bounded search runs without partial-order reduction, because
    /// the representative of a pruned schedule may lie beyond the bound.
    /// </summary>
    public int? PreemptionBound { get; init; }

    /// <summary>Whether schedules that differ only in the order of independent steps count as one (unbounded search only).</summary>
    public bool PartialOrderReduction { get; init; } = true;

    /// <summary>The search gives up after this many schedules (<see cref="StopReason.ScheduleLimit"/>).</summary>
    public long MaximumSchedules { get; init; } = 5_000_000;

    /// <summary>A schedule of more steps than this is reported as a livelock.</summary>
    public int MaximumSteps { get; init; } = 5_000;

    /// <summary>The search gives up after this time (<see cref="StopReason.TimeLimit"/>).</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Runs this one schedule (<see cref="ExplorationFailure.Replay"/>) instead of searching.</summary>
    public string? Replay { get; init; }

    /// <summary>Whether the last schedule that ran to its end is kept with its steps (<see cref="ExplorationResult.Last"/>); a search is many times slower then.</summary>
    public bool KeepsSteps { get; init; }
}
