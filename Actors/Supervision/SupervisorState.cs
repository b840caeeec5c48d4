namespace Troupe.Actors;

/// <summary>What a supervisor remembers: the restarts within its window, and the children that wait for its own supervisor.</summary>
internal sealed class SupervisorState
{
    private long[]? _restarts;
    private int _count;
    private int _oldest;

    /// <summary>Children whose failure became this actor's own; its fate is theirs.</summary>
    internal List<ActorCell> Escalated { get; } = [];

    /// <summary>Counts a restart. False: it would be one too many within the strategy's window.</summary>
    internal bool TryCountRestart(SupervisionStrategy strategy, TimeProvider time)
    {
        if (strategy.MaximumRestarts == 0)
            return false;
        long now = time.GetTimestamp();
        _restarts ??= new long[strategy.MaximumRestarts];
        if (_count < _restarts.Length)
        {
            _restarts[_count++] = now;
            return true;
        }

        if (time.GetElapsedTime(_restarts[_oldest], now) <= strategy.Window)
            return false;
        _restarts[_oldest] = now;
        _oldest = (_oldest + 1) % _restarts.Length;
        return true;
    }

    /// <summary>A fresh supervisor has no past.</summary>
    internal void Reset()
    {
        _count = 0;
        _oldest = 0;
        Escalated.Clear();
    }
}
