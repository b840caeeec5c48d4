using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// When a timer is due, and when its clock looks at it next. The timer's actor moves the first all the time; the clock is told only if it would look too late.
/// </summary>
/// <remarks>
/// <see cref="MoveTo"/> is called in turns of the timer's actor, <see cref="ArmFor"/> and <see cref="Look"/> by who holds the clock's lock. An actor that moves the deadline forward
/// writes it (full fence) and reads when the clock looks next; a clock that puts its look off writes that (full fence) and reads the deadline again: one of
/// the two sees the other. To be moved backwards needs no fence: a clock that does not see it looks too early. Who is told by <see cref="Look"/> that the
/// deadline is over takes a turn of the actor, which decides.
/// </remarks>
public struct TimerDeadline<TMemory> where TMemory : struct, IMemory
{
    /// <summary>No time at all.</summary>
    public const long Never = long.MaxValue;

    private long _dueAt;
    private long _looksAt;

    /// <summary>Neither due nor looked at.</summary>
    public TimerDeadline() => _dueAt = _looksAt = Never;

    /// <summary>When it is due, as the timer's actor wants it.</summary>
    public readonly long DueAt => _dueAt;

    /// <summary>Due at another time, or <see cref="Never"/>. True: the clock would look too late and must be told.</summary>
    public bool MoveTo(long dueAt)
    {
        if (dueAt < _dueAt)
            TMemory.Exchange(ref _dueAt, dueAt);
        else
            TMemory.StoreRelease(ref _dueAt, dueAt);
        return TMemory.LoadAcquire(ref _looksAt) > dueAt;
    }

    /// <summary>The clock will look at that time, or a little later.</summary>
    public void ArmFor(long time) => TMemory.StoreRelease(ref _looksAt, time);

    /// <summary>The clock looks. True: the deadline is over, and the clock does not look again unless told. False: it is to look at <paramref name="next"/>, or <see cref="Never"/>.</summary>
    public bool Look(long now, out long next)
    {
        long dueAt = TMemory.LoadAcquire(ref _dueAt);
        while (true)
        {
            bool isOver = dueAt <= now;
            next = isOver ? Never : dueAt;
            TMemory.Exchange(ref _looksAt, next);
            if (isOver)
                return true;
            long latest = TMemory.LoadAcquire(ref _dueAt);
            if (latest >= dueAt)
                return false;
            dueAt = latest;
        }
    }
}
