// RFC 9293 3.3.1: the variables of one connection, and what its owner may ask of it. The parts:
// .SegmentArrives (3.10.7), .Acknowledgements (3.10.7.4 fifth), .Data (seventh, eighth), .Output (3.7, 3.8), .Timeouts (3.8.1, 3.10.8).
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>
/// One connection's protocol, without threads, sockets or clocks: segments, signals and deadlines go in, segments and events
/// come out. Its owner calls it one thing at a time: <see cref="Begin"/>, any number of inputs, <see cref="End"/>.
/// </summary>
public sealed partial class TransmissionControlBlock
{
    // RFC 9293 3.7.1: what a peer without the option must be assumed to take.
    private const int DefaultSegmentSize = 536;

    private readonly TcpConfiguration _configuration;
    private readonly ITcpConnectionOwner _owner;
    private readonly TcpByteStreams _streams;
    private readonly LayerCounters _counters;
    private readonly SendQueue _sendQueue;
    private readonly ReassemblyQueue _reassembly;
    private readonly RetransmissionTimer _retransmission;
    private readonly ICongestionControl _congestion;
    private readonly SendWindow _send = new();
    private readonly ReceiveWindow _receive;
    private readonly bool _passive;
    private RateLimit _challenges;
    private TimeSpan _now;
    private int _segmentSize = DefaultSegmentSize;
    private bool _scaling;

    /// <summary>A connection in CLOSED.</summary>
    public TransmissionControlBlock(
        TcpConnectionKey key, bool passive, TcpConfiguration configuration, TcpByteStreams streams,
        LayerCounters counters, ReassemblyBudget budget, ITcpConnectionOwner owner)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(streams);
        Key = key;
        _passive = passive;
        _configuration = configuration;
        _streams = streams;
        _counters = counters;
        _owner = owner;
        _sendQueue = new(streams.ToSend);
        _reassembly = new(configuration.OutOfOrderSegments, budget);
        _retransmission = new(configuration);
        _congestion = new NewReno(configuration.InitialWindowSegments);
        _receive = new(configuration.ReceiveBuffer);
        _challenges = new(configuration.ChallengeAcknowledgementsPerSecond);
    }

    /// <summary>Which connection this is.</summary>
    public TcpConnectionKey Key { get; }

    /// <summary>The state; only <see cref="TcpStateMachine"/> sets it.</summary>
    public TcpState State { get; internal set; }

    /// <summary>SND.NXT and RCV.NXT, and the last window field, of a connection in TIME-WAIT.</summary>
    public (SequenceNumber SendNext, SequenceNumber ReceiveNext, ushort Window) Final =>
        (_send.Maximum, _receive.Next, _receive.Announce(0, _scaling));

    /// <summary>Round trip, window and queues, for a listing of connections.</summary>
    public TcpConnectionStatus Status => new(
        Key, State, _retransmission.SmoothedRoundTripTime, _retransmission.Timeout, _congestion.Window,
        _send.Outstanding, _send.Window, _streams.Unread, _receive.Window, _reassembly.Count);

    /// <summary>Octets of data a full segment carries.</summary>
    public int SegmentSize => _segmentSize;

    /// <summary>When <see cref="Expire"/> must be called at the latest; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan NextDeadline
    {
        get
        {
            TimeSpan next = _retransmission.Deadline;
            if (_persistDeadline < next)
                next = _persistDeadline;
            if (_acknowledgeDeadline < next)
                next = _acknowledgeDeadline;
            return _closeDeadline < next ? _closeDeadline : next;
        }
    }

    /// <summary>A turn begins.</summary>
    public void Begin(TimeSpan now) => _now = now;

    /// <summary>A turn ends: what arrived goes to the application, what may be sent is sent, and so is what must be acknowledged.</summary>
    public void End()
    {
        FlushReceived();
        if (State != TcpState.Closed)
            Output();
        if (State != TcpState.Closed)
        {
            AcknowledgeIfDue();
            _sendQueue.Release();
        }
    }

    /// <summary>RFC 9293 3.10.1, active OPEN.</summary>
    public void Connect(SequenceNumber initial)
    {
        _send.Begin(initial);
        _sendQueue.Begin(initial + 1);
        Fire(TcpTrigger.ActiveOpen);
        SendSyn();
    }

    /// <summary>RFC 9293 3.10.7.2, a SYN in LISTEN.</summary>
    public void Accept(in TcpHeader syn, SequenceNumber initial)
    {
        TakeSyn(syn);
        _send.Begin(initial);
        _sendQueue.Begin(initial + 1);
        _send.Set(syn, 0);
        Fire(TcpTrigger.PassiveOpen);
        SendSyn();
    }

    /// <summary>What the application signalled beside its byte streams.</summary>
    public void TakeSignals(TcpSignals signals)
    {
        if (State == TcpState.Closed)
            return;
        if ((signals & TcpSignals.Abort) != 0)
            Abort();
        else if ((signals & TcpSignals.InputClosed) != 0)
            _inputClosed = true;
        // RFC 9293 3.8.6.2.2: tell the peer of the room once it is worth a segment.
        if ((signals & TcpSignals.InputConsumed) != 0 && IsSynchronized && _receive.ShouldAnnounce(_streams.Unread))
            _acknowledgeNow = true;
    }

    /// <summary>RFC 9293 3.10.5, ABORT.</summary>
    public void Abort()
    {
        if (State == TcpState.Closed)
            return;
        if (IsSynchronized && State != TcpState.TimeWait)
            SendReset();
        Terminate(TcpCloseReason.Aborted);
    }

    /// <summary>The owner keeps what is left of a connection in TIME-WAIT elsewhere, see <see cref="Final"/>.</summary>
    public void LeaveTimeWait()
    {
        Fire(TcpTrigger.TimeWaitExpired);
        Finish(TcpCloseReason.Closed);
    }

    /// <summary>The owner is going away: gives back what is held, without a word to the peer.</summary>
    public void Release()
    {
        if (State != TcpState.Closed)
            Terminate(TcpCloseReason.Aborted);
    }

    private bool IsSynchronized => State is not (TcpState.Closed or TcpState.SynSent);

    private bool IsFullyClosed => _inputClosed && _finSent;

    private void Fire(TcpTrigger trigger) => TcpStateMachine.Current.Fire(this, trigger);

    private void TakeSyn(in TcpHeader syn)
    {
        _receive.Begin(syn.Sequence);
        // RFC 9293 3.7.1: what the peer can take, and what our own link can.
        _segmentSize = Math.Clamp((int)(syn.Options.MaximumSegmentSize ?? DefaultSegmentSize), 64, _configuration.MaximumSegmentSize);
        _receive.SetSegmentSize(_segmentSize);
        // RFC 7323 2.2: scaling is on only if both SYNs carry the option; ours always does unless it answers one without.
        if (syn.Options.WindowScale is { } scale)
        {
            _scaling = true;
            _send.Scale = scale;
            _receive.Scale = _configuration.WindowScale;
        }
    }

    private void Terminate(TcpCloseReason reason)
    {
        if (State != TcpState.Closed)
            Fire(TcpTrigger.Terminate);
        Finish(reason);
    }

    private void Finish(TcpCloseReason reason)
    {
        _retransmission.Stop();
        _persistDeadline = _acknowledgeDeadline = _closeDeadline = RetransmissionTimer.Off;
        _reassembly.Clear();
        _sendQueue.Complete();
        CompleteReceived(reason == TcpCloseReason.Closed ? null : _streams.CreateException(reason));
        TcpStreamContract.Instance.Observe(_streams, TcpStreamStep.Close);
        _owner.Closed(reason);
    }
}
