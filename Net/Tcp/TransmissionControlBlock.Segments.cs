// RFC 9293 3.1 and 3.2: what stands in each segment we send; RFC 7323 3.2 and RFC 2018 3 for the options, RFC 3168 6.1 for the two flags.
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    private const int MaximumOptions = TcpHeader.MaximumLength - TcpHeader.MinimumLength;

    private SequenceNumber _lastAcknowledgementSent;
    private SequenceNumber _latestOutOfOrder;
    private SackBlock? _duplicate;
    private bool _synRetransmitted;

    // Blocks that fit beside the timestamps.
    private int SackRoom => (MaximumOptions - 4 - (_timestamps.IsOn ? TcpOptions.TimestampsLength : 0)) / SackBlock.Length;

    private bool SendData(SequenceNumber from, int length, bool fin, bool again)
    {
        TcpFlags flags = TcpFlags.Ack;
        if (fin)
            flags |= TcpFlags.Fin;
        if (length > 0 && from + length == _sendQueue.End)
            flags |= TcpFlags.Psh;
        if (_announceReduction && !again && length > 0)
        {
            // RFC 3168 6.1.2: on the first new data after the reduction.
            flags |= TcpFlags.Cwr;
            _announceReduction = false;
        }

        // RFC 3168 6.1.4 and 6.1.5: neither retransmissions nor segments without data may be marked by routers.
        return Send(flags, from, length, SegmentOptions(length), _notifies && !again && length > 0);
    }

    private void SendSyn()
    {
        bool active = State == TcpState.SynSent;
        TcpFlags flags = active ? TcpFlags.Syn : TcpFlags.Syn | TcpFlags.Ack;
        if (active && OffersNotification)
            flags |= TcpFlags.Ece | TcpFlags.Cwr;
        else if (!active && _notifies)
            flags |= TcpFlags.Ece;
        TcpOptions options = new()
        {
            MaximumSegmentSize = (ushort)OwnSegmentSize,
            WindowScale = active || _scaling ? _configuration.WindowScale : null,
            SackPermitted = active ? _configuration.SelectiveAcknowledgements : _selective,
            Timestamps = active ? (_configuration.Timestamps ? _timestamps.Option(_now, acknowledges: false) : null)
                : _timestamps.IsOn ? _timestamps.Option(_now, acknowledges: true) : null,
            UserTimeout = AnnouncedUserTimeout(),
        };
        Send(flags, _send.Initial, 0, options);
        if (_send.Next == _send.Initial)
        {
            _send.Advance(1);
            _synSentAt = _unacknowledgedSince = _now;
        }
        else
        {
            _synRetransmitted = true;
        }

        _retransmission.StartIfOff(_now);
    }

    // The end of all that was sent: the peer may have received it, and would drop an acknowledgement from before its window. A probe beyond a
    // shut window has not been received.
    private SequenceNumber EmptySegmentSequence => _probes == 0 ? _send.Next : _send.Unacknowledged;

    private void SendAcknowledgement() => Send(TcpFlags.Ack, EmptySegmentSequence, 0, SegmentOptions(0));

    private void SendReset() => Send(TcpFlags.Rst | TcpFlags.Ack, EmptySegmentSequence, 0, new() { Timestamps = _timestamps.IsOn ? _timestamps.Option(_now, true) : null });

    // RFC 9293 3.10.7.3 and 3.10.7.4: <SEQ=SEG.ACK><CTL=RST>.
    private void SendBareReset(SequenceNumber sequence) => Send(TcpFlags.Rst, sequence, 0, default);

    // Blocks stand in a segment with data as far as that leaves them room.
    private TcpOptions SegmentOptions(int length) => new()
    {
        Timestamps = _timestamps.IsOn ? _timestamps.Option(_now, acknowledges: true) : null,
        Sack = SackToReport(length == 0 ? SackRoom : Math.Min(SackRoom, (SegmentSize - length - 4) / SackBlock.Length)),
    };

    private SackBlocks SackToReport(int room)
    {
        if (!_selective || room <= 0 || (_reassembly.Count == 0 && _duplicate is null))
            return default;
        if (_duplicate is not { } duplicate)
            return _reassembly.Report(_latestOutOfOrder, room);

        // RFC 2883 4: first what came twice, then what is held.
        SackBlocks blocks = default;
        blocks.TryAdd(duplicate);
        SackBlocks held = _reassembly.Report(_latestOutOfOrder, room - 1);
        for (int index = 0; index < held.Count; index++)
            blocks.TryAdd(held[index]);
        return blocks;
    }

    private bool Send(TcpFlags flags, SequenceNumber sequence, int length, TcpOptions options, bool mayBeMarked = false)
    {
        FlushLarge();
        if (!_owner.TryRent(out FrameBuffer frame))
        {
            _counters.Drop(DropCause.NoBuffer);
            return false;
        }

        TcpHeader header = Header(flags, sequence, options);
        Span<byte> segment = frame.Append(header.Length + length);
        if (length > 0)
            _sendQueue.CopyTo(sequence, segment[header.Length..]);
        if ((_owner.TransmitOffload & FrameOffloadFlags.NeedsChecksum) != 0)
        {
            header.WriteIncomplete(segment, segment.Length, Key.Local.Address, Key.Remote.Address);
            frame.SetOffload(new(FrameOffloadFlags.NeedsChecksum, 0, TcpHeader.ChecksumOffset));
        }
        else
        {
            header.Write(segment, Key.Local.Address, Key.Remote.Address);
        }

        Sent(header, length);
        _owner.Transmit(frame, mayBeMarked);
        return true;
    }

    private TcpHeader Header(TcpFlags flags, SequenceNumber sequence, in TcpOptions options)
    {
        bool acknowledges = (flags & TcpFlags.Ack) != 0;
        bool isSyn = (flags & TcpFlags.Syn) != 0;
        if (_echoCongestion && acknowledges && !isSyn && (flags & TcpFlags.Rst) == 0)
            flags |= TcpFlags.Ece;
        ushort window = (flags & TcpFlags.Rst) != 0 ? (ushort)0 : _receive.Announce(_streams.Unread, _scaling && !isSyn);
        return new(Key.Local.Port, Key.Remote.Port, sequence, acknowledges ? _receive.Next : default, flags, window, options);
    }

    private void Sent(in TcpHeader header, int length)
    {
        if (header.Has(TcpFlags.Ack))
        {
            _acknowledgeNow = false;
            _unacknowledgedOctets = 0;
            _acknowledgeDeadline = RetransmissionTimer.Off;
            _lastAcknowledgementSent = _receive.Next;
            if (header.Options.Sack.Count > 0)
                _duplicate = null;
        }

        if (length > 0)
            _lastSent = _now;
    }
}
