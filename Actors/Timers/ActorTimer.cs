using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// A timer of an actor. The clock only says "look again": when due is decided in the actor's turn, by the
/// timestamp. So moving the due time later touches nothing but a field, and an expiry that crosses a cancellation is harmless.
/// </summary>
/// <remarks>The clock is the system's <see cref="TimerWheel"/>, or, where it has none (tests, simulators), a timer of its time, which keeps to it exactly.</remarks>
internal abstract class ActorTimer : SystemMessage
{
    /// <summary>The <see cref="Tick"/> of a timer that is not on the wheel.</summary>
    internal const long Off = -1;

    /// <summary>The <see cref="Tick"/> of a timer whose slot the wheel has reached.</summary>
    internal const long Reached = 0;

    private readonly bool _reusable;
    private ActorTimer? _previous;
    private ActorTimer? _next;
    private ITimer? _clockTimer;
    private TimeSpan _period;
    private int _queued;
    private bool _linked;
    private TraceOrigin? _origin;

    /// <summary>When it is due, and when the clock looks.</summary>
    internal TimerDeadline<ProcessorMemory> Deadline = new();

    /// <summary>The wheel's, under its lock.</summary>
    internal long Tick = Off;

    /// <inheritdoc cref="Tick"/>
    internal ActorTimer? PreviousOnWheel;

    /// <inheritdoc cref="Tick"/>
    internal ActorTimer? NextOnWheel;

    private protected ActorTimer(bool reusable) => _reusable = reusable;

    internal bool IsActive { get; private set; }

    internal override bool NeedsHandler => true;

    internal override TraceKind? PostedAs => TraceKind.Timer;

    internal override TraceOrigin? Origin => _origin;

    private protected abstract ActorCell Cell { get; }

    private protected abstract bool CellHasEnded { get; }

    private TimeProvider Time => Cell.System.Time;

    internal void Start(TimeSpan delay, TimeSpan period)
    {
        if (CellHasEnded)
            return;
        if (!_linked)
        {
            _linked = true;
            LinkToCell();
        }

        IsActive = true;
        _origin = TraceSwitch.IsOn ? Tracing.Origin() : null;
        _period = period;
        // If the clock looks before that, it finds it is too early and looks again.
        long now = Time.GetTimestamp();
        SetDue(now + ToTimestamp(delay), now);
    }

    internal void Cancel()
    {
        IsActive = false;
        Deadline.MoveTo(TimerDeadline<ProcessorMemory>.Never);
        if (!_reusable)
            Release();
    }

    internal override void Run(ActorCell cell)
    {
        // Before the clock is read: an expiry from now on queues this timer again.
        ProcessorMemory.Exchange(ref _queued, 0);
        if (Wheel is null)
            Deadline.ArmFor(TimerDeadline<ProcessorMemory>.Never);
        if (!IsActive || CellHasEnded)
            return;

        long now = Time.GetTimestamp();
        if (now < Deadline.DueAt)
        {
            SetDue(Deadline.DueAt, now);
            return;
        }

        if (_period > TimeSpan.Zero)
        {
            SetDue(Math.Max(Deadline.DueAt + ToTimestamp(_period), now), now);
        }
        else
        {
            IsActive = false;
            Deadline.MoveTo(TimerDeadline<ProcessorMemory>.Never);
            if (!_reusable)
                Release();
        }

        Deliver();
    }

    internal static void Insert(ref ActorTimer? first, ActorTimer timer)
    {
        timer._previous = null;
        timer._next = first;
        if (first is not null)
            first._previous = timer;
        first = timer;
    }

    internal static void Remove(ref ActorTimer? first, ActorTimer timer)
    {
        if (timer._previous is null)
            first = timer._next;
        else
            timer._previous._next = timer._next;
        if (timer._next is not null)
            timer._next._previous = timer._previous;
        timer._previous = timer._next = null;
    }

    internal static void DisposeAll(ref ActorTimer? first)
    {
        while (first is { } timer)
        {
            timer.IsActive = false;
            timer.Release();
        }
    }

    private protected abstract void LinkToCell();

    private protected abstract void UnlinkFromCell();

    private protected abstract void Deliver();

    private TimerWheel? Wheel => Cell.System.Wheel;

    private void SetDue(long dueAt, long now)
    {
        if (!Deadline.MoveTo(dueAt))
            return;
        if (Wheel is { } wheel)
            wheel.Insert(this, now);
        else
            Arm(Time.GetElapsedTime(now, dueAt));
    }

    private void Arm(TimeSpan delay)
    {
        Deadline.ArmFor(Deadline.DueAt);
        // Whole milliseconds, upwards: clocks count in them, and one that fires early would only be armed again.
        var due = TimeSpan.FromMilliseconds(Math.Ceiling(delay.TotalMilliseconds));
        if (_clockTimer is null)
            _clockTimer = Time.CreateTimer(static state => ((ActorTimer)state!).OnClock(), this, due, Timeout.InfiniteTimeSpan);
        else
            _clockTimer.Change(due, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The clock found the deadline over. Any thread.</summary>
    internal void OnClock()
    {
        if (ProcessorMemory.Exchange(ref _queued, 1) == 0)
            Cell.PostSystem(this);
    }

    private void Release()
    {
        _clockTimer?.Dispose();
        _clockTimer = null;
        if (Wheel is { } wheel)
            wheel.Remove(this);
        else
            Deadline.ArmFor(TimerDeadline<ProcessorMemory>.Never);
        if (!_linked)
            return;
        _linked = false;
        UnlinkFromCell();
    }

    private long ToTimestamp(TimeSpan span) => (long)(span.TotalSeconds * Time.TimestampFrequency);
}

/// <inheritdoc cref="ActorTimer"/>
internal sealed class ActorTimer<[Sendable] TMessage>(ActorCell<TMessage> cell, TMessage message, bool reusable) : ActorTimer(reusable)
{
    private protected override ActorCell Cell => cell;

    private protected override bool CellHasEnded => cell.HasEnded;

    private protected override void LinkToCell() => cell.Link(this);

    private protected override void UnlinkFromCell() => cell.Unlink(this);

    private protected override void Deliver() => cell.DeliverBesideMailbox(message);
}
