// RFC 9293: runs one connection's transmission control block on an actor's turns and timer.
using System.IO.Pipelines;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>
/// One connection. It waits for the internet layer only: the application has pipes, the demultiplexer drops when this
/// mailbox is full.
/// </summary>
public sealed class TcpConnectionActor : Actor<TcpConnectionMessage>, ITcpConnectionOwner
{
    private readonly TcpShared _shared;
    private readonly TcpConnectionKey _key;
    private readonly TcpListener? _listener;
    private readonly Reply<TcpConnection> _connecting;
    private readonly ActorRef<TcpMessage> _demultiplexer;
    private readonly PipeScheduler _application;
    private readonly TcpByteStreams _streams;
    private readonly TcpConnection _connection;
    private readonly TransmissionControlBlock _block;
    private readonly Queue<FrameBatch> _full = new(0);
    private FrameBatch _outgoing;
    private TimerHandle _deadline;
    private bool _established;
    private TcpCloseReason? _closed;
    private bool _timeWait;

    /// <summary>A connection that a listener's SYN begins.</summary>
    public TcpConnectionActor(TcpShared shared, TcpConnectionKey key, TcpListener listener, ActorRef<TcpMessage> demultiplexer, PipeScheduler application)
        : this(shared, key, listener.Options, demultiplexer, application, passive: true) => _listener = listener;

    /// <summary>A connection that the application begins.</summary>
    public TcpConnectionActor(TcpShared shared, TcpConnectionKey key, TcpConnectRequest request, ActorRef<TcpMessage> demultiplexer, PipeScheduler application)
        : this(shared, key, request.Options, demultiplexer, application, passive: false) => _connecting = request.Reply;

    private TcpConnectionActor(
        TcpShared shared, TcpConnectionKey key, TcpApplicationOptions options, ActorRef<TcpMessage> demultiplexer, PipeScheduler application, bool passive)
    {
        _shared = shared;
        _key = key;
        _demultiplexer = demultiplexer;
        _application = application;
        _streams = new(shared.Configuration, application) { CreateException = options.CreateException };
        _connection = new(key, _streams);
        _block = new(key, passive, shared.Configuration, _streams, shared.Counters, shared.Budget, this);
    }

    /// <inheritdoc/>
    protected override void Started()
    {
        _deadline = Context.CreateTimer(TcpConnectionMessage.Deadline());
        ActorRef<TcpConnectionMessage> self = Context.Self;
        // When the mailbox is full, the turns queued there will see the signal: see TcpByteStreams.Raise.
        _streams.OnSignal(() => self.TryTell(TcpConnectionMessage.Signals()));
        if (_listener is null)
            self.TryTell(TcpConnectionMessage.Deadline());
    }

