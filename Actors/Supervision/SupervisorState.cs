namespace Troupe.Actors;

/// <summary>What a supervisor remembers: the restarts within its window, and the children that wait for its own supervisor.</summary>
internal sealed class SupervisorState
{
    private Queue<long>? _restarts;

    /// <summary>Children whose failure became this actor's own; its fate is theirs.</summary>
    internal List<ActorCell> Escalated { get; } = [];

    /// <summary>Counts a restart. False: it would be one too many within the strategy's window.</summary>
    internal bool TryCountRestart(SupervisionStrategy strategy, TimeProvider time)
    {
        // Only those within the window are kept, so the limit itself may be any number.
        long now = time.GetTimestamp();
        _restarts ??= new Queue<long>();
        while (_restarts.TryPeek(out long oldest) && time.GetElapsedTime(oldest, now) > strategy.Window)
            _restarts.Dequeue();
        if (_restarts.Count >= strategy.MaximumRestarts)
            return false;
        _restarts.Enqueue(now);
        return true;
    }

    /// <summary>A fresh supervisor has no past.</summary>
    internal void Reset()
    {
        _restarts?.Clear();
        Escalated.Clear();
    }
}
