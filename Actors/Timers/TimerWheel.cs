using System.Numerics;

namespace Troupe.Actors;

/// <summary>
/// The clock of a system's actor timers: slots of a millisecond on a ring, and one timer of the machine for the next slot that is not empty. (G. Varghese, T. Lauck: Hashed and
/// hierarchical timing wheels, SOSP 1987, scheme 6; what is due more than a turn of the wheel ahead is looked at once a turn.)
/// </summary>
/// <remarks>
/// All of it under one lock, which an actor takes only to have the clock look earlier than it would (<see cref="TimerDeadline{TMemory}"/>): a connection that restarts its timer with every segment does so once in
/// the shortest of its delays. What is due in <see cref="CoarseFrom"/> or more shares its slot with its neighbours, so that thousands of such timers are looked at together.
/// </remarks>
internal sealed class TimerWheel
{
    /// <summary>A power of two: four seconds a turn of the wheel.</summary>
    private const int Slots = 4096;

    private const int BitsOfWord = 64;

    /// <summary>Milliseconds from which on a timer may come up to <see cref="Coarse"/> later than asked.</summary>
    private const int CoarseFrom = 32;

    /// <summary>A power of two.</summary>
    private const int Coarse = 8;

    private readonly object _lock = new(); // no System.Threading.Lock: Coyote does not control it
    private readonly TimeProvider _time;
    private readonly long _slotLength;
    private readonly ActorTimer?[] _slots = new ActorTimer?[Slots];
    private readonly ulong[] _filled = new ulong[Slots / BitsOfWord];
    private readonly ITimer _clock;
    private ActorTimer? _reached;
    private long _lastTick;
    private long _clockTick = TimerDeadline<Core.Memory.ProcessorMemory>.Never;
    private int _count;

    /// <summary>A wheel that stands still.</summary>
    internal TimerWheel(TimeProvider time)
    {
        _time = time;
        _slotLength = Math.Max(1, time.TimestampFrequency / 1000);
        _clock = time.CreateTimer(static state => ((TimerWheel)state!).OnClock(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sees to it that a timer is looked at when it is due. In a turn of its actor.</summary>
    internal void Insert(ActorTimer timer, long now)
    {
        lock (_lock)
        {
            // While nothing is on it the wheel has not turned.
            if (_count == 0)
                _lastTick = now / _slotLength;
            long dueAt = timer.Deadline.DueAt;
            Put(timer, dueAt, now);
            timer.Deadline.ArmFor(dueAt);
            SetClock(timer.Tick, now);
        }
    }

    /// <summary>Takes a timer off for good.</summary>
    internal void Remove(ActorTimer timer)
    {
        lock (_lock)
        {
            Take(timer);
            timer.Deadline.ArmFor(TimerDeadline<Core.Memory.ProcessorMemory>.Never);
        }
    }

    private void OnClock()
    {
        long now = _time.GetTimestamp();
        while (TryTakeOver(now) is { } timer)
            timer.OnClock();
    }

    /// <summary>The next timer whose deadline is over. The turns begin outside of the lock.</summary>
    private ActorTimer? TryTakeOver(long now)
    {
        lock (_lock)
        {
            Turn(now / _slotLength);
            while (_reached is { } timer)
            {
                Take(timer);
                if (timer.Deadline.Look(now, out long next))
                    return timer;
                if (next != TimerDeadline<Core.Memory.ProcessorMemory>.Never)
                    Put(timer, next, now);
            }

            _clockTick = TimerDeadline<Core.Memory.ProcessorMemory>.Never;
            if (_count > 0)
                SetClock(NextFilled(), now);
            return null;
        }
    }

    private void Turn(long tick)
    {
        for (; _lastTick < tick && _count > 0; _lastTick++)
        {
            int slot = (int)((_lastTick + 1) & (Slots - 1));
            while (_slots[slot] is { } timer)
            {
                Take(timer);
                timer.Tick = ActorTimer.Reached;
                Link(ref _reached, timer);
            }
        }
    }

    private void Put(ActorTimer timer, long dueAt, long now)
    {
        // Upwards, so that it is due when it is looked at.
        long tick = (dueAt + _slotLength - 1) / _slotLength;
        if (tick - (now / _slotLength) >= CoarseFrom)
            tick = (tick + Coarse - 1) & -Coarse;
        tick = Math.Clamp(tick, _lastTick + 1, _lastTick + Slots - 1);
        if (timer.Tick != ActorTimer.Off && timer.Tick <= tick)
            return;
        Take(timer);
        timer.Tick = tick;
        int slot = (int)(tick & (Slots - 1));
        Link(ref _slots[slot], timer);
        _filled[slot / BitsOfWord] |= 1UL << (slot % BitsOfWord);
    }

    private void Take(ActorTimer timer)
    {
        if (timer.Tick == ActorTimer.Off)
            return;
        int slot = (int)(timer.Tick & (Slots - 1));
        if (timer.Tick == ActorTimer.Reached)
        {
            Unlink(ref _reached, timer);
        }
        else
        {
            Unlink(ref _slots[slot], timer);
            if (_slots[slot] is null)
                _filled[slot / BitsOfWord] &= ~(1UL << (slot % BitsOfWord));
        }

        timer.Tick = ActorTimer.Off;
    }

    private void Link(ref ActorTimer? first, ActorTimer timer)
    {
        timer.NextOnWheel = first;
        if (first is not null)
            first.PreviousOnWheel = timer;
        first = timer;
        _count++;
    }

    private void Unlink(ref ActorTimer? first, ActorTimer timer)
    {
        if (timer.PreviousOnWheel is { } previous)
            previous.NextOnWheel = timer.NextOnWheel;
        else
            first = timer.NextOnWheel;
        if (timer.NextOnWheel is { } next)
            next.PreviousOnWheel = timer.PreviousOnWheel;
        timer.PreviousOnWheel = timer.NextOnWheel = null;
        _count--;
    }

    /// <summary>Something is on the wheel.</summary>
    private long NextFilled()
    {
        int from = (int)((_lastTick + 1) & (Slots - 1));
        int word = from / BitsOfWord;
        ulong bits = _filled[word] & (ulong.MaxValue << (from % BitsOfWord));
        for (int step = 0; bits == 0 && step < _filled.Length; step++)
        {
            word = (word + 1) % _filled.Length;
            bits = _filled[word];
        }

        int slot = (word * BitsOfWord) + BitOperations.TrailingZeroCount(bits);
        return _lastTick + 1 + ((slot - from) & (Slots - 1));
    }

    private void SetClock(long tick, long now)
    {
        if (tick >= _clockTick)
            return;
        _clockTick = tick;
        long remaining = Math.Max(0, (tick * _slotLength) - now);
        // Upwards again: a clock that counts in milliseconds would otherwise call too early, only to be set again.
        _clock.Change(TimeSpan.FromMilliseconds((remaining + _slotLength - 1) / _slotLength), Timeout.InfiniteTimeSpan);
    }
}
