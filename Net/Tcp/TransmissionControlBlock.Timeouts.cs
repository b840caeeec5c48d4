// RFC 9293 3.8.1 (retransmission), 3.8.3 (R2), 3.8.6.1 (zero-window probes), 3.10.8 (timeouts); RFC 6298 5.4 to 5.7.
using Troupe.Net.Contracts;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    private TimeSpan _persistDeadline = RetransmissionTimer.Off;
    private TimeSpan _closeDeadline = RetransmissionTimer.Off;
    private int _probes;

    /// <summary>Does what is due by now.</summary>
    public void Expire()
    {
        if (State != TcpState.Closed && _now >= _closeDeadline)
            CloseExpired();
        if (State != TcpState.Closed && _now >= _acknowledgeDeadline)
            _acknowledgeNow = true;
        if (State != TcpState.Closed && _now >= _retransmission.Deadline)
            RetransmissionExpired();
        if (State != TcpState.Closed && _now >= _persistDeadline)
            PersistExpired();
    }

    private void CloseExpired()
    {
        if (State == TcpState.TimeWait)
        {
            Fire(TcpTrigger.TimeWaitExpired);
            Finish(TcpCloseReason.Closed);
        }
        else
        {
            Terminate(TcpCloseReason.Closed);
        }
    }

    private void RetransmissionExpired()
    {
        bool handshake = State is TcpState.SynSent or TcpState.SynReceived;
        int limit = handshake ? _configuration.SynRetransmissions : _configuration.Retransmissions;
        if (_retransmission.Expiries >= limit)
        {
            Terminate(TcpCloseReason.TimedOut);
            return;
        }

        bool first = _retransmission.Expiries == 0;
        _retransmission.Expire(_now);
        if (handshake)
        {
            SendSyn();
            return;
        }

        _congestion.TimeOut(_send.Maximum, _send.Outstanding, first);
        // Go back to the oldest octet; Output sends as the window of one segment grows, acknowledgements skip what had arrived.
        _send.Next = _send.Unacknowledged;
        if (_send.Window == 0)
            Probe();
    }

    private void PersistExpired()
    {
        if (_probes >= _configuration.Retransmissions)
        {
            Terminate(TcpCloseReason.TimedOut);
            return;
        }

        _probes++;
        Probe();
        // 3.8.6.1: the first after an RTO, then at exponentially growing intervals.
        TimeSpan interval = _retransmission.Timeout * (1L << Math.Min(_probes, 16));
        _persistDeadline = _now + (interval < _configuration.MaximumRetransmissionTimeout ? interval : _configuration.MaximumRetransmissionTimeout);
    }

    // One octet beyond a shut window, or what fits a window too small to be worth a segment otherwise.
    private void Probe()
    {
        _sendQueue.Acquire();
        int length = Math.Min(Math.Max(1, Math.Min(_send.Window, _segmentSize)), _sendQueue.End - _send.Unacknowledged);
        bool fin = _finSent && length == 0;
        if (length <= 0 && !fin)
            return;
        SendData(_send.Unacknowledged, length, fin);
        // It may be accepted: an acknowledgement of it must not look like one of data never sent.
        _send.RaiseMaximum(_send.Unacknowledged + (length + (fin ? 1 : 0)));
    }
}
