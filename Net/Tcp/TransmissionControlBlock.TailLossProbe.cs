// RFC 8985 7: the tail loss probe. The last segments of a flight have none behind them whose arrival would tell of their loss.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    // 7.2: how long a peer may hold an acknowledgement back.
    private static readonly TimeSpan WorstDelayedAcknowledgement = TimeSpan.FromMilliseconds(200);

    private TimeSpan _tailProbeDeadline = RetransmissionTimer.Off;
    private SequenceNumber? _tailProbeEnd;
    private bool _tailProbeIsRetransmission;
    private bool _armTailProbe;

    // 7.2: after new data and after acknowledgements, while nothing is known to be lost.
    private void ScheduleTailProbe()
    {
        if (!_selective || _phase != RecoveryPhase.Open || _send.Outstanding == 0 || _segments.SackedCount > 0 || _tailProbeEnd is not null ||
            _persistDeadline != RetransmissionTimer.Off)
        {
            _tailProbeDeadline = RetransmissionTimer.Off;
            return;
        }

        if (!_armTailProbe)
            return;
        _armTailProbe = false;
        TimeSpan timeout = _retransmission.SmoothedRoundTripTime is { } smoothed ? smoothed + smoothed : _configuration.InitialRetransmissionTimeout;
        if (_segments.Count == 1)
            timeout += WorstDelayedAcknowledgement;
        // At the timer's own time there is no use for it.
        _tailProbeDeadline = _now + timeout < _retransmission.Deadline ? _now + timeout : RetransmissionTimer.Off;
    }

    // 7.3
    private void TailProbeExpired()
    {
        _tailProbeDeadline = RetransmissionTimer.Off;
        if (_segments.Count == 0 || _phase != RecoveryPhase.Open)
            return;
        _sendQueue.Acquire();
        _tailProbeIsRetransmission = !TrySendNew(asProbe: true);
        if (State == TcpState.Closed || (_tailProbeIsRetransmission && !Retransmit(_segments.Count - 1)))
            return;
        _tailProbeEnd = _send.Next;
        _retransmission.Restart(_now);
    }

    // 7.4: whether the probe repaired a loss, which congestion control must hear of, or only asked for an acknowledgement.
    private void TailProbeAcknowledged(SequenceNumber acknowledgement, bool advanced, bool duplicateReported, int outstanding)
    {
        if (_tailProbeEnd is not { } end || acknowledgement < end)
            return;
        if (!_tailProbeIsRetransmission || duplicateReported)
        {
            _tailProbeEnd = null;
        }
        else if (acknowledgement > end)
        {
            // Two copies would have been answered by a report of the second before anything behind them was acknowledged.
            _tailProbeEnd = null;
            _congestion.CongestionEvent(outstanding, _now, CongestionSignal.Loss);
            _needless.Forget();
            Reduced();
        }
        else if (!advanced)
        {
            // The second copy's answer, by a peer that does not report duplicates.
            _tailProbeEnd = null;
        }
    }
}