    /// <inheritdoc/>
    protected override void Stopped()
    {
        (_application as TurnPipeScheduler)?.Stop();
        _block.Release();
        _outgoing.Dispose();
        while (_full.TryDequeue(out FrameBatch batch))
            batch.Dispose();
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(TcpConnectionMessage message)
    {
        if (_closed is not null)
        {
            message.Dispose();
            return default;
        }

        _block.Begin(Context.Time.GetElapsedTime(0));
        switch (message.Kind)
        {
            case TcpConnectionMessageKind.Segments:
                ReceiveSegments(message.Frames);
                break;
            case TcpConnectionMessageKind.Deadline when _block.State == TcpState.Closed && _listener is null:
                _block.Connect(_shared.SequenceNumbers.For(_key));
                break;
            case TcpConnectionMessageKind.Deadline:
                _block.Expire();
                break;
        }

        TcpSignals signals = _streams.TakeSignals();
        if (signals != TcpSignals.None)
            _block.TakeSignals(signals);
        _block.End();
        return EndTurn();
    }

    bool ITcpConnectionOwner.TryRent(out FrameBuffer segment) => _shared.Link.Frames.TryRent(out segment);

    void ITcpConnectionOwner.Transmit(FrameBuffer segment)
    {
        if (!_outgoing.IsNone && _outgoing.IsFull)
        {
            _full.Enqueue(_outgoing);
            _outgoing = default;
        }

        if (_outgoing.IsNone)
        {
            if (!_shared.Link.TryBatch(segment, out _outgoing))
                _shared.Counters.Drop(DropCause.NoBuffer);
            return;
        }

        if (_outgoing.TryAdd(segment))
            return;
        _shared.Counters.Drop(DropCause.NoBuffer);
        segment.Dispose();
    }

    void ITcpConnectionOwner.Established()
    {
        _established = true;
        if (_listener is null)
            _connecting.Set(_connection);
        else if (!_listener.TryOffer(_connection))
            _connection.Abort();
    }

    void ITcpConnectionOwner.EnteredTimeWait() => _timeWait = true;

    void ITcpConnectionOwner.Closed(TcpCloseReason reason) => _closed = reason;

    private void ReceiveSegments(FrameBatch frames)
    {
        while (frames.TryTake(out FrameBuffer frame))
        {
            // The demultiplexer validated both headers; reading them again is cheaper than carrying them along.
            IpView packet = IpView.OfValidated(frame.Data);
            TcpHeader.TryParseValidated(packet.Payload, out TcpHeader header, out int headerLength);
            int offset = packet.HeaderLength + headerLength;
            if (_block.State == TcpState.Closed && _closed is null)
            {
                _block.Accept(header, _shared.SequenceNumbers.For(_key));
                frame.Dispose();
            }
            else
            {
                _block.SegmentArrives(header, frame, offset, frame.Length - offset);
            }
        }

        frames.Dispose();
    }

    private ValueTask EndTurn()
    {
        if (_timeWait || _closed is not null)
            return EndAsync();

        // The timer moves only when its message says so: an earlier one finds nothing due and looks again.
        TimeSpan deadline = _block.NextDeadline;
        if (deadline == TimeSpan.MaxValue)
            _deadline.Cancel();
        else
            _deadline.Restart(Remaining(deadline));
        return SendOutgoing();
    }

    private TimeSpan Remaining(TimeSpan deadline)
    {
        TimeSpan remaining = deadline - Context.Time.GetElapsedTime(0);
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }

    private ValueTask SendOutgoing()
    {
        if (_full.Count > 0)
            return SendAllAsync();
        if (_outgoing.IsNone)
            return default;
        FrameBatch batch = _outgoing;
        _outgoing = default;
        return Send(batch);
    }

    private async ValueTask SendAllAsync()
    {
        while (_full.TryDequeue(out FrameBatch batch))
            await Send(batch);
        if (_outgoing.IsNone)
            return;
        FrameBatch last = _outgoing;
        _outgoing = default;
        await Send(last);
    }

    private ValueTask Send(FrameBatch batch)
    {
        _shared.Counters.CountSent(batch.Count);
        return _shared.Internet.Of(_key.Remote.Address).TellAsync(IpMessage.Send(batch, _key.Local.Address, _key.Remote.Address, IpProtocol.Tcp));
    }

    private async ValueTask EndAsync()
    {
        await SendAllAsync();
        TcpTimeWait? timeWait = null;
        if (_timeWait && _closed is null)
        {
            (SequenceNumber sendNext, SequenceNumber receiveNext, ushort window) = _block.Final;
            timeWait = new(sendNext, receiveNext, window);
            _block.LeaveTimeWait();
        }

        // The place in the backlog is held until the application accepts or the handshake failed.
        if (!_established)
        {
            _listener?.Release();
            _connecting.TryFail(new TcpConnectionException(_closed!.Value));
        }

        _connection.Complete(_closed!.Value);
        await _demultiplexer.TellAsync(TcpMessage.ConnectionEnded(new(_key, timeWait)));
        Context.Stop();
    }
}
