namespace Troupe.Core.Machine.Memory;

/// <summary>What one request over a range may still do, and what it did.</summary>
internal struct PageTally
{
    /// <summary>A page whose frame is freed, or whose entry is changed, costs this much: 512 of them, 2 MiB, are a call's work.</summary>
    internal const int PageCost = 8;

    /// <summary>A table that is made and cleared.</summary>
    internal const int TableCost = 64;

    /// <summary>A table that is not there: its place is looked up from the top once in each pass over the range.</summary>
    internal const int EmptyCost = 8;

    /// <summary>The work of one call, and so how long it keeps interrupts off: at most some 40 instructions a unit (docs/traps.md has what was counted).</summary>
    internal const int CallBudget = 512 * PageCost;

    /// <summary>Looking at an entry costs 1.</summary>
    internal int Budget;

    /// <summary>Frames marked to be freed.</summary>
    internal long Frames;

    /// <summary>Of these, frames of stacks that had been charged one by one.</summary>
    internal long Growth;

    /// <summary>Whether a processor may hold a translation that allows too much now.</summary>
    internal bool RightsLost;

    internal static PageTally ForOneCall()
    {
        PageTally tally;
        tally.Budget = CallBudget;
        tally.Frames = 0;
        tally.Growth = 0;
        tally.RightsLost = false;
        return tally;
    }
}
