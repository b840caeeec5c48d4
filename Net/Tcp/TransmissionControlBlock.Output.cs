// RFC 9293 3.7.4 (Nagle), 3.8.6.2.1 (sender's silly-window avoidance), 3.10.4 CLOSE; RFC 5681 4.1 (restart after idle).
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    private bool _finSent;
    private SequenceNumber _finSequence;
    private TimeSpan _lastSent;
    private long _retransmitted;

    private void Output()
    {
        LimitFinWait2();
        if (State is TcpState.SynSent or TcpState.SynReceived or TcpState.FinWait2 or TcpState.TimeWait)
            return;

        _sendQueue.Acquire();
        if (_send.Outstanding == 0 && _sendQueue.End > _send.Next && _now - _lastSent > _retransmission.Timeout)
            _congestion.RestartAfterIdle(_now);
        if (_path.TryRaise(_now))
            _congestion.SetSegmentSize(SegmentSize);

        while (TryRetransmit())
        {
        }

        while (TrySendNew())
        {
        }

        FlushLarge();
        if (State == TcpState.Closed)
            return;
        ObserveFlight();
        UpdatePersist();
        ScheduleTailProbe();
    }

    // What was lost goes before what is new, as much as the window has room for; with nothing in flight, one segment in any case.
    private bool TryRetransmit()
    {
        int index = _segments.FindLost();
        if (index < 0 || _send.Window == 0)
            return false;
        int length = Math.Min(_segments[index].Length, SegmentSize);
        int inFlight = InFlight;
        if (inFlight > 0 && CongestionWindow - inFlight < length)
            return false;
        // A peer that drew its window back will not take it (RFC 9293 3.8.6); the first octets it must.
        return (index == 0 || _segments[index].End - _send.Unacknowledged <= _send.Window) && Retransmit(index);
    }

    private bool Retransmit(int index)
    {
        if (_segments[index].Length > SegmentSize)
        {
            int octets = _segments[index].Length - (_segments[index].HasFin ? 1 : 0);
            if (octets > SegmentSize)
                _segments.Split(index, SegmentSize);
        }

        SentSegment segment = _segments[index];
        if (!SendData(segment.Start, segment.Length - (segment.HasFin ? 1 : 0), segment.HasFin, again: true))
        {
            // The timer finds it.
            _retransmission.StartIfOff(_now);
            return false;
        }

        _retransmitted++;
        _needless.Retransmitted();
        if (_phase == RecoveryPhase.FastRecovery && _needless.Retransmissions == 1)
            (_repairedAt, _repairedEnd) = (_now, segment.End);
        _segments.Retransmitted(index, _now);
        _reduction.Sent(segment.Length);
        if (index == 0)
            _retransmission.Restart(_now);
        return true;
    }

    // A probe leaves whatever the congestion window says, and however small it is.
    private bool TrySendNew(bool asProbe = false)
    {
        int available = _sendQueue.End - _send.Next;
        // Behind our FIN there is nothing.
        if (available < 0 || _segments.IsFull)
            return false;

        int outstanding = _send.Outstanding;
        int segmentSize = SegmentSize - SackToReport(SackRoom).Length;
        int allowed = Math.Max(0, _send.Window - outstanding);
        if (!asProbe)
            allowed = Math.Min(allowed, Math.Max(0, CongestionWindow - InFlight));
        int length = Math.Min(Math.Min(available, allowed), segmentSize);
        bool last = length == available;
        // An abort whose signal this turn was too early for: its output is completed, but not finished.
        bool fin = last && _sendQueue.IsCompleted && !_streams.IsAborted && !_finSent && (allowed > length || outstanding == 0);
        if (length == 0 && !fin)
            return false;

        if (fin && _inputClosed && _streams.Unread > 0)
        {
            // RFC 9293 3.6.1, RFC 2525 2.17: closed with octets unread, which the peer must not take for read.
            if (length > 0)
                SendData(_send.Next, length, fin: false, again: false);
            _counters.Drop(DropCause.AfterClose);
            SendReset();
            Terminate(TcpCloseReason.Aborted);
            return false;
        }

        bool worthIt = length == segmentSize || fin || asProbe
            || (last && (_settings.NoDelay || outstanding == 0))
            || length * 2 >= _send.MaximumWindow;
        return worthIt && SendNew(length, fin);
    }

    private bool SendNew(int length, bool fin)
    {
        SequenceNumber from = _send.Next;
        if (_send.Outstanding == 0)
            _unacknowledgedSince = _now;
        bool sent = TryAddToLarge(from, length, fin) || SendData(from, length, fin, again: false);
        // No buffer: the device is behind, which is not the path's congestion. What is out brings acknowledgements, and each of them is an occasion to go on.
        if (!sent && _send.Outstanding > 0)
            return false;
        if (fin)
        {
            _finSent = true;
            _finSequence = from + length;
            Fire(TcpTrigger.FinSent);
        }

        int octets = length + (fin ? 1 : 0);
        _segments.Append(from, octets, fin, _now);
        _send.Advance(octets);
        _reduction.Sent(octets);
        _armTailProbe = true;
        _retransmission.StartIfOff(_now);
        // With nothing else out, a segment for which there was no buffer is as good as lost: the timer finds it.
        return sent;
    }
}
