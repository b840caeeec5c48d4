// RFC 9293 3.10.7.4, fifth: check the ACK field; RFC 6298 5 for what follows from it. Losses are .Recovery's.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    // Since when the oldest octet waits for its acknowledgement.
    private TimeSpan _unacknowledgedSince;

    // Answers whether the segment's data are to be looked at.
    private bool AcknowledgementArrives(in TcpHeader header, int length, bool fin)
    {
        SequenceNumber acknowledgement = header.Acknowledgement;
        if (State == TcpState.SynReceived)
        {
            if (acknowledgement <= _send.Unacknowledged || acknowledgement > _send.Next)
            {
                SendBareReset(acknowledgement);
                _counters.Drop(DropCause.Unacceptable);
                return false;
            }

            _send.Set(header, _send.Scale);
            Establish(acknowledgement);
        }

        // RFC 5961 5.2
        if (!_send.IsPlausible(acknowledgement))
        {
            _counters.Drop(DropCause.Unacceptable);
            Challenge();
            return false;
        }

        int windowBefore = _send.Window;
        if (acknowledgement >= _send.Unacknowledged)
        {
            _send.Update(header);
            NotificationArrives(header);
            TakeAcknowledgement(header, IsDuplicate(acknowledgement, length, fin, windowBefore));
        }

        WindowArrived(windowBefore);
        return State != TcpState.Closed;
    }

    // RFC 5681 2
    private bool IsDuplicate(SequenceNumber acknowledgement, int length, bool fin, int windowBefore) =>
        length == 0 && !fin && acknowledgement == _send.Unacknowledged && _send.Outstanding > 0 && _send.Window == windowBefore;

    private void NewlyAcknowledged(SequenceNumber acknowledgement)
    {
        bool finAcknowledged = _finSent && acknowledgement > _finSequence;
        _send.Acknowledge(acknowledgement);
        _sendQueue.Acknowledge(finAcknowledged ? _finSequence : acknowledgement);
        _unacknowledgedSince = _now;
        _armTailProbe = true;
        // RFC 6298 5.2 and 5.3; RFC 6582 3.2 restarts at a partial acknowledgement too, which errs to the patient side.
        if (_send.Outstanding == 0)
            _retransmission.Stop();
        else
            _retransmission.Restart(_now);
        if (finAcknowledged)
            OurFinAcknowledged();
    }

    private void OurFinAcknowledged()
    {
        switch (State)
        {
            case TcpState.FinWait1:
                Fire(TcpTrigger.FinAcknowledged);
                LimitFinWait2();
                break;
            case TcpState.Closing:
                Fire(TcpTrigger.FinAcknowledged);
                EnterTimeWait();
                break;
            case TcpState.LastAck:
                Fire(TcpTrigger.FinAcknowledged);
                Finish(TcpCloseReason.Closed);
                break;
        }
    }

    private void Establish(SequenceNumber acknowledgement)
    {
        bool synLost = _retransmission.Expiries > 0;
        _send.Acknowledge(acknowledgement);
        _retransmission.Acknowledge();
        // RFC 6298 3, Karn: not if it was sent twice; and a cookie remembers no time.
        if (!_synRetransmitted && _synSentAt != RetransmissionTimer.Off)
            _retransmission.Measure(_now - _synSentAt, acknowledgement, _send.Next);
        _retransmission.Stop();
        if (synLost)
            _retransmission.BeginDataAfterLostSyn();
        _congestion.Begin(SegmentSize, synLost);
        Fire(TcpTrigger.SynAcknowledged);
        _lastSent = _now;
        TcpStreamContract.Instance.Observe(_streams, TcpStreamStep.Establish);
        _owner.Established();
    }

    private void LimitFinWait2()
    {
        // A half close may wait for ever; a connection that nobody reads any more may not.
        if (State == TcpState.FinWait2 && _inputClosed && _closeDeadline == RetransmissionTimer.Off)
            _closeDeadline = _now + _configuration.FinWait2Timeout;
    }

    private void EnterTimeWait()
    {
        _retransmission.Stop();
        _persistDeadline = _tailProbeDeadline = _reorderingDeadline = RetransmissionTimer.Off;
        _reassembly.Clear();
        _closeDeadline = _now + _configuration.TimeWait;
        _owner.EnteredTimeWait();
    }
}
