namespace Troupe.Actors.TestKit;

/// <summary>
/// A clock that stands still while anything can run, and then jumps to the next timer. An hour of waiting takes no time. It begins on
/// 1 January 2026, in UTC, and counts in ticks of 100 ns.
/// </summary>
public sealed class VirtualTime : TimeProvider
{
    private static readonly DateTimeOffset _beginning = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly object _changing = new();
    private readonly PriorityQueue<Expiry, (long Due, long Order)> _pending = new();
    private readonly List<Expiry> _due = [];
    private long _now;
    private long _order;

    /// <summary>How much time has passed since the beginning.</summary>
    public TimeSpan Elapsed => new(GetTimestamp());

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _beginning + Elapsed;

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_changing)
            return _now;
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets time jump, as it does for a machine that was paused: timers on the way are late.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Back in time.</exception>
    public void Jump(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        lock (_changing)
            _now += time.Ticks;
    }

    /// <summary>How many timers are due now.</summary>
    internal int CountDue()
    {
        lock (_changing)
        {
            while (TryPeek(out long due) && due <= _now)
                _due.Add(_pending.Dequeue());
            _due.RemoveAll(static expiry => !expiry.IsCurrent);
            return _due.Count;
        }
    }

    /// <summary>What tells one due timer from another.</summary>
    internal object Identify(int index) => _due[index].Timer;

    /// <summary>Lets one of those that are due expire.</summary>
    internal void Expire(int index)
    {
        VirtualTimer timer;
        lock (_changing)
        {
            timer = _due[index].Timer;
            _due.RemoveAt(index);
            timer.Version++;
            if (timer.Period > TimeSpan.Zero)
                Arm(timer, timer.Period);
        }

        timer.Callback(timer.State);
    }

    /// <summary>Jumps to the next timer. False: there is none; or, with <paramref name="isTooLate"/>, only one after <paramref name="latest"/>.</summary>
    internal bool TryJump(long latest, out bool isTooLate)
    {
        lock (_changing)
        {
            isTooLate = TryPeek(out long due) && due > latest;
            if (isTooLate || due == long.MaxValue)
                return false;
            _now = Math.Max(_now, due);
            return true;
        }
    }

    private bool TryPeek(out long due)
    {
        while (_pending.TryPeek(out Expiry expiry, out (long Due, long Order) priority))
        {
            due = priority.Due;
            if (expiry.IsCurrent)
                return true;
            _pending.Dequeue();
        }

        due = long.MaxValue;
        return false;
    }

    private void Arm(VirtualTimer timer, TimeSpan delay) =>
        _pending.Enqueue(new Expiry(timer, timer.Version), (checked(_now + delay.Ticks), _order++));

    private readonly record struct Expiry(VirtualTimer Timer, long Version)
    {
        internal bool IsCurrent => Timer.Version == Version;
    }

    private sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
    {
        private bool _disposed;

        internal TimerCallback Callback { get; } = callback;

        internal object? State { get; } = state;

        internal TimeSpan Period { get; private set; }

        /// <summary>Counts changes: an expiry of an earlier setting is void.</summary>
        internal long Version { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._changing)
            {
                if (_disposed)
                    return false;
                Version++;
                Period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                    time.Arm(this, dueTime);
                return true;
            }
        }

        public void Dispose()
        {
            lock (time._changing)
            {
                _disposed = true;
                Version++;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
