namespace Troupe.Verification.Coyote;

/// <summary>A clock that moves only when a test says so, to the next timer. Planted: it forgets one timer, the number of which it is given.</summary>
internal sealed class SteppedTime(int forgets = -1) : TimeProvider
{
    private readonly object _gate = new();
    private readonly List<SteppedTimer> _armed = [];
    private long _now;
    private int _expired;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (_gate) return _now;
    }

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SteppedTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Goes to the next timer and lets it expire, with all that are due at the same time; false: there is none, or not within some time.</summary>
    public bool TryAdvance(TimeSpan? within = null)
    {
        List<SteppedTimer> due;
        lock (_gate)
        {
            if (_armed.Count == 0) return false;
            var next = _armed.Min(timer => timer.Due);
            if (within is { } limit && next - _now > limit.Ticks) return false;
            _now = Math.Max(_now, next);
            due = [.. _armed.Where(timer => timer.Due <= _now)];
            _armed.RemoveAll(timer => timer.Due <= _now);
            if (forgets >= _expired && forgets < _expired + due.Count) due.RemoveAt(forgets - _expired);
            _expired += due.Count;
        }

        foreach (var timer in due) timer.Callback(timer.State);
        return true;
    }

    private sealed class SteppedTimer(SteppedTime time, TimerCallback callback, object? state) : ITimer
    {
        public TimerCallback Callback { get; } = callback;

        public object? State { get; } = state;

        public long Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                time._armed.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Due = time._now + dueTime.Ticks;
                time._armed.Add(this);
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
