// RFC 9293 3.10.7.4, seventh and eighth: segment text and FIN. When it is acknowledged: .DelayedAcknowledgements.
using System.IO.Pipelines;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    private bool _inputClosed;
    private bool _receivedCompleted;
    private bool _unflushed;
    private SequenceNumber? _peerFin;

    private void DataArrive(SequenceNumber sequence, [Borrowed] FrameBuffer frame, int offset, int length, bool fin)
    {
        // In the other states the peer has sent its FIN: there is no text after it.
        if ((length == 0 && !fin) || State is not (TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2))
            return;

        if (IsFullyClosed && length > 0)
        {
            // RFC 9293 3.6.1: data that will never be read; the peer must know.
            _counters.Drop(DropCause.AfterClose);
            SendReset();
            Terminate(TcpCloseReason.Closed);
            return;
        }

        // Cut to the window; a FIN beyond it will come again.
        int excess = sequence + length - _receive.RightEdge;
        if (excess > 0)
        {
            length -= excess;
            fin = false;
        }

        // As if the link had lost it: the peer will send it again.
        if (length > 0 && _streams.RefusesInput)
        {
            _counters.Drop(DropCause.NoBuffer);
            return;
        }

        if (fin)
            _peerFin = sequence + length;

        int overlap = _receive.Next - sequence;
        if (overlap < 0)
        {
            // A hole before it. RFC 5681 4.2: a duplicate acknowledgement at once.
            if (length > 0)
                ArriveTooEarly(sequence, frame, offset, length);
            SendAcknowledgement();
            return;
        }

        if (overlap >= length)
        {
            if (length > 0)
                ArrivedBefore(sequence, length);
        }
        else
        {
            DeliverAll(frame, offset + overlap, length - overlap);
            DrainReassembly();
        }

        if (_peerFin == _receive.Next)
            PeerFinReached();
    }

    private void ArriveTooEarly(SequenceNumber sequence, [Borrowed] FrameBuffer frame, int offset, int length)
    {
        if (_reassembly.Holds(sequence, length))
        {
            ArrivedBefore(sequence, length);
            return;
        }

        _latestOutOfOrder = sequence;
        foreach (FramePiece piece in frame.Pieces)
        {
            int count = Math.Clamp(piece.Length - offset, 0, length);
            // What found no room is not reported, so the peer sends it again.
            if (count > 0 && !_reassembly.TryAdd(sequence, piece.Data.Slice(offset, count)))
            {
                _counters.Drop(DropCause.TableFull);
                return;
            }

            offset = Math.Max(0, offset - piece.Length);
            sequence += count;
            length -= count;
        }
    }

    // RFC 2883: the peer is told what it sent without need.
    private void ArrivedBefore(SequenceNumber sequence, int length)
    {
        _counters.Drop(DropCause.Duplicate);
        if (_selective)
            _duplicate = new(sequence, sequence + length);
        _acknowledgeNow = true;
    }

    private void DrainReassembly()
    {
        if (_reassembly.Count == 0)
            return;
        // RFC 5681 4.2: at once too while a hole is being filled.
        _acknowledgeNow = true;
        while (_reassembly.Read(_receive.Next) is { IsEmpty: false } octets)
            Deliver(octets);
        _reassembly.Release(_receive.Next);
    }

    private void DeliverAll([Borrowed] FrameBuffer frame, int offset, int length)
    {
        foreach (FramePiece piece in frame.Pieces)
        {
            int count = Math.Clamp(piece.Length - offset, 0, length);
            if (count > 0)
                Deliver(piece.Data.Slice(offset, count));
            offset = Math.Max(0, offset - piece.Length);
            length -= count;
        }
    }

    private void Deliver(ReadOnlySpan<byte> octets)
    {
        _receive.Advance(octets.Length);
        CountUnacknowledged(octets.Length);
        if (_streams.IsInputClosed)
        {
            // Nobody will read them, but the other direction may still be in use.
            _counters.Drop(DropCause.AfterClose);
            return;
        }

        _streams.Deliver(octets);
        _unflushed = true;
    }

    private void PeerFinReached()
    {
        _peerFin = null;
        _receive.Advance(1);
        _acknowledgeNow = true;
        FlushReceived();
        CompleteReceived(null);
        bool waitedForIt = State == TcpState.FinWait2;
        Fire(TcpTrigger.FinReceived);
        if (waitedForIt)
            EnterTimeWait();
    }

    private void FlushReceived()
    {
        if (!_unflushed || _receivedCompleted)
            return;
        _unflushed = false;
        // The pipe has no threshold, so the flush never waits; a reader that is gone is seen by its signal.
        ValueTask<FlushResult> flush = _streams.Received.FlushAsync();
        if (flush.IsCompletedSuccessfully)
            _ = flush.Result;
    }

    private void CompleteReceived(Exception? exception)
    {
        if (_receivedCompleted)
            return;
        FlushReceived();
        _receivedCompleted = true;
        TcpStreamContract.Instance.Observe(_streams, TcpStreamStep.EndInput);
        _streams.Received.Complete(exception);
    }
}
