// RFC 9293 3.8.6.3 and RFC 5681 4.2: when to acknowledge; RFC 9293 3.8.6.2.2: when to say that the window opened.
namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    private bool _acknowledgeNow;
    private int _unacknowledgedOctets;
    private int _quickAcknowledgements;
    private int _peerSegmentSize = DefaultSegmentSize;
    private TimeSpan _lastData;
    private TimeSpan _acknowledgeDeadline = RetransmissionTimer.Off;

    // Octets arrived in order.
    private void CountUnacknowledged(int octets)
    {
        // The largest segment seen: what the peer fills them with depends on its options and its path.
        _peerSegmentSize = Math.Max(_peerSegmentSize, Math.Min(octets, _configuration.MaximumSegmentSize));
        _unacknowledgedOctets += octets;
        // At least every second full segment.
        if (_unacknowledgedOctets >= 2 * _peerSegmentSize)
            _acknowledgeNow = true;

        // While the peer is in slow start, its window grows by acknowledgements: at the beginning, and after a pause. Small segments are questions
        // rather; the answer acknowledges them.
        if (_now - _lastData > _retransmission.Timeout)
            _quickAcknowledgements = _configuration.QuickAcknowledgements;
        _lastData = _now;
        if (_quickAcknowledgements == 0 || octets < _peerSegmentSize)
            return;
        _quickAcknowledgements--;
        _acknowledgeNow = true;
    }

    private void AcknowledgeIfDue()
    {
        if (_acknowledgeNow)
        {
            SendAcknowledgement();
            // There was no buffer. A deadline that has passed would come back at once, for ever.
            if (_acknowledgeNow)
                _acknowledgeDeadline = _now + _configuration.DelayedAcknowledgement;
        }
        else if (_unacknowledgedOctets > 0 && _acknowledgeDeadline == RetransmissionTimer.Off)
            _acknowledgeDeadline = _now + _configuration.DelayedAcknowledgement;
    }

    private void InputConsumed()
    {
        if (!IsSynchronized)
            return;
        if (_streams.MayGrow || _settings.ReceiveBuffer > 0)
            _tuning.Consumed(_receive, _receive.Next - _receive.Initial - _streams.Unread, _retransmission.SmoothedRoundTripTime, _settings.ReceiveBuffer, _now);
        // Tell the peer of the room once it is worth a segment.
        if (_receive.ShouldAnnounce(_streams.Unread))
            _acknowledgeNow = true;
    }
}
