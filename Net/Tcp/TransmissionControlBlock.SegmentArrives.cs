// RFC 9293 3.10.7: SEGMENT ARRIVES; RFC 5961: blind attacks; RFC 7323 5: PAWS.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    /// <summary>
    /// A segment of this connection arrived; takes the frame over. The data stand at an offset of the frame's octets. A router may have marked its
    /// packet (RFC 3168).
    /// </summary>
    public void SegmentArrives(in TcpHeader header, FrameBuffer frame, int offset, int length, bool congestionExperienced = false)
    {
        switch (State)
        {
            case TcpState.Closed:
                break;
            case TcpState.SynSent:
                ArrivesInSynSent(header);
                break;
            default:
                ArrivesSynchronized(header, frame, offset, length, congestionExperienced);
                break;
        }

        frame.Dispose();
    }

    // 3.10.7.3
    private void ArrivesInSynSent(in TcpHeader header)
    {
        bool acknowledges = header.Has(TcpFlags.Ack);
        if (acknowledges && (header.Acknowledgement <= _send.Initial || header.Acknowledgement > _send.Next))
        {
            if (!header.Has(TcpFlags.Rst))
                SendBareReset(header.Acknowledgement);
            _counters.Drop(DropCause.Unacceptable);
            return;
        }

        if (header.Has(TcpFlags.Rst))
        {
            // RFC 5961 3.2 holds here too: only a reset that acknowledges our SYN is believed.
            if (acknowledges)
                Terminate(TcpCloseReason.Refused);
            return;
        }

        if (!header.Has(TcpFlags.Syn))
            return;

        TakeSyn(header);
        _send.Set(header, 0);
        if (!acknowledges)
        {
            // Simultaneous open: the SYN goes out again, now with an acknowledgement.
            Fire(TcpTrigger.SynCrossed);
            SendSyn();
            return;
        }

        NotificationAnswered(header);
        Establish(header.Acknowledgement);
        _acknowledgeNow = true;
    }

    // 3.10.7.4
    private void ArrivesSynchronized(in TcpHeader header, [Borrowed] FrameBuffer frame, int offset, int length, bool congestionExperienced)
    {
        SequenceNumber sequence = header.Sequence;
        bool fin = header.Has(TcpFlags.Fin);

        // A retransmitted SYN of a connection half open: our answer was lost.
        if (State == TcpState.SynReceived && header.Has(TcpFlags.Syn) && !header.Has(TcpFlags.Rst) && sequence == _receive.Initial)
        {
            if (header.Has(TcpFlags.Ack) && header.Acknowledgement == _send.Next)
            {
                // Simultaneous open, second half: the SYN was taken before, its acknowledgement is new.
                Establish(header.Acknowledgement);
                _acknowledgeNow = true;
            }
            else
            {
                SendSyn();
            }

            return;
        }

        HeardFromPeer();
        if (!PassesTimestamps(header))
            return;

        // First: the sequence number. A closed window still lets acknowledgements, resets and FINs of the right place through.
        if (!_receive.IsAcceptable(sequence, length + (fin ? 1 : 0) + (header.Has(TcpFlags.Syn) ? 1 : 0)))
        {
            if (_receive.Window != 0 || sequence != _receive.Next || header.Has(TcpFlags.Syn))
            {
                Unacceptable(header, length);
                // What a segment from before the window acknowledges first counts nevertheless: two ends that both probe a window believed shut, and take each other's probe,
                // send nothing but such segments, and neither would learn of the other's acknowledgement.
                if (header.Has(TcpFlags.Ack) && !header.Has(TcpFlags.Rst) && !header.Has(TcpFlags.Syn)
                    && header.Acknowledgement > _send.Unacknowledged && _receive.IsBefore(sequence, length))
                    AcknowledgementArrives(header, 0, false);
                return;
            }

            length = 0;
            fin = false;
            _acknowledgeNow = true;
        }
        else if (header.Options.Timestamps is { } timestamps && _timestamps.IsOn)
        {
            _timestamps.Take(timestamps.Value, sequence, _lastAcknowledgementSent, _now);
            if (length >= _peerSegmentSize)
                _tuning.Measured(timestamps.EchoReply, _timestamps.RoundTrip(timestamps.EchoReply, _now));
        }

        // Second: resets. RFC 5961 3.2: only the exact sequence number resets, others in the window are challenged.
        if (header.Has(TcpFlags.Rst))
        {
            if (sequence != _receive.Next)
                Challenge();
            else
                ResetArrives();
            return;
        }

        // Fourth: SYN. RFC 5961 4.2: challenged in every synchronized state; a peer that restarted answers with a reset.
        if (header.Has(TcpFlags.Syn))
        {
            Challenge();
            return;
        }

        // Fifth: acknowledgement.
        if (!header.Has(TcpFlags.Ack))
        {
            _counters.Drop(DropCause.Unacceptable);
            return;
        }

        if (!AcknowledgementArrives(header, length, fin))
            return;
        if (congestionExperienced && length > 0)
            CongestionExperienced();

        // Sixth: urgent data are read in line, as RFC 6093 asks of new stacks. Seventh and eighth: data and FIN.
        DataArrive(sequence, frame, offset, length, fin);
    }

    // RFC 7323 5.3 R1: a segment from an earlier turn of the sequence numbers; 3.2: one without the option is none of this connection's. Resets are
    // exempt, since they may come from a peer that has forgotten.
    private bool PassesTimestamps(in TcpHeader header)
    {
        if (!_timestamps.IsOn || header.Has(TcpFlags.Rst))
            return true;
        if (header.Options.Timestamps is not { } timestamps)
        {
            _counters.Drop(DropCause.OldTimestamp);
            return false;
        }

        if (!_timestamps.IsOld(timestamps.Value, _now))
            return true;
        _counters.Drop(DropCause.OldTimestamp);
        Challenge();
        return false;
    }

    private void Unacceptable(in TcpHeader header, int length)
    {
        _counters.Drop(DropCause.Unacceptable);
        if (header.Has(TcpFlags.Rst))
            return;
        if (State == TcpState.TimeWait && header.Has(TcpFlags.Fin))
            _closeDeadline = _now + _configuration.TimeWait;
        if (length > 0 && header.Sequence + length <= _receive.Next)
            ArrivedBefore(header.Sequence, length);
        // Data or a FIN sent again means our acknowledgement was lost; an empty segment may be part of a loop between
        // two confused ends, so it draws from the challenge limit.
        if (length > 0 || header.Has(TcpFlags.Fin))
            _acknowledgeNow = true;
        else
            Challenge();
    }

    private void ResetArrives()
    {
        switch (State)
        {
            case TcpState.SynReceived:
                Terminate(_passive ? TcpCloseReason.ResetByPeer : TcpCloseReason.Refused);
                break;
            case TcpState.Closing or TcpState.LastAck or TcpState.TimeWait:
                Terminate(TcpCloseReason.Closed);
                break;
            default:
                Terminate(TcpCloseReason.ResetByPeer);
                break;
        }
    }

    private void Challenge()
    {
        if (_challenges.TryTake(_now))
            SendAcknowledgement();
        else
            _counters.Drop(DropCause.RateLimited);
    }
}
