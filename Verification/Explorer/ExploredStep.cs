namespace Troupe.Verification.Explorer;

/// <summary>A step of a schedule, for reading.</summary>
/// <param name="Index">Its place among the steps that the schedule decides; -1 for a store that goes into its thread's buffer, which nobody else sees.</param>
/// <param name="Thread">Who took it.</param>
/// <param name="What">load, store, exchange, becomes visible, ...</param>
/// <param name="Location">What it is about, by name.</param>
/// <param name="Values">What was there and what is.</param>
/// <param name="Where">The method, with file and line where symbols are there.</param>
public sealed record ExploredStep(int Index, string Thread, string What, string Location, string Values, string Where)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Thread,-12} {What,-16} {Location,-14} {Values,-22} {Where}".TrimEnd();
}

/// <summary>
/// Two steps of different threads whose order decides: with the second before the first the schedule does not fail.
/// </summary>
/// <param name="First">The one that came first.</param>
/// <param name="Second">The one that came later, or would have been next.</param>
public sealed record DecidingSteps(ExploredStep First, ExploredStep Second);
