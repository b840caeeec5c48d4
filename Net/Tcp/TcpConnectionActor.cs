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
public sealed partial class TcpConnectionActor : Actor<TcpConnectionMessage>, ITcpConnectionOwner
{
    // RFC 3168 5: the last two bits of the traffic class; ECT(0), and CE when both are set.
    private const byte CongestionMask = 0b11;
    private const byte CongestionCapable = 0b10;

    private readonly TcpShared _shared;
    private readonly TcpConnectionKey _key;
    private readonly LinkResources _link;
    private readonly ActorRef<IpMessage> _internet;
    private readonly TcpListener? _listener;
    private readonly Reply<TcpConnection> _connecting;
    private readonly ActorRef<TcpMessage> _demultiplexer;
    private readonly PipeScheduler _application;
    private readonly TcpByteStreams _streams;
    private readonly TcpConnection _connection;
    private readonly TransmissionControlBlock _block;
    private readonly Queue<(FrameBatch Segments, bool MayBeMarked)> _full = new(0);
    private FrameBatch _outgoing;
    private bool _outgoingMayBeMarked;
    private TimerHandle _deadline;
    private TimeSpan _now;
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
        // It keeps to the interface that has its own address, whatever becomes of routes.
        InternetInterface sender = shared.Internet.Of(key.Local.Address, key.Remote.Address);
        _link = sender.Link;
        _internet = sender.LayerOf(key.Remote.Address);
        _demultiplexer = demultiplexer;
        _application = application;
        _streams = new(shared.Configuration, application, shared.Buffers) { CreateException = options.CreateException };
        _connection = new(key, _streams);
        _block = new(key, passive, shared.Configuration, _streams, shared.Counters, shared.Budget, this, shared.SequenceNumbers.TimestampOffset(key));
    }

    /// <summary>SND.NXT of the connection in TIME-WAIT that this one follows; it must begin behind it (RFC 9293 3.6.1).</summary>
    public SequenceNumber? After { get; init; }

    private SequenceNumber InitialSequenceNumber
    {
        get
        {
            // RFC 9293 3.6.1: behind all that the old connection could have in flight.
            SequenceNumber number = _shared.SequenceNumbers.For(_key);
            return After is { } after && number <= after + ushort.MaxValue ? after + ushort.MaxValue + 1 : number;
        }
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
        if (_application is TurnPipeScheduler turns)
            _shared.Turns.Return(turns);
        _block.Release();
        _outgoing.Dispose();
        while (_full.TryDequeue(out (FrameBatch Segments, bool MayBeMarked) batch))
            batch.Segments.Dispose();
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(TcpConnectionMessage message)
    {
        if (_closed is not null)
        {
            message.Dispose();
            return default;
        }

        _now = Context.Time.GetElapsedTime(0);
        _block.Begin(_now);
        switch (message.Kind)
        {
            case TcpConnectionMessageKind.Segments:
                ReceiveSegments(message.Frames);
                break;
            case TcpConnectionMessageKind.Deadline when _block.State == TcpState.Closed && _listener is null:
                _block.Connect(InitialSequenceNumber);
                break;
            case TcpConnectionMessageKind.Deadline:
                _block.Expire();
                break;
            case TcpConnectionMessageKind.Error:
                _block.PathReported(message.Error!);
                break;
            case TcpConnectionMessageKind.Status:
                message.StatusRequest!.Reply.Set(_block.Status);
                break;
        }

        TcpSignals signals = _streams.TakeSignals();
        if (signals != TcpSignals.None)
            _block.TakeSignals(signals);
        _block.End();
        return EndTurn();
    }

    FrameOffloadFlags ITcpConnectionOwner.TransmitOffload => _link.TransmitOffload;

    int ITcpConnectionOwner.MaximumTransmissionUnit => _link.MaximumTransmissionUnit;

    bool ITcpConnectionOwner.TryRent(out FrameBuffer segment) => _link.Frames.TryRent(out segment);

    void ITcpConnectionOwner.Transmit(FrameBuffer segment, bool mayBeMarked)
    {
        // The segments of a batch are of one kind: what routers may do to them stands in the message.
        if (!_outgoing.IsNone && (_outgoing.IsFull || mayBeMarked != _outgoingMayBeMarked))
        {
            _full.Enqueue((_outgoing, _outgoingMayBeMarked));
            _outgoing = default;
        }

        _outgoingMayBeMarked = mayBeMarked;

        if (_outgoing.IsNone)
        {
            if (!_link.TryBatch(segment, out _outgoing))
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
            if (_block.State == TcpState.Closed && _closed is null && header.Has(TcpFlags.Syn))
            {
                _block.Accept(header, InitialSequenceNumber);
                frame.Dispose();
            }
            else
            {
                if (_block.State == TcpState.Closed && _closed is null &&
                    SynCookie.TryRead(_shared.SequenceNumbers, _key, header, Context.Time.GetElapsedTime(0), out TcpHeader syn))
                    _block.AcceptByCookie(syn, header.Acknowledgement - 1);

                _block.SegmentArrives(header, frame, offset, frame.TotalLength - offset, (packet.TrafficClass & CongestionMask) == CongestionMask);
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

    // Since the turn began: what the turn took comes on top, which is no matter.
    private TimeSpan Remaining(TimeSpan deadline) => deadline > _now ? deadline - _now : TimeSpan.Zero;

    private ValueTask SendOutgoing()
    {
        if (_full.Count > 0)
            return SendAllAsync();
        if (_outgoing.IsNone)
            return default;
        FrameBatch batch = _outgoing;
        _outgoing = default;
        return Send(batch, _outgoingMayBeMarked);
    }

    private async ValueTask SendAllAsync()
    {
        while (_full.TryDequeue(out (FrameBatch Segments, bool MayBeMarked) batch))
            await Send(batch.Segments, batch.MayBeMarked);
        if (_outgoing.IsNone)
            return;
        FrameBatch last = _outgoing;
        _outgoing = default;
        await Send(last, _outgoingMayBeMarked);
    }

    private ValueTask Send(FrameBatch batch, bool mayBeMarked)
    {
        _shared.Counters.CountSent(batch.Count);
        TcpConnectionSettings settings = _streams.Settings;
        byte trafficClass = (byte)((settings.DifferentiatedServices << 2) | (mayBeMarked ? CongestionCapable : 0));
        return _internet.TellAsync(
            IpMessage.Send(batch, _key.Local.Address, _key.Remote.Address, IpProtocol.Tcp, new(trafficClass, settings.HopLimit)));
    }

    private async ValueTask EndAsync()
    {
        await SendAllAsync();
        TcpTimeWait? timeWait = null;
        if (_timeWait && _closed is null)
        {
            timeWait = _block.Final;
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
