// RFC 9293 3.8.1 (retransmission), 3.8.3 (R2), 3.10.8 (timeouts); RFC 6298 5.4 to 5.7; RFC 5482 (user timeout).
using Troupe.Net.Contracts;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    private TimeSpan _closeDeadline = RetransmissionTimer.Off;
    private TimeSpan? _peerUserTimeout;

    /// <summary>Does what is due by now.</summary>
    public void Expire()
    {
        if (State != TcpState.Closed && _now >= _closeDeadline)
            CloseExpired();
        if (State != TcpState.Closed && _now >= UserDeadline)
            Terminate(TimeoutReason);
        if (State != TcpState.Closed && _now >= _acknowledgeDeadline)
            _acknowledgeNow = true;
        if (State != TcpState.Closed && _now >= _reorderingDeadline)
            ReorderingExpired();
        if (State != TcpState.Closed && _now >= _tailProbeDeadline)
            TailProbeExpired();
        if (State != TcpState.Closed && _now >= _retransmission.Deadline)
            RetransmissionExpired();
        if (State != TcpState.Closed && _now >= _persistDeadline)
            PersistExpired();
        if (State != TcpState.Closed && _now >= KeepAliveDeadline)
            KeepAliveExpired();
    }

    // RFC 5482 3.1: how long octets may wait for their acknowledgement; off unless asked for.
    private TimeSpan UserDeadline
    {
        get
        {
            TimeSpan own = _settings.UserTimeout;
            TimeSpan timeout = _peerUserTimeout is { } peer && peer > own ? peer : own;
            return timeout == TimeSpan.Zero || (_send.Outstanding == 0 && _persistDeadline == RetransmissionTimer.Off) ? RetransmissionTimer.Off : _unacknowledgedSince + timeout;
        }
    }

    // RFC 5482 3.1 and 3.2: the peer asks for patience, within limits, and only if the application set no timeout of its own accord.
    private void AdoptUserTimeout(ushort value)
    {
        if (!_configuration.AcceptsUserTimeout || (value & 0x7FFF) == 0)
            return;
        TimeSpan asked = (value & 0x8000) != 0 ? TimeSpan.FromMinutes(value & 0x7FFF) : TimeSpan.FromSeconds(value);
        TimeSpan patient = asked > _configuration.MinimumUserTimeout ? asked : _configuration.MinimumUserTimeout;
        _peerUserTimeout = Earlier(patient, _configuration.MaximumUserTimeout);
    }

    private ushort? AnnouncedUserTimeout()
    {
        if (!_configuration.AnnouncesUserTimeout || _settings.UserTimeout == TimeSpan.Zero)
            return null;
        double seconds = _settings.UserTimeout.TotalSeconds;
        return seconds < 0x8000 ? (ushort)Math.Max(1, seconds) : (ushort)(0x8000 | (int)Math.Min(seconds / 60, 0x7FFF));
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
            Terminate(TimeoutReason);
            return;
        }

        bool first = _retransmission.Expiries == 0;
        _retransmission.Expire(_now);
        if (handshake)
        {
            SendSyn();
            return;
        }

        if (_segments.Count > 0 && _path.TimedOut(_retransmission.Expiries, _segments[0].Length, _now))
            _congestion.SetSegmentSize(SegmentSize);
        // Output sends the oldest segment, and more as the window of one grows; what is acknowledged meanwhile is skipped.
        EnterAfterTimeout(first);
    }
}
