// RFC 9293 3.10.7.4, fifth: check the ACK field; RFC 5681 and 6298 for what follows from it.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    // Answers whether the segment's data are to be looked at.
    private bool AcknowledgementArrives(in TcpHeader header, int length, bool fin)
    {
        SequenceNumber acknowledgement = header.Acknowledgement;
        if (State == TcpState.SynReceived)
        {
            if (acknowledgement <= _send.Unacknowledged || acknowledgement > _send.Maximum)
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

        int before = _send.Window;
        if (acknowledgement >= _send.Unacknowledged)
            _send.Update(header);

        if (acknowledgement > _send.Unacknowledged)
            NewlyAcknowledged(acknowledgement);
        else if (IsDuplicate(acknowledgement, length, fin, before) &&
                 _congestion.Duplicate(acknowledgement, _send.Maximum, _send.Outstanding))
            RetransmitFirst();

        if (_send.Window > 0)
        {
            _probes = 0;
            if (before == 0)
                _persistDeadline = RetransmissionTimer.Off;
        }
        else if (_persistDeadline != RetransmissionTimer.Off)
        {
            // RFC 9293 3.8.6.1: a peer that keeps answering probes keeps its connection, however long its window stays shut.
            _probes = 0;
        }

        return State != TcpState.Closed;
    }

    // RFC 5681 2
    private bool IsDuplicate(SequenceNumber acknowledgement, int length, bool fin, int windowBefore) =>
        length == 0 && !fin && acknowledgement == _send.Unacknowledged && _send.Outstanding > 0 && _send.Window == windowBefore;

    private void NewlyAcknowledged(SequenceNumber acknowledgement)
    {
        int octets = acknowledgement - _send.Unacknowledged;
        bool finAcknowledged = _finSent && acknowledgement > _finSequence;
        _send.Acknowledge(acknowledgement);
        _sendQueue.Acknowledge(finAcknowledged ? _finSequence : acknowledgement);
        _retransmission.Acknowledge(_now, acknowledgement);
        // RFC 6298 5.2 and 5.3; RFC 6582 3.2 restarts at a partial acknowledgement too, which errs to the patient side.
        if (_send.Outstanding == 0)
            _retransmission.Stop();
        else
            _retransmission.Restart(_now);

        if (_congestion.Acknowledge(octets, acknowledgement, _send.Outstanding))
            RetransmitFirst();
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
        _retransmission.Acknowledge(_now, acknowledgement);
        _retransmission.Stop();
        if (synLost)
            _retransmission.BeginDataAfterLostSyn();
        _congestion.Begin(_segmentSize, _send.Initial);
        // RFC 5681 3.1: a lost SYN starts with one segment.
        if (synLost)
            _congestion.TimeOut(acknowledgement, 0, first: false);
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
        _persistDeadline = RetransmissionTimer.Off;
        _reassembly.Clear();
        _closeDeadline = _now + _configuration.TimeWait;
        _owner.EnteredTimeWait();
    }
}
