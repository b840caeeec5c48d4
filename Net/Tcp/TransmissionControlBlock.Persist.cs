// RFC 9293 3.8.6.1: probing a window that is shut, or too small to be worth a segment.
namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    private TimeSpan _persistDeadline = RetransmissionTimer.Off;
    private int _probes;
    private int _unansweredProbes;

    // Only the persist timer can learn that the window opened: where nothing may be sent, nobody acknowledges.
    private void UpdatePersist()
    {
        bool waiting = _sendQueue.End > _send.Next;
        bool shut = _send.Window == 0 && (waiting || _send.Outstanding > 0);
        if (!shut && !(waiting && _send.Outstanding == 0))
        {
            _persistDeadline = RetransmissionTimer.Off;
            _probes = _unansweredProbes = 0;
            if (_send.Outstanding > 0)
                _retransmission.StartIfOff(_now);
            return;
        }

        _retransmission.Stop();
        if (_persistDeadline != RetransmissionTimer.Off)
            return;
        _persistDeadline = _now + _retransmission.Timeout;
        if (_send.Outstanding == 0)
            _unacknowledgedSince = _now;
    }

    private void WindowArrived(int before)
    {
        // A peer that keeps answering probes keeps its connection, however long its window stays shut.
        _unansweredProbes = 0;
        // What was probed with may have been beyond the window; it goes again, and no congestion is to blame.
        if (before == 0 && _send.Window > 0 && _probes > 0)
            _segments.MarkAllLost();
    }

    private void PersistExpired()
    {
        if (_unansweredProbes >= _configuration.Retransmissions)
        {
            Terminate(TimeoutReason);
            return;
        }

        _probes++;
        _unansweredProbes++;
        Probe();
        // The first after an RTO, then at exponentially growing intervals.
        TimeSpan interval = _retransmission.Timeout * (1L << Math.Min(_probes, 16));
        _persistDeadline = _now + Earlier(interval, _configuration.MaximumRetransmissionTimeout);
    }

    // One octet beyond a shut window, or what fits a window too small to be worth a segment otherwise.
    private void Probe()
    {
        _sendQueue.Acquire();
        int limit = Math.Clamp(_send.Window, 1, SegmentSize);
        if (_segments.Count == 0)
        {
            int length = Math.Min(limit, _sendQueue.End - _send.Next);
            if (length > 0)
                SendNew(length, fin: false);
            return;
        }

        SentSegment first = _segments[0];
        int octets = first.Length - (first.HasFin ? 1 : 0);
        SendData(first.Start, Math.Min(octets, limit), fin: first.HasFin && octets <= limit, again: true);
        // By Karn's rule its answer measures nothing.
        _segments.Retransmitted(0, _now);
    }
}
