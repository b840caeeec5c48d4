// RFC 6298: computing TCP's retransmission timer; Karn's rule is in its section 3.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>Measures round trips, one segment at a time, and says when the oldest unacknowledged octet is overdue.</summary>
public sealed class RetransmissionTimer(TcpConfiguration configuration)
{
    /// <summary>No deadline.</summary>
    public static readonly TimeSpan Off = TimeSpan.MaxValue;

    // RFC 6298 2: G, and the K of 2.2.
    private static readonly TimeSpan ClockGranularity = TimeSpan.FromMilliseconds(1);
    private const int K = 4;

    private TimeSpan _timedSince = Off;
    private SequenceNumber _timedUntil;

    /// <summary>SRTT; null before the first measurement.</summary>
    public TimeSpan? SmoothedRoundTripTime { get; private set; }

    /// <summary>RTTVAR.</summary>
    public TimeSpan RoundTripTimeVariation { get; private set; }

    /// <summary>RTO, with the back-off since the last acknowledgement of new data.</summary>
    public TimeSpan Timeout { get; private set; } = configuration.InitialRetransmissionTimeout;

    /// <summary>When the timer expires; <see cref="Off"/> while nothing is outstanding.</summary>
    public TimeSpan Deadline { get; private set; } = Off;

    /// <summary>Expiries since new data was last acknowledged.</summary>
    public int Expiries { get; private set; }

    /// <summary>5.1: starts unless it runs.</summary>
    public void StartIfOff(TimeSpan now)
    {
        if (Deadline == Off)
            Restart(now);
    }

    /// <summary>5.3: starts anew.</summary>
    public void Restart(TimeSpan now) => Deadline = now + Timeout;

    /// <summary>5.2: everything is acknowledged.</summary>
    public void Stop() => Deadline = Off;

    /// <summary>5.5 and 5.6: back off, restart; and, by Karn's rule, measure nothing that may have been sent twice.</summary>
    public void Expire(TimeSpan now)
    {
        Expiries++;
        _timedSince = Off;
        Timeout = Min(Timeout * 2, configuration.MaximumRetransmissionTimeout);
        Restart(now);
    }

    /// <summary>Times a segment that was never sent before, unless one is being timed.</summary>
    public void Time(TimeSpan now, SequenceNumber end)
    {
        if (_timedSince != Off)
            return;
        _timedSince = now;
        _timedUntil = end;
    }

    /// <summary>Section 3: the timed segment was, or may have been, retransmitted.</summary>
    public void ForgetTimed() => _timedSince = Off;

    /// <summary>New data was acknowledged: takes the measurement if the timed segment is among it, and ends the back-off.</summary>
    public void Acknowledge(TimeSpan now, SequenceNumber acknowledged)
    {
        bool backedOff = Expiries > 0;
        Expiries = 0;
        if (_timedSince != Off && acknowledged >= _timedUntil)
        {
            Measure(now - _timedSince);
            _timedSince = Off;
        }
        else if (backedOff)
        {
            // 5.7 and the note on 5.5: without a fresh sample the backed-off value would outlive the loss; derive it again.
            Recompute();
        }
    }

    /// <summary>5.7: a SYN was retransmitted, so data begin with three seconds.</summary>
    public void BeginDataAfterLostSyn()
    {
        if (SmoothedRoundTripTime is null && Timeout < TimeSpan.FromSeconds(3))
            Timeout = TimeSpan.FromSeconds(3);
    }

    private void Measure(TimeSpan roundTrip)
    {
        if (SmoothedRoundTripTime is { } smoothed)
        {
            RoundTripTimeVariation = (RoundTripTimeVariation * 3 + (smoothed - roundTrip).Duration()) / 4;
            SmoothedRoundTripTime = (smoothed * 7 + roundTrip) / 8;
        }
        else
        {
            SmoothedRoundTripTime = roundTrip;
            RoundTripTimeVariation = roundTrip / 2;
        }

        Recompute();
    }

    private void Recompute()
    {
        TimeSpan timeout = SmoothedRoundTripTime is { } smoothed
            ? smoothed + Max(ClockGranularity, RoundTripTimeVariation * K)
            : configuration.InitialRetransmissionTimeout;
        Timeout = Min(Max(timeout, configuration.MinimumRetransmissionTimeout), configuration.MaximumRetransmissionTimeout);
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;
}
