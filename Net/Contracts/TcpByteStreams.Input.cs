using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace Troupe.Net.Contracts;

// The application's end of what was received: the pipe's own reader, and beside it a count of what was read, for the window.
public sealed partial class TcpByteStreams
{
    /// <remarks>
    /// A read that waits is completed by this object itself, again and again: a pipe has one read at a time. So waiting allocates nothing, whichever threads begin and end it.
    /// </remarks>
    private sealed class CountingPipeReader : PipeReader, IValueTaskSource<ReadResult>
    {
        private readonly PipeReader _inner;
        private readonly TcpByteStreams _streams;
        private readonly Action _onRead;
        private ManualResetValueTaskSourceCore<ReadResult> _waiting;
        private ValueTask<ReadResult> _read;
        private ReadOnlySequence<byte> _last;

        public CountingPipeReader(PipeReader inner, TcpByteStreams streams)
        {
            _inner = inner;
            _streams = streams;
            _onRead = OnRead;
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
            if (read.IsCompletedSuccessfully)
            {
                ReadResult result = read.Result;
                _last = result.Buffer;
                return new(result);
            }

            if (read.IsCompleted)
                return read;
            _waiting.Reset();
            ValueTask<ReadResult> waiting = new(this, _waiting.Version);
            _read = read;
            // From here on it may complete, on another thread.
            read.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_onRead);
            return waiting;
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

        public ReadResult GetResult(short token) => _waiting.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _waiting.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _waiting.OnCompleted(continuation, state, token, flags);

        private void OnRead()
        {
            ValueTask<ReadResult> read = _read;
            _read = default;
            ReadResult result;
            try
            {
                result = read.GetAwaiter().GetResult();
            }
            catch (Exception exception)
            {
                _waiting.SetException(exception);
                return;
            }

            _last = result.Buffer;
            _waiting.SetResult(result);
        }
    }
}
