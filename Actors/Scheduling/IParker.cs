namespace Troupe.Actors;

/// <summary>
/// Where one worker sleeps. It holds at most one permit: <see cref="Unpark"/> leaves one, <see cref="Park"/> takes it, so an
/// unpark that comes first is not lost. Returning early without reason is allowed.
/// </summary>
public interface IParker
{
    /// <summary>Sleeps until there is a permit or the time is over (<see cref="Timeout.InfiniteTimeSpan"/>: never). Its worker only.</summary>
    void Park(TimeSpan timeout);

    /// <summary>Leaves a permit. Any thread.</summary>
    void Unpark();
}
