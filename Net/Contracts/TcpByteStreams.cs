using System.Buffers;
using System.IO.Pipelines;
using Troupe.Core.Memory;

namespace Troupe.Net.Contracts;

/// <summary>
/// The two byte streams between an application and its connection's actor, and the signals that travel beside them.
/// The actor holds <see cref="Received"/> and <see cref="ToSend"/>, the application the other two ends.
/// Neither end waits for the actor but a writer whose send buffer is full.
/// </summary>
public sealed partial class TcpByteStreams
{
    // What a pipe holds above this is in large blocks: 128 of 4 KiB, and at most 112 of these up to 4 MiB. A pipe keeps 256 of its segments for use again (Pipe.MaxSegmentPoolSize).
    private const int MuchHeld = 512 * 1024;

    private readonly Pipe _receive;
    private readonly Pipe _send;
    private readonly CountingPipeReader _input;
    private readonly SignallingPipeWriter _output;
    private SignalWord<ProcessorMemory> _signals;
    private int _receiveRoom;
    private int _unread;
    private int _consumed;
    private int _inputClosed;
    private volatile bool _aborted;
    private int _endReason;
    private readonly int _consumedPerSignal;

    /// <summary>Streams with the buffers of a configuration and of a budget; the application's continuations run on a scheduler.</summary>
    public TcpByteStreams(TcpConfiguration configuration, PipeScheduler applicationScheduler, TcpBufferBudget? budget = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _budget = budget ?? new(configuration.TotalBuffers, configuration.BufferShare);
        _applicationScheduler = applicationScheduler;
        // The window bounds what is received; the pipe must never make the actor wait.
        _receive = new(new PipeOptions(
            pool: configuration.StreamMemory,
            readerScheduler: applicationScheduler, writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: 0, resumeWriterThreshold: 0, useSynchronizationContext: false));
        // Its limit changes while it is used, which a pipe's cannot: what waits is in .Budget.
        _send = new(new PipeOptions(
            pool: configuration.StreamMemory,
            readerScheduler: PipeScheduler.Inline, writerScheduler: applicationScheduler,
            pauseWriterThreshold: 0, resumeWriterThreshold: 0, useSynchronizationContext: false));
        _sendBuffer = configuration.SendBuffer;
        _maximumSendBuffer = Math.Max(configuration.SendBuffer, configuration.MaximumSendBuffer);
        _consumedPerSignal = Math.Max(1, configuration.ReceiveBuffer / 4);
        Settings = new(configuration, () => Raise(TcpSignals.SettingsChanged | TcpSignals.InputConsumed));
        _input = new(_receive.Reader, this);
        _output = new(_send.Writer, this);
    }

    /// <summary>The actor's end: received octets go in here.</summary>
    public PipeWriter Received => _receive.Writer;

    /// <summary>The actor's end: octets to send come out here, and stay until they are acknowledged.</summary>
    public PipeReader ToSend => _send.Reader;

    /// <summary>The application's end of what was received.</summary>
    public PipeReader Input => _input;

    /// <summary>The application's end of what is to be sent.</summary>
    public PipeWriter Output => _output;

    /// <summary>What the application may change while the connection lives.</summary>
    public TcpConnectionSettings Settings { get; }

    /// <summary>Octets received and not yet read.</summary>
    public int Unread => Volatile.Read(ref _unread);

    /// <inheritdoc cref="TcpConnection.ApplicationContext"/>
    public SynchronizationContext? ApplicationContext => (_applicationScheduler as TurnPipeScheduler)?.Context;

    /// <summary>Whether the application reads no more.</summary>
    public bool IsInputClosed => Volatile.Read(ref _inputClosed) != 0;

    /// <summary>Whether the application aborted. Set before the output is completed for it, so whoever sees the completion sees this as well.</summary>
    public bool IsAborted => _aborted;

    /// <summary>What the application gets to see when the connection ends other than by a FIN; null for the end of its input.</summary>
    public Func<TcpCloseReason, Exception?> CreateException { get; init; } = reason => new TcpConnectionException(reason);

    /// <summary>Why the input ended, once it has; the application that sees its end sees this.</summary>
    public TcpCloseReason EndReason => (TcpCloseReason)Volatile.Read(ref _endReason);

    /// <summary>The actor says why the connection ends; answers what the application gets to see.</summary>
    public Exception? End(TcpCloseReason reason)
    {
        Volatile.Write(ref _endReason, (int)reason);
        return reason == TcpCloseReason.Closed ? null : CreateException(reason);
    }

