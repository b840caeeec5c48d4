using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Troupe.Net.Contracts;

// What the streams hold of the budget that all connections share, and a writer that waits because the send buffer is full or the budget exhausted.
//
// Protocol of the wait. The application publishes the waiter, then looks whether the connection has ended, then raises OutputAvailable: so the actor takes a turn that
// begins after the waiter was published (TcpByteStreams.Raise), and each turn ends with Acknowledged, which completes the waiter if there is room. An actor that ends
// sets that first, then takes the waiter; one of the two sees the other, since both writes are full fences. Who takes the waiter completes it. Modelled in
// Verification/Explorer.Tests/WriterWaitTests.
public sealed partial class TcpByteStreams
{
    private readonly TcpBufferBudget _budget;
    private readonly PipeScheduler _applicationScheduler;
    private readonly int _maximumSendBuffer;
    private int _sendBuffer;
    private RoomWaiter? _waiter;
    private RoomWaiter? _spareWaiter;
    private bool _waitsForBudget;
    private long _unacknowledged;
    private int _ended;
    private int _inputEnds;

    /// <summary>Octets written and not acknowledged.</summary>
    public long Unacknowledged => Interlocked.Read(ref _unacknowledged);

    /// <summary>Octets that may be written and not acknowledged: what the application chose, or what followed from the congestion window so far.</summary>
    public int SendBuffer => Settings.SendBuffer is > 0 and var chosen ? Math.Min(chosen, _maximumSendBuffer) : Volatile.Read(ref _sendBuffer);

    /// <summary>Octets that the send buffer has room for now.</summary>
    public int SendRoom => (int)Math.Max(0, SendBuffer - Unacknowledged);

    /// <summary>In the actor's turns: makes the send buffer as large as this, within its bounds; it never shrinks.</summary>
    public void GrowSendBuffer(long octets)
    {
        if (octets > _sendBuffer && MayGrow)
            Volatile.Write(ref _sendBuffer, (int)Math.Min(octets, _maximumSendBuffer));
    }

    /// <summary>Whether octets that arrive are to be dropped: the budget is exhausted, and what is not read yet is this connection's share.</summary>
    public bool RefusesInput => Unread >= _budget.Share && _budget.IsExhausted;

    /// <summary>Whether there is room for larger buffers.</summary>
    public bool MayGrow => !_budget.IsExhausted;

    /// <summary>At the end of each of the actor's turns: so many octets were acknowledged in it.</summary>
    public void Acknowledged(long octets)
    {
        if (octets > 0)
        {
            Interlocked.Add(ref _unacknowledged, -octets);
            _budget.Add(-octets);
        }

        // The reason was written before the waiter was published.
        if (Volatile.Read(ref _waiter) is not null && Unacknowledged <= (_waitsForBudget ? _budget.Share : SendBuffer / 2))
            EndWait();
    }

    /// <summary>The actor ends: what was written and not acknowledged never will be.</summary>
    public void EndOutput()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return;
        _budget.Add(-Interlocked.Exchange(ref _unacknowledged, 0));
        EndWait();
        EndInput();
    }

    // The application reads no more, and the actor delivers no more: the second of the two gives back what was not read.
    private void EndInput()
    {
        if (Interlocked.Increment(ref _inputEnds) == 2)
            _budget.Add(-Interlocked.Exchange(ref _unread, 0));
    }

    private void CountWritten(long octets)
    {
        if (octets == 0 || Volatile.Read(ref _ended) != 0)
            return;
        Interlocked.Add(ref _unacknowledged, octets);
        _budget.Add(octets);
        // The actor may have ended in between; then these are nobody's any more.
        if (Volatile.Read(ref _ended) != 0)
            _budget.Add(-Interlocked.Exchange(ref _unacknowledged, 0));
    }

    private bool MustWait(in ValueTask<FlushResult> flush)
    {
        long held = Unacknowledged;
        bool isExhausted = held > _budget.Share && _budget.IsExhausted;
        if ((held < SendBuffer && !isExhausted) || !flush.IsCompletedSuccessfully || flush.Result is not { IsCompleted: false, IsCanceled: false })
            return false;
        _waitsForBudget = isExhausted;
        return true;
    }

    // No async method: a writer that outruns its connection waits all the time, and nothing is allocated for it.
    private ValueTask<FlushResult> WaitForRoomAsync(PipeWriter inner, CancellationToken cancellationToken)
    {
        RoomWaiter waiter = Interlocked.Exchange(ref _spareWaiter, null) ?? new(this);
        ValueTask<FlushResult> room = waiter.Begin(inner, cancellationToken);
        // One at a time flushes; a second one would end the first's wait early, which does no harm.
        Interlocked.Exchange(ref _waiter, waiter)?.Complete();
        if (Volatile.Read(ref _ended) != 0)
            EndWait();
        Raise(TcpSignals.OutputAvailable);
        waiter.WatchCancellation();
        return room;
    }

    private void EndWait()
    {
        if (Interlocked.Exchange(ref _waiter, null) is { } waiter)
            _applicationScheduler.Schedule(static state => ((RoomWaiter)state!).Complete(), waiter);
    }

    // A writer's wait; used again when its result was taken. Whoever takes it out of the field completes it, so it is completed once.
    private sealed class RoomWaiter(TcpByteStreams streams) : IValueTaskSource<FlushResult>
    {
        private ManualResetValueTaskSourceCore<bool> _core;
        private CancellationTokenRegistration _registration;
        private CancellationToken _cancellation;
        private PipeWriter? _inner;

        public ValueTask<FlushResult> Begin(PipeWriter inner, CancellationToken cancellationToken)
        {
            _core.Reset();
            (_inner, _cancellation) = (inner, cancellationToken);
            return new(this, _core.Version);
        }

        // Before its writer awaits it: the result, which ends the watch, is not taken before that.
        public void WatchCancellation() => _registration = _cancellation.UnsafeRegister(static state => ((RoomWaiter)state!).Cancel(), this);

        public void Complete() => _core.SetResult(true);

        public FlushResult GetResult(short token)
        {
            _core.GetResult(token);
            _registration.Dispose();
            // Says whether the connection has ended, or the flush was cancelled; it waits for nothing, since the pipe has no limit.
            ValueTask<FlushResult> flush = _inner!.FlushAsync(_cancellation);
            _inner = null;
            Volatile.Write(ref streams._spareWaiter, this);
            return flush.IsCompletedSuccessfully ? flush.Result : flush.AsTask().GetAwaiter().GetResult();
        }

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);

        private void Cancel()
        {
            if (Interlocked.CompareExchange(ref streams._waiter, null, this) == this)
                Complete();
        }
    }
}
