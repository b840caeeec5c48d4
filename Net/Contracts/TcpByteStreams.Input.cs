using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Troupe.Net.Contracts;

// The application's end of what was received: the pipe's own reader, and beside it a count of what was read, for the window.
public sealed partial class TcpByteStreams
{
    /// <remarks>
    /// A read that waits is passed on by this object itself, again and again: a pipe has one read at a time. So waiting allocates nothing, whichever threads begin and end it. The pipe calls
    /// <see cref="_onRead"/> where the application's scheduler wants it; who awaited elsewhere is told there.
    /// An application that runs in turns comes to its first read on the thread pool, where Kestrel starts connections, and most often the octets are there by then. That read waits all the same,
    /// until a turn: so a request runs on the worker from its beginning, and a connection's only one is answered and closed by one segment.
    /// </remarks>
    private sealed class CountingPipeReader : PipeReader, IValueTaskSource<ReadResult>
    {
        private readonly PipeReader _inner;
        private readonly TcpByteStreams _streams;
        private readonly Action _onRead;
        private bool _begun;
        private bool _waitsForTurn;

        // Its properties are asked of a copy: Coyote's rewriter makes invalid code of a call on the field (Verification/Coyote).
        private ValueTask<ReadResult> _read;
        private short _token;
        private Action<object?>? _continuation;
        private object? _state;
        private SynchronizationContext? _context;
        private ExecutionContext? _execution;
        private ReadOnlySequence<byte> _last;

        public CountingPipeReader(PipeReader inner, TcpByteStreams streams)
        {
            _inner = inner;
            _streams = streams;
            _onRead = OnRead;
            _begun = streams._applicationScheduler is not TurnPipeScheduler;
        }

        public override bool TryRead(out ReadResult result)
        {
            if (!_inner.TryRead(out result))
                return false;
            _last = result.Buffer;
            return true;
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            ValueTask<ReadResult> read = _inner.ReadAsync(cancellationToken);
            _read = read;
            if (read.IsCompletedSuccessfully)
            {
                if (_begun)
                    return new(Take());
                _waitsForTurn = true;
            }

            _begun = true;
            return new(this, ++_token);
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            // Before the pipe frees the segments, while the position still has a meaning.
            int octets = (int)_last.Slice(0, consumed).Length;
            _last = default;
            _inner.AdvanceTo(consumed, examined);
            if (octets > 0)
                _streams.Consumed(octets);
        }

        public override void CancelPendingRead() => _inner.CancelPendingRead();

        public override void Complete(Exception? exception = null)
        {
            _inner.Complete(exception);
            _streams.CloseInput();
        }

        ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
        {
            Require(token);
            // A second time is an error, as with every such source.
            _token++;
            return Take();
        }

        ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token)
        {
            Require(token);
            ValueTask<ReadResult> read = _read;
            return _waitsForTurn || !read.IsCompleted ? ValueTaskSourceStatus.Pending
                : read.IsCompletedSuccessfully ? ValueTaskSourceStatus.Succeeded
                : read.IsCanceled ? ValueTaskSourceStatus.Canceled : ValueTaskSourceStatus.Faulted;
        }

        void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        {
            Require(token);
            _continuation = continuation;
            _state = state;
            _context = (flags & ValueTaskSourceOnCompletedFlags.UseSchedulingContext) != 0 ? SynchronizationContext.Current : null;
            _execution = (flags & ValueTaskSourceOnCompletedFlags.FlowExecutionContext) != 0 ? ExecutionContext.Capture() : null;
            if (_waitsForTurn)
            {
                ((TurnPipeScheduler)_streams._applicationScheduler).Begin(static reader => ((CountingPipeReader)reader!).OnTurn(), this);
                return;
            }

            // From here on it may be called, on another thread.
            ValueTask<ReadResult> read = _read;
            read.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_onRead);
        }

        private ReadResult Take()
        {
            ValueTask<ReadResult> read = _read;
            _read = default;
            ReadResult result = read.GetAwaiter().GetResult();
            _last = result.Buffer;
            return result;
        }

        private void OnTurn()
        {
            _waitsForTurn = false;
            OnRead();
        }

        private void OnRead()
        {
            SynchronizationContext? context = _context;
            _context = null;
            if (context is not null && context != SynchronizationContext.Current)
                context.Post(static reader => ((CountingPipeReader)reader!).Continue(), this);
            else
                Continue();
        }

        private void Continue()
        {
            (Action<object?> continuation, object? state, ExecutionContext? execution) = (_continuation!, _state, _execution);
            (_continuation, _state, _execution) = (null, null, null);
            if (execution is null)
                continuation(state);
            else
                ExecutionContext.Run(execution, new(continuation), state);
        }

        private void Require(short token)
        {
            if (token != _token)
                throw new InvalidOperationException("This read has been awaited before.");
        }
    }
}