    /// <summary>Says how to wake the actor. The wake-up may be lost when the actor's mailbox is full, see <see cref="Raise"/>.</summary>
    public void OnSignal(Action notify) => _signals.OnSignal(notify);

    /// <summary>In the actor's turns: writes received octets, which the application sees after the next flush of <see cref="Received"/>.</summary>
    public void Deliver(ReadOnlySpan<byte> octets)
    {
        TcpStreamContract.Instance.Observe(this, TcpStreamStep.Deliver);
        Interlocked.Add(ref _unread, octets.Length);
        _budget.Add(octets.Length);
        while (!octets.IsEmpty)
        {
            Span<byte> room = _receive.Writer.GetSpan(_receiveRoom == 0 && Unread > MuchHeld ? StreamMemoryPool.LargeBlockSize : 0);
            int count = Math.Min(room.Length, octets.Length);
            octets[..count].CopyTo(room);
            _receive.Writer.Advance(count);
            _receiveRoom = room.Length - count;
            octets = octets[count..];
        }
    }

    /// <summary>The application wants the connection gone.</summary>
    public void Abort()
    {
        TcpStreamContract.Instance.Observe(this, TcpStreamStep.Abort);
        _aborted = true;
        Raise(TcpSignals.Abort);
    }

    /// <summary>
    /// Raises a signal. If a wake-up finds the mailbox full, the turns already queued will see the bit, because the
    /// actor takes the signals at the end of every turn and the bit was set before.
    /// </summary>
    public void Raise(TcpSignals signal) => _signals.Raise((int)signal);

    /// <summary>The signals raised since the last call.</summary>
    public TcpSignals TakeSignals() => (TcpSignals)_signals.Take();

    private void Consumed(int octets)
    {
        Interlocked.Add(ref _unread, -octets);
        _budget.Add(-octets);
        _consumed += octets;
        if (_consumed >= _consumedPerSignal)
        {
            _consumed = 0;
            Raise(TcpSignals.InputConsumed);
        }
    }

    private void CloseInput()
    {
        TcpStreamContract.Instance.Observe(this, TcpStreamStep.StopReading);
        if (Interlocked.Exchange(ref _inputClosed, 1) != 0)
            return;
        EndInput();
        Raise(TcpSignals.InputClosed);
    }

    private sealed class SignallingPipeWriter(PipeWriter inner, TcpByteStreams streams) : PipeWriter
    {
        // What the memory handed out last has left; less if the pipe has begun another block since.
        private int _left;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            inner.Advance(bytes);
            _left -= bytes;
        }

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            bool beginsLargeBlock = _left < Math.Max(1, sizeHint) && streams.Unacknowledged > MuchHeld;
            Memory<byte> memory = inner.GetMemory(beginsLargeBlock ? Math.Max(sizeHint, StreamMemoryPool.LargeBlockSize) : sizeHint);
            _left = memory.Length;
            return memory;
        }

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            streams.CountWritten(inner.UnflushedBytes);
            ValueTask<FlushResult> flush = inner.FlushAsync(cancellationToken);
            TcpStreamContract.Instance.Observe(streams, TcpStreamStep.Write);
            return streams.MustWait(flush) ? streams.WaitForRoomAsync(inner, cancellationToken) : Flushed(flush);
        }

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            if (streams.Unacknowledged > MuchHeld)
            {
                // Through this writer's own memory, for the pipe's would be small blocks.
                this.Write(source.Span);
                return FlushAsync(cancellationToken);
            }

            _left = 0;
            streams.CountWritten(inner.UnflushedBytes + source.Length);
            ValueTask<FlushResult> flush = inner.WriteAsync(source, cancellationToken);
            TcpStreamContract.Instance.Observe(streams, TcpStreamStep.Write);
            return streams.MustWait(flush) ? streams.WaitForRoomAsync(inner, cancellationToken) : Flushed(flush);
        }

        public override void CancelPendingFlush()
        {
            inner.CancelPendingFlush();
            streams.EndWait();
        }

        // An application that failed in the middle of its output must not look as if it had finished it.
        public override void Complete(Exception? exception = null)
        {
            if (exception is not null)
                streams.Abort();
            streams.CountWritten(inner.UnflushedBytes);
            inner.Complete();
            TcpStreamContract.Instance.Observe(streams, TcpStreamStep.EndOutput);
            streams.Raise(TcpSignals.OutputAvailable);
        }

        private ValueTask<FlushResult> Flushed(ValueTask<FlushResult> flush)
        {
            streams.Raise(TcpSignals.OutputAvailable);
            return flush;
        }
    }
}
