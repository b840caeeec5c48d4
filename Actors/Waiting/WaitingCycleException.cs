namespace Troupe.Actors;

/// <summary>An actor was to be spawned that waits for room in the mailbox of one that waits, directly or through others, for room in its own.</summary>
public sealed class WaitingCycleException : InvalidOperationException
{
    internal WaitingCycleException(IReadOnlyList<string> cycle)
        : base($"A cycle of waiting edges: {string.Join(" waits for room of ", cycle.Append(cycle[0]))}. When all are full none goes on: let one direction drop and count (TryTell, OverflowPolicy.DropNewest), or ask with a deadline.")
    {
        Cycle = cycle;
    }

    /// <summary>The paths, each waiting for the next and the last for the first.</summary>
    public IReadOnlyList<string> Cycle { get; }
}
