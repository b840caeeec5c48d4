using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// A timer of an actor. The clock's timer only says "look again": when due is decided in the actor's turn, by the
/// timestamp. So moving the due time later touches nothing but a field, and an expiry that crosses a cancellation is harmless.
/// </summary>
internal abstract class ActorTimer : SystemMessage
{
    private const long NotArmed = long.MaxValue;

    private readonly bool _reusable;
    private ActorTimer? _previous;
    private ActorTimer? _next;
    private ITimer? _clockTimer;
    private long _dueAt;
    private long _armedFor = NotArmed;
    private TimeSpan _period;
    private int _queued;
    private bool _linked;
    private TraceOrigin? _origin;

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
        _dueAt = Time.GetTimestamp() + ToTimestamp(delay);
        // If the clock's timer fires before that, the expiry finds it is too early and arms it anew.
        if (_armedFor > _dueAt)
            Arm(delay);
    }

    internal void Cancel()
    {
        IsActive = false;
        if (!_reusable)
            Release();
    }

    internal override void Run(ActorCell cell)
    {
        // Before the clock is read: an expiry from now on queues this timer again.
        ProcessorMemory.Exchange(ref _queued, 0);
        _armedFor = NotArmed;
        if (!IsActive || CellHasEnded)
            return;

        long now = Time.GetTimestamp();
        if (now < _dueAt)
        {
            Arm(Time.GetElapsedTime(now, _dueAt));
            return;
        }

        if (_period > TimeSpan.Zero)
        {
            _dueAt = Math.Max(_dueAt + ToTimestamp(_period), now);
            Arm(Time.GetElapsedTime(now, _dueAt));
        }
        else
        {
            IsActive = false;
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

    private void Arm(TimeSpan delay)
    {
        _armedFor = _dueAt;
        // Whole milliseconds, upwards: clocks count in them, and one that fires early would only be armed again.
        var due = TimeSpan.FromMilliseconds(Math.Ceiling(delay.TotalMilliseconds));
        if (_clockTimer is null)
            _clockTimer = Time.CreateTimer(static state => ((ActorTimer)state!).OnClock(), this, due, Timeout.InfiniteTimeSpan);
        else
            _clockTimer.Change(due, Timeout.InfiniteTimeSpan);
    }

    private void OnClock()
    {
        if (ProcessorMemory.Exchange(ref _queued, 1) == 0)
            Cell.PostSystem(this);
    }

    private void Release()
    {
        _clockTimer?.Dispose();
        _clockTimer = null;
        _armedFor = NotArmed;
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
