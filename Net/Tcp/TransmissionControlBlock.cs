// RFC 9293 3.3.1: the variables of one connection, and what its owner may ask of it. The parts:
// .SegmentArrives (3.10.7), .Acknowledgements (3.10.7.4 fifth), .Data (seventh, eighth), .DelayedAcknowledgements, .Output (3.7, 3.8), .Segments (what stands in one),
// .Recovery (RFC 6675, 8985, 6582), .TailLossProbe (RFC 8985 7), .Timeouts (3.8.1, 3.10.8), .Persist (3.8.6.1), .KeepAlive (3.8.4),
// .WindowUse (RFC 7661), .Path (RFC 1191, 8899), .CongestionNotification (RFC 3168), .LargeSegments (what the device cuts).
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
    private const int DefaultSegmentSizeOfIpv6 = 1220;

    // What is smaller is not believed: a peer could make us send headers only.
    private const int SmallestSegmentSize = 64;

    private readonly TcpConfiguration _configuration;
    private readonly TcpConnectionSettings _settings;
    private readonly ITcpConnectionOwner _owner;
    private readonly TcpByteStreams _streams;
    private readonly LayerCounters _counters;
    private readonly SendQueue _sendQueue;
    private readonly SentSegments _segments;
    private readonly ReassemblyQueue _reassembly;
    private readonly RetransmissionTimer _retransmission;
    private readonly ICongestionControl _congestion;
    private readonly SendWindow _send = new();
    private readonly ReceiveWindow _receive;
    private readonly bool _passive;
    private RateLimit _challenges;
    private Timestamps _timestamps;
    private ReceiveBufferTuning _tuning;
    private TimeSpan _now;
    private TimeSpan _synSentAt;
    private bool _scaling;
    private bool _selective;

    /// <summary>A connection in CLOSED. The offset is where its timestamps begin: a secret of the connection's key.</summary>
    public TransmissionControlBlock(
        TcpConnectionKey key, bool passive, TcpConfiguration configuration, TcpByteStreams streams,
        LayerCounters counters, ReassemblyBudget budget, ITcpConnectionOwner owner, uint timestampOffset = 0)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(streams);
        Key = key;
        _passive = passive;
        _configuration = configuration;
        _streams = streams;
        _settings = streams.Settings;
        _counters = counters;
        _owner = owner;
        _sendQueue = new(streams.ToSend);
        _segments = new(configuration.SentSegments);
        _reassembly = new(configuration.OutOfOrderRanges, budget);
        _retransmission = new(configuration);
        _congestion = configuration.CongestionControl == TcpCongestionControl.NewReno
            ? new NewReno(configuration.InitialWindowSegments)
            : new Cubic(configuration.InitialWindowSegments);
        _receive = new(configuration.ReceiveBuffer);
        _challenges = new(configuration.ChallengeAcknowledgementsPerSecond);
        _timestamps = new(timestampOffset);
        _path = new(configuration.PathRaiseInterval);
        _tuning = new(Math.Max(configuration.ReceiveBuffer, configuration.MaximumReceiveBuffer));
        _quickAcknowledgements = configuration.QuickAcknowledgements;
    }

    /// <summary>Which connection this is.</summary>
    public TcpConnectionKey Key { get; }

    /// <summary>The state; only <see cref="TcpStateMachine"/> sets it.</summary>
    public TcpState State { get; internal set; }

    /// <summary>What is left of a connection in TIME-WAIT: enough to answer old segments and to tell new ones.</summary>
    public TcpTimeWait Final => new(
        _send.Next, _receive.Next, _receive.Announce(0, _scaling), _timestamps.IsOn ? _timestamps.Recent : null, _timestamps.Offset);

    /// <summary>Round trip, windows and queues, for a listing of connections.</summary>
    public TcpConnectionStatus Status => new(
        Key, State, _retransmission.SmoothedRoundTripTime, _retransmission.RoundTripTimeVariation, _retransmission.Timeout, CongestionWindow,
        _congestion.SlowStartThreshold, _send.Outstanding, _sendQueue.WaitingAfter(_send.Next), _send.Window, _streams.Unread, _receive.Window,
        _reassembly.Octets, SegmentSize, _retransmitted);

    /// <summary>Octets of data a full segment carries.</summary>
    public int SegmentSize => _path.SegmentSize - (_timestamps.IsOn ? TcpOptions.TimestampsLength : 0);

    /// <summary>When <see cref="Expire"/> must be called at the latest; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan NextDeadline
    {
        get
        {
            TimeSpan next = Earlier(Earlier(_retransmission.Deadline, _persistDeadline), Earlier(_acknowledgeDeadline, _closeDeadline));
            return Earlier(Earlier(next, Earlier(_tailProbeDeadline, _reorderingDeadline)), Earlier(KeepAliveDeadline, UserDeadline));
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
            long acknowledged = _sendQueue.Release();
            if (acknowledged > 0)
                SendBufferTuning.Acknowledged(_streams, _congestion.Window);
            _streams.Acknowledged(acknowledged);
        }
    }

    /// <summary>RFC 9293 3.10.1, active OPEN.</summary>
    public void Connect(SequenceNumber initial)
    {
        BeginSending(initial);
        Fire(TcpTrigger.ActiveOpen);
        SendSyn();
    }

    /// <summary>RFC 9293 3.10.7.2, a SYN in LISTEN.</summary>
    public void Accept(in TcpHeader syn, SequenceNumber initial)
    {
        TakeSyn(syn);
        BeginSending(initial);
        _send.Set(syn, 0);
        NotificationOffered(syn);
        Fire(TcpTrigger.PassiveOpen);
        SendSyn();
    }

    /// <summary>
    /// RFC 4987 3.6: a connection whose SYN was answered by a cookie and forgotten. What the cookie kept of it is given as that SYN; the acknowledgement
    /// that brought the cookie back arrives next.
    /// </summary>
    public void AcceptByCookie(in TcpHeader syn, SequenceNumber initial)
    {
        TakeSyn(syn);
        BeginSending(initial);
        _send.Set(syn, 0);
        NotificationOffered(syn);
        // The cookie's answer announced this much: what comes first must find its window.
        _receive.Announce(0, scaled: false);
        _send.Advance(1);
        _synSentAt = RetransmissionTimer.Off;
        Fire(TcpTrigger.PassiveOpen);
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
        if ((signals & TcpSignals.InputConsumed) != 0)
            InputConsumed();
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

    private static TimeSpan Earlier(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private void Fire(TcpTrigger trigger) => TcpStateMachine.Current.Fire(this, trigger);

    private void BeginSending(SequenceNumber initial)
    {
        _send.Begin(initial);
        _sendQueue.Begin(initial + 1);
        _recover = _reducedUntil = initial;
        _rack.Begin(initial);
    }

    private void TakeSyn(in TcpHeader syn)
    {
        _receive.Begin(syn.Sequence);
        _lastAcknowledgementSent = _receive.Next;
        // RFC 9293 3.7.1: what the peer can take, and what our own link can.
        int taken = syn.Options.MaximumSegmentSize ?? (Key.Remote.Address.IsIpv4 ? DefaultSegmentSize : DefaultSegmentSizeOfIpv6);
        _path.Begin(Math.Clamp(taken, SmallestSegmentSize, OwnSegmentSize));
        // RFC 7323 2.2 and 3.2, RFC 2018 2: each is on only if both SYNs carry the option; ours always does unless it answers one without.
        if (syn.Options.WindowScale is { } scale)
        {
            _scaling = true;
            _send.Scale = scale;
            _receive.Scale = _configuration.WindowScale;
        }

        _selective = _configuration.SelectiveAcknowledgements && syn.Options.SackPermitted;
        if (_configuration.Timestamps && syn.Options.Timestamps is { } timestamps)
            _timestamps.TurnOn(timestamps.Value, _now);
        if (syn.Options.UserTimeout is { } userTimeout)
            AdoptUserTimeout(userTimeout);
        _receive.SetSegmentSize(SegmentSize);
    }

    private void Terminate(TcpCloseReason reason)
    {
        if (State != TcpState.Closed)
            Fire(TcpTrigger.Terminate);
        Finish(reason);
    }

    private void Finish(TcpCloseReason reason)
    {
        FlushLarge();
        _retransmission.Stop();
        _persistDeadline = _acknowledgeDeadline = _closeDeadline = _tailProbeDeadline = _reorderingDeadline = RetransmissionTimer.Off;
        _reassembly.Clear();
        _sendQueue.Complete();
        _streams.EndOutput();
        CompleteReceived(_receivedCompleted ? null : _streams.End(reason));
        TcpStreamContract.Instance.Observe(_streams, TcpStreamStep.Close);
        _owner.Closed(reason);
    }
}
