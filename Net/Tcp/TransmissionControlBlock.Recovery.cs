// What acknowledgements say of losses: RFC 2018 and 6675 (SACK), RFC 2883 (duplicates reported), RFC 8985 6 (RACK), RFC 6582 (NewReno, for peers
// without SACK), RFC 3042 (limited transmit: what left the path makes room), RFC 6937 (how much is sent meanwhile), RFC 3522 and 4015 (needless timeouts
// and recoveries, by timestamps), RFC 3708 (needless recoveries, by reports of duplicates).
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    private readonly Rack _rack = new();
    private NeedlessRecovery _needless;
    private RecoveryPhase _phase;
    private ProportionalRateReduction _reduction;
    private SequenceNumber _recover;
    private TimeSpan _reorderingDeadline = RetransmissionTimer.Off;

    private long _duplicatesReported;

    // Without SACK: duplicate acknowledgements, each of which stands for a segment that left the path.
    private int _duplicates;

    // When the first retransmission after a timeout or of a recovery left, until an acknowledgement tells whether it was needed.
    private TimeSpan _repairedAt = RetransmissionTimer.Off;
    private SequenceNumber _repairedEnd;

    // Of the acknowledgement being looked at.
    private int _delivered;
    private bool _repaired;
    private bool _echoesFirstCopy;
    private TimeSpan? _roundTripSample;
    private uint? _echo;

    private enum RecoveryPhase
    {
        /// <summary>Nothing is lost, as far as known.</summary>
        Open,

        /// <summary>A loss was detected; until all that was outstanding then is acknowledged.</summary>
        FastRecovery,

        /// <summary>The timer expired; likewise.</summary>
        AfterTimeout,
    }

    /// <summary>Octets in flight, RFC 6675's pipe: outstanding, and neither reported nor taken for lost.</summary>
    private int InFlight => Math.Max(0, _send.Outstanding - _segments.SackedOctets - _segments.LostOctets - _duplicates * SegmentSize);

    private int CongestionWindow => _phase == RecoveryPhase.FastRecovery ? _reduction.Window : _congestion.Window;

    private void TakeAcknowledgement(in TcpHeader header, bool duplicate)
    {
        SequenceNumber acknowledgement = header.Acknowledgement;
        int outstanding = _send.Outstanding;
        bool recovering = _phase == RecoveryPhase.FastRecovery;
        int octets = acknowledgement - _send.Unacknowledged;
        _rack.BeginAcknowledgement();
        _delivered = 0;
        _roundTripSample = null;
        _repaired = false;
        _echoesFirstCopy = false;
        _echo = _timestamps.IsOn ? header.Options.Timestamps?.EchoReply : null;

        bool duplicateReported = _selective && header.Options.Sack.Count > 0 && TakeBlocks(header.Options.Sack, acknowledgement);
        if (octets > 0)
        {
            RemoveAcknowledged(acknowledgement);
            MeasureRoundTrip(duplicateReported);
        }

        // Before the timer starts anew by it.
        if (_roundTripSample is { } sample)
            _retransmission.Measure(sample, acknowledgement, _send.Next);
        if (octets > 0)
        {
            NewlyAcknowledged(acknowledgement);
            JudgeRetransmission(acknowledgement);
        }

        // More of them than segments sent again: it is the path that doubles, which says nothing about what was sent without need.
        if (duplicateReported && ++_duplicatesReported <= _retransmitted)
        {
            _rack.DuplicateReported(_send.Unacknowledged, _send.Next);
            _needless.DuplicateReported(header.Options.Sack[0], acknowledgement);
        }

        TailProbeAcknowledged(acknowledgement, octets > 0, duplicateReported, outstanding);
        if (!_selective)
            CountDuplicates(octets, duplicate);
        if (_phase != RecoveryPhase.Open && acknowledgement >= _recover)
            LeaveRecovery();
        if (_phase == RecoveryPhase.Open && _needless.IsProven)
        {
            _congestion.Undo();
            _needless.Forget();
        }

        if (_selective)
            DetectLosses();
        else
            DetectLossesWithoutBlocks(acknowledgement, octets > 0, duplicate);

        if (_phase == RecoveryPhase.FastRecovery)
            _reduction.Delivered(_delivered, InFlight, _congestion.SlowStartThreshold, SegmentSize);
        else if (!recovering && !EchoesCongestion(header) && NewlyDelivered(octets) is var delivered && delivered > 0)
            _congestion.Acknowledged(new(delivered, acknowledgement, _send.Next, _now, _roundTripSample, IsWindowLimited));
    }

    // RFC 3465 2.1 counts what is acknowledged. Behind a segment that is late acknowledgements stand still, and the one that catches up would count for a few segments (2.3)
    // however many it covers; so where segments overtake each other, what is reported counts. Where they never did, a report may mean a loss, and is not taken for more room
    // (RFC 5681 3.2 step 1).
    private int NewlyDelivered(int octets) => _selective && _rack.ReorderingSeen ? _delivered : octets;

    private void MeasureRoundTrip(bool duplicateReported)
    {
        // RFC 6298 3, Karn. What a retransmission let be acknowledged may have waited for it long.
        if (_repaired)
            _roundTripSample = null;
        // RFC 7323 4.1: the echo is of the segment that brought the acknowledgement about, whichever that was; but of the first copy too when the peer answers a second one
        // because its first answer was lost. By that a path that loses much would seem slower with every timeout. A peer that reports duplicates tells; with one that does
        // not, the timeout stays as it was backed off (RFC 6298 5.5) until something is measured again.
        if (_roundTripSample is null && _echo is { } echo && !(_echoesFirstCopy && (duplicateReported || !_selective)))
            _roundTripSample = _timestamps.RoundTrip(echo, _now);
        _retransmission.Acknowledge(keepsBackOff: _echoesFirstCopy && !_selective);
    }

    // RFC 2018 5; RFC 6675 5. Answers whether the first block is RFC 2883's: octets that came twice.
    private bool TakeBlocks(in SackBlocks blocks, SequenceNumber acknowledgement)
    {
        SackBlock first = blocks[0];
        SackBlock second = blocks[1];
        bool duplicate = first.End <= acknowledgement ||
            (blocks.Count > 1 && second.Start <= first.Start && first.End <= second.End);
        for (int number = duplicate ? 1 : 0; number < blocks.Count; number++)
        {
            SackBlock block = blocks[number];
            // What was never sent, or is acknowledged, is no news.
            if (block.Octets <= 0 || block.Start < acknowledgement || block.End > _send.Next)
                continue;
            for (int index = _segments.IndexOf(block.Start); index < _segments.Count && _segments[index].End <= block.End; index++)
            {
                if (_segments.MarkSacked(index))
                    Deliver(_segments[index]);
            }
        }

        return duplicate;
    }

    private void RemoveAcknowledged(SequenceNumber acknowledgement)
    {
        while (_segments.Count > 0 && _segments[0].Start < acknowledgement)
        {
            if (_segments[0].End > acknowledgement)
            {
                _delivered += acknowledgement - _segments[0].Start;
                _segments.TrimFirst(acknowledgement);
                return;
            }

            SentSegment segment = _segments.RemoveFirst();
            if (!segment.IsSacked)
                Deliver(segment);
        }
    }

    private void Deliver(in SentSegment segment)
    {
        _delivered += segment.Length;
        _path.Delivered(segment.Length);
        bool isOfFirstCopy = segment.IsRetransmitted && _echo is { } echo && _timestamps.IsBefore(echo, segment.SentAt);
        _echoesFirstCopy |= isOfFirstCopy;
        if (segment.IsRetransmitted)
            _repaired = true;
        else
            _roundTripSample ??= _now - segment.SentAt;
        _rack.Delivered(segment, _now, isOfFirstCopy);
    }

    private void DetectLosses()
    {
        TimeSpan window = _rack.ReorderingWindow(
            _phase != RecoveryPhase.Open, _segments.SackedCount, _retransmission.SmoothedRoundTripTime ?? TimeSpan.Zero);
        TimeSpan wait = _rack.DetectLoss(_segments, _now, window, out int lost);
        _reorderingDeadline = wait > TimeSpan.Zero ? _now + wait : RetransmissionTimer.Off;
        if (lost > 0 && _phase == RecoveryPhase.Open)
            EnterRecovery();
    }

    private void ReorderingExpired()
    {
        DetectLosses();
        if (_phase == RecoveryPhase.FastRecovery)
            _reduction.Delivered(0, InFlight, _congestion.SlowStartThreshold, SegmentSize);
    }

    // RFC 6582 3.2, with each duplicate counted as a segment that left (RFC 5681 3.2 step 4 inflates the window instead, to the same end).
    private void CountDuplicates(int octets, bool duplicate)
    {
        if (duplicate)
        {
            if (_phase == RecoveryPhase.AfterTimeout)
                return;
            _duplicates++;
            _delivered += SegmentSize;
        }
        else if (octets > 0 && _duplicates > 0)
        {
            // One segment filled the hole; the others are those that the duplicates stood for.
            int left = _phase == RecoveryPhase.Open ? _duplicates : Math.Min(_duplicates, Math.Max(0, octets / SegmentSize - 1));
            _delivered = Math.Max(0, _delivered - left * SegmentSize);
            _duplicates -= left;
        }
    }

    private void DetectLossesWithoutBlocks(SequenceNumber acknowledgement, bool advanced, bool duplicate)
    {
        switch (_phase)
        {
            // Step 2: not again for losses that a timeout or an earlier recovery already answered.
            case RecoveryPhase.Open when duplicate && _duplicates == _configuration.DuplicateThreshold && acknowledgement > _recover && _segments.MarkLost(0):
                EnterRecovery();
                break;
            // Step 3: a partial acknowledgement names the next hole.
            case RecoveryPhase.FastRecovery when advanced && _segments.Count > 0:
                _segments.MarkLost(0);
                break;
        }
    }

    private void EnterRecovery()
    {
        _phase = RecoveryPhase.FastRecovery;
        _recover = _send.Next;
        _tailProbeDeadline = RetransmissionTimer.Off;
        _tailProbeEnd = null;
        _congestion.CongestionEvent(FlightBefore, _now, CongestionSignal.Loss);
        _needless.Begin(_send.Unacknowledged);
        _repairedAt = RetransmissionTimer.Off;
        _reduction.Begin(_send.Outstanding);
        _reduction.Delivered(0, InFlight, _congestion.SlowStartThreshold, SegmentSize);
        Reduced();
    }

    private void LeaveRecovery()
    {
        _phase = RecoveryPhase.Open;
        _duplicates = 0;
        _repairedAt = RetransmissionTimer.Off;
        _rack.RecoveryEnded();
    }

    private void EnterAfterTimeout(bool first)
    {
        _congestion.TimedOut(_send.Outstanding, _now, first);
        _needless.Forget();
        _phase = RecoveryPhase.AfterTimeout;
        _recover = _send.Next;
        _duplicates = 0;
        _reorderingDeadline = _tailProbeDeadline = RetransmissionTimer.Off;
        _tailProbeEnd = null;
        _segments.MarkAllLost();
        if (first)
            (_repairedAt, _repairedEnd) = (_now, _send.Unacknowledged + 1);
        Reduced();
    }

    // RFC 3522 3.2 and RFC 4015: the echo is of a segment sent before the retransmission, so the first one had arrived: it was late, not lost. Of a recovery that must hold
    // for all that was sent again.
    private void JudgeRetransmission(SequenceNumber acknowledgement)
    {
        if (_repairedAt == RetransmissionTimer.Off || acknowledgement < _repairedEnd || _echo is not { } echo)
            return;
        bool needless = _timestamps.IsBefore(echo, _repairedAt);
        if (needless && _phase == RecoveryPhase.FastRecovery)
        {
            _rack.Overtaken();
            if (_segments.RetransmittedCount > 0)
                return;
        }

        _repairedAt = RetransmissionTimer.Off;
        if (!needless)
            return;
        _segments.ClearLost();
        _congestion.Undo();
        _needless.Forget();
        LeaveRecovery();
    }
}
