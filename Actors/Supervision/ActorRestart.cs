namespace Troupe.Actors;

/// <summary>
/// A restart in steps: no handler is suspended, the children are gone, the back-off is over, a new instance goes on. While it
/// lasts the mailbox fills and is not touched.
/// </summary>
internal sealed class ActorRestart(ActorCell cell)
{
    private Step _step;
    private TimeSpan _delay;
    private Backoff? _backoff;

    internal enum Step : byte
    {
        None,
        Requested,
        AwaitingChildren,
        ChildrenEnded,
        BackingOff,
        Due,
    }

    /// <summary>Failures in a row; the supervisor's turns only.</summary>
    internal int FailuresInARow { get; set; }

    /// <summary>The clock at the last of them; the supervisor's turns only.</summary>
    internal long LastFailureAt { get; set; }

    /// <summary>The delay after the last of them; the supervisor's turns only.</summary>
    internal TimeSpan LastDelay { get; set; }

    internal Step Current => _step;

    /// <summary>Asks for a restart. One that is under way goes on as it is.</summary>
    internal void Request(TimeSpan delay)
    {
        if (_step != Step.None)
            return;
        _step = Step.Requested;
        _delay = delay;
    }

    internal void AwaitChildren() => _step = Step.AwaitingChildren;

    internal void OnChildrenEnded()
    {
        if (_step == Step.AwaitingChildren)
            _step = Step.ChildrenEnded;
    }

    /// <summary>The old instance is gone. Starts the wait before the new one; false: there is none, and it is due.</summary>
    internal bool TryBackOff()
    {
        if (_delay <= TimeSpan.Zero)
        {
            _step = Step.Due;
            return false;
        }

        _step = Step.BackingOff;
        _backoff = new Backoff(this, cell);
        _backoff.Start(_delay);
        return true;
    }

    /// <summary>Lets a restart that backs off begin at once.</summary>
    internal void EndBackoff()
    {
        _delay = TimeSpan.Zero;
        if (_step == Step.BackingOff)
            _step = Step.Due;
        _backoff?.Dispose();
        _backoff = null;
    }

    /// <summary>Done, or not to be done any more.</summary>
    internal void Cancel()
    {
        EndBackoff();
        _step = Step.None;
    }

    /// <summary>The clock's word that a back-off is over. Each has its own, so that a late one of an earlier restart changes nothing.</summary>
    private sealed class Backoff(ActorRestart restart, ActorCell cell) : SystemMessage, IDisposable
    {
        private readonly TraceOrigin? _origin = TraceSwitch.IsOn ? Tracing.Origin() : null;
        private ITimer? _timer;

        internal override TraceOrigin? Origin => _origin;

        public void Dispose() => _timer?.Dispose();

        internal void Start(TimeSpan delay) =>
            _timer = cell.System.Time.CreateTimer(static state => ((Backoff)state!).OnClock(), this, delay, Timeout.InfiniteTimeSpan);

        internal override void Run(ActorCell cell)
        {
            if (ReferenceEquals(restart._backoff, this))
                restart.EndBackoff();
        }

        private void OnClock() => cell.PostSystem(this);
    }
}
