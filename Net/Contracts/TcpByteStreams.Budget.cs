using System.IO.Pipelines;

namespace Troupe.Net.Contracts;

// What the streams hold of the budget that all connections share, and a writer that waits because the budget is exhausted.
//
// Protocol of the wait. The application publishes the waiter, then looks whether the connection has ended, then raises OutputAvailable: so the actor takes a turn that
// begins after the waiter was published (TcpByteStreams.Raise), and each turn ends with Acknowledged, which completes the waiter if there is room. An actor that ends
// sets that first, then takes the waiter; one of the two sees the other, since both writes are full fences. Who takes the waiter completes it. Modelled in
// Verification/Explorer.Tests/WriterWaitTests.
public sealed partial class TcpByteStreams
{
    private readonly TcpBufferBudget _budget;
    private readonly PipeScheduler _applicationScheduler;
    private TaskCompletionSource? _waiter;
    private long _unacknowledged;
    private int _ended;
    private int _inputEnds;

    /// <summary>Octets written and not acknowledged.</summary>
    public long Unacknowledged => Interlocked.Read(ref _unacknowledged);

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

        if (Volatile.Read(ref _waiter) is not null && Unacknowledged <= _budget.Share)
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

    private bool MustWait(in ValueTask<FlushResult> flush) =>
        _budget.IsExhausted && Unacknowledged > _budget.Share && flush.IsCompletedSuccessfully && flush.Result is { IsCompleted: false, IsCanceled: false };

    private async ValueTask<FlushResult> WaitForRoomAsync(PipeWriter inner, CancellationToken cancellationToken)
    {
        TaskCompletionSource waiter = new();
        // One at a time flushes; a second one would end the first's wait early, which does no harm.
        Interlocked.Exchange(ref _waiter, waiter)?.TrySetResult();
        if (Volatile.Read(ref _ended) != 0)
            EndWait();
        Raise(TcpSignals.OutputAvailable);
        await using (cancellationToken.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), waiter).ConfigureAwait(false))
            await waiter.Task.ConfigureAwait(false);
        // Says whether the connection has ended, or the flush was cancelled.
        return await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private void EndWait()
    {
        if (Interlocked.Exchange(ref _waiter, null) is { } waiter)
            _applicationScheduler.Schedule(static state => ((TaskCompletionSource)state!).TrySetResult(), waiter);
    }
}
