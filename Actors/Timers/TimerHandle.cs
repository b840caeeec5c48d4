namespace Troupe.Actors;

/// <summary>
/// A timer of an actor: sends it one message when due. Use it in the actor's own turns only; then a cancelled or moved
/// timer never fires late, whatever was under way. The default value is a timer that never runs.
/// </summary>
public readonly struct TimerHandle
{
    private readonly ActorTimer? _timer;

    internal TimerHandle(ActorTimer timer) => _timer = timer;

    /// <summary>Whether it will fire.</summary>
    public bool IsActive => _timer is { IsActive: true };

    /// <summary>Starts it, or moves its due time.</summary>
    public void Restart(TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        (_timer ?? throw new InvalidOperationException("This handle has no timer; create one by Context.CreateTimer.")).Start(delay, TimeSpan.Zero);
    }

    /// <summary>It will not fire any more, not even if it was already due.</summary>
    public void Cancel() => _timer?.Cancel();

    internal void RestartEvery(TimeSpan period) => _timer!.Start(period, period);
}
