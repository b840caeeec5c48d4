using System.Threading.Tasks.Sources;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// One ask under way, used again for the next when its answer has been fetched. Every use has a version, so an answer to an
/// earlier ask finds the wrong version and is ignored.
/// </summary>
/// <remarks>
/// The clock's timer is armed once and left alone when the answer comes: when it fires it looks whether the ask of that
/// moment is due, and if not, arms itself for that one. A busy asker so touches the clock a few times a second, not twice per ask.
/// </remarks>
internal sealed class PendingReply<[Sendable] TReply> : PendingAsk, IValueTaskSource<TReply>
{
    // The state is the version, times four, plus one of these; plus nothing while it is free.
    private const int Waiting = 1;
    private const int Answered = 2;
    private const int PhaseMask = 3;
    private const int VersionShift = 2;

    private readonly ReplyPool<TReply> _pool;
    private readonly ActorSystem _system;
    private ManualResetValueTaskSourceCore<TReply> _completion;
    private CancellationTokenRegistration _cancellation;
    private TraceOrigin? _asker;
    private ITimer? _clockTimer;
    private TimeSpan _timeout;
    private long _state;
    private long _deadline;
    private long _armedFor;
    private int _armed;

    internal PendingReply(ReplyPool<TReply> pool, ActorSystem system)
    {
        _pool = pool;
        _system = system;
        // The asker goes on in its own turn or on the thread pool, never inside the answering actor's turn.
        _completion.RunContinuationsAsynchronously = true;
    }

    internal ValueTask<TReply> Task => new(this, _completion.Version);

    internal Reply<TReply> Begin(ActorRef asked, TimeSpan timeout, CancellationToken cancellationToken)
    {
        long version = State >> VersionShift;
        BeginAsk(asked.Cell, version);
        _asker = TraceSwitch.IsOn ? Tracing.Origin() : null;
        _timeout = timeout;
        bool hasDeadline = timeout != Timeout.InfiniteTimeSpan;
        long deadline = hasDeadline
            ? _system.Time.GetTimestamp() + (long)(timeout.TotalSeconds * _system.Time.TimestampFrequency)
            : long.MaxValue;
        ProcessorMemory.StoreRelease(ref _deadline, deadline);
        // A full fence between "an ask waits" and "is the timer armed": its callback does the same the other way round.
        ProcessorMemory.Exchange(ref _state, (version << VersionShift) | Waiting);
        if (hasDeadline && (ProcessorMemory.LoadAcquire(ref _armed) == 0 || ProcessorMemory.LoadAcquire(ref _armedFor) > deadline))
            Arm(deadline, timeout);
        if (cancellationToken.CanBeCanceled)
            _cancellation = cancellationToken.UnsafeRegister(Cancel, new CanceledAsk(this, version));
        return new Reply<TReply>(this, version);
    }

    internal override bool IsAwaited(long version) => State == ((version << VersionShift) | Waiting);

    internal bool TryAnswer(long version, TReply answer)
    {
        if (!TryClaim(version))
        {
            _system.CountLateReply();
            return false;
        }

        if (TraceSwitch.IsOn)
            Tracing.Reply(_system, _asker, typeof(TReply));
        _completion.SetResult(answer);
        return true;
    }

    internal bool TryFail(long version, Exception failure)
    {
        if (!TryClaim(version))
        {
            _system.CountLateReply();
            return false;
        }

        if (TraceSwitch.IsOn)
            Tracing.Reply(_system, _asker, failure.GetType());
        _completion.SetException(failure is AskFailedException ? failure : new AskFailedException(Asked?.Name, failure));
        return true;
    }

    TReply IValueTaskSource<TReply>.GetResult(short token)
    {
        _cancellation.Dispose();
        try
        {
            return _completion.GetResult(token);
        }
        finally
        {
            long version = State >> VersionShift;
            _cancellation = default;
            EndAsk();
            _completion.Reset();
            ProcessorMemory.StoreRelease(ref _state, (version + 1) << VersionShift);
            _pool.Return(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<TReply>.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource<TReply>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    private long State => ProcessorMemory.LoadAcquire(ref _state);

    private bool TryClaim(long version)
    {
        long waiting = (version << VersionShift) | Waiting;
        return ProcessorMemory.CompareExchange(ref _state, (version << VersionShift) | Answered, waiting) == waiting;
    }

    private void Arm(long deadline, TimeSpan remaining)
    {
        ProcessorMemory.StoreRelease(ref _armedFor, deadline);
        ProcessorMemory.Exchange(ref _armed, 1);
        var due = TimeSpan.FromMilliseconds(Math.Ceiling(remaining.TotalMilliseconds));
        if (_clockTimer is null)
            _clockTimer = _system.Time.CreateTimer(static state => ((PendingReply<TReply>)state!).OnClock(), this, due, Timeout.InfiniteTimeSpan);
        else
            _clockTimer.Change(due, Timeout.InfiniteTimeSpan);
    }

    private void OnClock()
    {
        ProcessorMemory.Exchange(ref _armed, 0);
        long state = State;
        if ((state & PhaseMask) != Waiting)
            return;
        long deadline = ProcessorMemory.LoadAcquire(ref _deadline);
        long now = _system.Time.GetTimestamp();
        if (now < deadline)
        {
            // Asked again since it was armed. The next ask may begin while this arms for the last one, and its earlier
            // deadline must not be overwritten: so look again after arming.
            while (deadline != long.MaxValue)
            {
                Arm(deadline, _system.Time.GetElapsedTime(now, deadline));
                long latest = ProcessorMemory.LoadAcquire(ref _deadline);
                if (latest == deadline)
                    return;
                deadline = latest;
                now = Math.Min(_system.Time.GetTimestamp(), deadline);
            }

            return;
        }

        ActorCell? asked = Asked;
        TimeSpan timeout = _timeout;
        IReadOnlyList<string> cycle = FindCycle();
        // The version in the state guards against all of this belonging to another ask by now.
        if (!TryClaim(state >> VersionShift))
            return;
        SetOverdue();
        _completion.SetException(new AskTimeoutException(asked?.Name, timeout, cycle));
    }

    private static void Cancel(object? state, CancellationToken token)
    {
        var ask = (CanceledAsk)state!;
        if (ask.Pending.TryClaim(ask.Version))
            ask.Pending._completion.SetException(new OperationCanceledException(token));
    }

    private sealed record CanceledAsk(PendingReply<TReply> Pending, long Version);
}
