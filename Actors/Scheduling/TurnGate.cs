using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// Lets an actor be in at most one run queue or on one worker at a time. Who has made work visible (with a full fence
/// after it) asks <see cref="TrySchedule"/>; who gets true must queue the actor. The worker closes a turn by
/// <see cref="Release"/> and must then look for work once more, since a producer may have asked just before.
/// </summary>
public struct TurnGate<TMemory> where TMemory : struct, IMemory
{
    private const int Idle = 0;
    private const int Suspended = 1;
    private const int Scheduled = 2;

    private int _state;

    /// <summary>The gate of an actor that its maker queues as soon as it is in place; nobody else may queue it before.</summary>
    public static TurnGate<TMemory> CreateScheduled() => new() { _state = Scheduled };

    /// <summary>Whether the actor is queued or running.</summary>
    public bool IsScheduled => TMemory.LoadAcquire(ref _state) == Scheduled;

    /// <summary>
    /// Claims the right to queue the actor. While a handler is suspended only <paramref name="urgent"/> work (system
    /// messages, continuations) does; a user message would find the actor unable to take it.
    /// </summary>
    public bool TrySchedule(bool urgent)
    {
        while (true)
        {
            int state = TMemory.LoadAcquire(ref _state);
            if (state == Scheduled || (state == Suspended && !urgent))
                return false;
            if (TMemory.CompareExchange(ref _state, Scheduled, state) == state)
                return true;
        }
    }

    /// <summary>Ends a turn; full fence, so that the look for work that must follow comes after it.</summary>
    public void Release(bool suspended) => TMemory.Exchange(ref _state, suspended ? Suspended : Idle);
}
