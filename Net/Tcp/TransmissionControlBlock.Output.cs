// RFC 9293 3.7.4 (Nagle), 3.8.6.2.1 (sender's silly-window avoidance), 3.10.4 CLOSE; RFC 5681 4.1 (restart after idle).
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    private bool _finSent;
    private SequenceNumber _finSequence;
    private TimeSpan _lastSent;

    private void Output()
    {
        if (State is TcpState.SynSent or TcpState.SynReceived or TcpState.FinWait2 or TcpState.TimeWait)
        {
            LimitFinWait2();
            return;
        }

        _sendQueue.Acquire();
        if (_send.Outstanding == 0 && _now - _lastSent > _retransmission.Timeout && _sendQueue.End > _send.Next)
            _congestion.RestartAfterIdle();

        while (TrySendNext())
        {
        }

        if (State == TcpState.Closed)
            return;

        // Data that wait while nothing is outstanding: only the persist timer can learn that the window opened.
        if (_send.Outstanding == 0 && _sendQueue.End > _send.Next)
        {
            if (_persistDeadline == RetransmissionTimer.Off)
                _persistDeadline = _now + _retransmission.Timeout;
        }
        else if (_send.Window > 0)
        {
            _persistDeadline = RetransmissionTimer.Off;
        }
    }

    private bool TrySendNext()
    {
        int inFlight = _send.InFlight;
        int usable = Math.Max(0, Math.Min(_send.Window, _congestion.Window) - inFlight);
        int available = _sendQueue.End - _send.Next;
        // Behind our FIN there is nothing.
        if (available < 0)
            return false;

        int length = Math.Min(Math.Min(available, usable), _segmentSize);
        bool last = length == available;
        bool fin = last && _sendQueue.IsCompleted && (usable > length || inFlight == 0);
        if (length == 0 && !fin)
            return false;

        if (fin && !_finSent && _inputClosed && _streams.Unread > 0)
        {
            // RFC 9293 3.6.1, RFC 2525 2.17: closed with octets unread, which the peer must not take for read.
            if (length > 0)
                SendData(_send.Next, length, fin: false);
            _counters.Drop(DropCause.AfterClose);
            SendReset();
            Terminate(TcpCloseReason.Aborted);
            return false;
        }

        bool again = _send.Next < _send.Maximum;
        bool worthIt = length == _segmentSize || fin || again
            || (last && (_configuration.NoDelay || inFlight == 0))
            || length * 2 >= _send.MaximumWindow;
        if (!worthIt)
            return false;

        SequenceNumber from = _send.Next;
        bool sent = SendData(from, length, fin);
        if (fin && !_finSent)
        {
            _finSent = true;
            _finSequence = from + length;
            Fire(TcpTrigger.FinSent);
        }

        _send.Advance(length + (fin ? 1 : 0));
        if (!again)
            _retransmission.Time(_now, _send.Next);
        _retransmission.StartIfOff(_now);
        // A segment for which there was no buffer is as good as lost: the timer finds it. Stop asking for more.
        return sent;
    }

    // Fast retransmit: one segment from the oldest unacknowledged octet, SND.NXT untouched.
    private void RetransmitFirst()
    {
        if (State is TcpState.SynSent or TcpState.SynReceived or TcpState.Closed)
            return;
        _sendQueue.Acquire();
        _retransmission.ForgetTimed();
        SequenceNumber from = _send.Unacknowledged;
        int length = Math.Clamp(_sendQueue.End - from, 0, _segmentSize);
        bool fin = _finSent && from + length == _finSequence;
        if (length > 0 || fin)
            SendData(from, length, fin);
        _retransmission.Restart(_now);
    }

    private bool SendData(SequenceNumber from, int length, bool fin)
    {
        TcpFlags flags = TcpFlags.Ack;
        if (fin)
            flags |= TcpFlags.Fin;
        if (length > 0 && from + length == _sendQueue.End)
            flags |= TcpFlags.Psh;
        return Send(flags, from, length, default);
    }

    private void SendSyn()
    {
        TcpFlags flags = State == TcpState.SynSent ? TcpFlags.Syn : TcpFlags.Syn | TcpFlags.Ack;
        TcpOptions options = new()
        {
            MaximumSegmentSize = (ushort)_configuration.MaximumSegmentSize,
            WindowScale = State == TcpState.SynSent || _scaling ? _configuration.WindowScale : null,
        };
        Send(flags, _send.Initial, 0, options);
        if (_send.Maximum == _send.Initial)
        {
            _send.Advance(1);
            _retransmission.Time(_now, _send.Next);
        }

        _retransmission.StartIfOff(_now);
    }

    // The end of all that was sent, even after a timeout went back: the peer may have received it, and would drop an
    // acknowledgement from before its window. A probe beyond a shut window has not been received.
    private SequenceNumber EmptySegmentSequence => _persistDeadline == RetransmissionTimer.Off ? _send.Maximum : _send.Next;

    private void SendAcknowledgement() => Send(TcpFlags.Ack, EmptySegmentSequence, 0, default);

    private void SendReset() => Send(TcpFlags.Rst | TcpFlags.Ack, EmptySegmentSequence, 0, default);

    // RFC 9293 3.10.7.3 and 3.10.7.4: <SEQ=SEG.ACK><CTL=RST>.
    private void SendBareReset(SequenceNumber sequence) => Send(TcpFlags.Rst, sequence, 0, default);

    private bool Send(TcpFlags flags, SequenceNumber sequence, int length, TcpOptions options)
    {
        if (!_owner.TryRent(out FrameBuffer frame))
        {
            _counters.Drop(DropCause.NoBuffer);
            return false;
        }

        bool acknowledges = (flags & TcpFlags.Ack) != 0;
        bool scaled = _scaling && (flags & TcpFlags.Syn) == 0;
        ushort window = (flags & TcpFlags.Rst) != 0 ? (ushort)0 : _receive.Announce(_streams.Unread, scaled);
        TcpHeader header = new(
            Key.Local.Port, Key.Remote.Port, sequence, acknowledges ? _receive.Next : default, flags, window, options);
        Span<byte> segment = frame.Append(header.Length + length);
        if (length > 0)
            _sendQueue.CopyTo(sequence, segment[header.Length..]);
        header.Write(segment, Key.Local.Address, Key.Remote.Address);
        if (acknowledges)
        {
            _acknowledgeNow = false;
            _unacknowledgedOctets = 0;
            _acknowledgeDeadline = RetransmissionTimer.Off;
        }

        if (length > 0)
            _lastSent = _now;
        _owner.Transmit(frame);
        return true;
    }
}
