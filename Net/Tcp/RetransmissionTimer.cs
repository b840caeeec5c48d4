// RFC 6298: computing TCP's retransmission timer. Karn's rule (section 3) is its caller's: what was sent twice is not measured.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>Smooths round trips, and says when the oldest unacknowledged octet is overdue.</summary>
public sealed class RetransmissionTimer(TcpConfiguration configuration)
{
    /// <summary>No deadline.</summary>
    public static readonly TimeSpan Off = TimeSpan.MaxValue;

    // RFC 6298 2: G, and the K of 2.2.
    private static readonly TimeSpan ClockGranularity = TimeSpan.FromMilliseconds(1);
    private const int K = 4;

    private SequenceNumber _nextMeasurement;

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

    /// <summary>5.5 and 5.6: back off, restart.</summary>
    public void Expire(TimeSpan now)
    {
        Expiries++;
        Timeout = Min(Timeout * 2, configuration.MaximumRetransmissionTimeout);
        Restart(now);
    }

    /// <summary>New data was acknowledged: the back-off ends, unless it is to outlive that.</summary>
    public void Acknowledge(bool keepsBackOff = false)
    {
        // 5.7 and the note on 5.5: without a fresh sample the backed-off value would outlive the loss; derive it again.
        if (Expiries > 0 && !keepsBackOff)
            Recompute();
        Expiries = 0;
    }

    /// <summary>Takes a measurement, one a round trip: more would make the variation forget too soon (RFC 7323 appendix G).</summary>
    public void Measure(TimeSpan roundTrip, SequenceNumber acknowledged, SequenceNumber next)
    {
        if (SmoothedRoundTripTime is not null && acknowledged < _nextMeasurement)
            return;
        _nextMeasurement = next;
        Measure(roundTrip);
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
            // In ticks: a time by a number is computed in floating point.
            RoundTripTimeVariation = new(((RoundTripTimeVariation.Ticks * 3) + (smoothed - roundTrip).Duration().Ticks) / 4);
            SmoothedRoundTripTime = new(((smoothed.Ticks * 7) + roundTrip.Ticks) / 8);
        }
        else
        {
            SmoothedRoundTripTime = roundTrip;
            RoundTripTimeVariation = new(roundTrip.Ticks / 2);
        }

        Recompute();
    }

    private void Recompute()
    {
        TimeSpan timeout = SmoothedRoundTripTime is { } smoothed
            ? smoothed + Max(ClockGranularity, new(RoundTripTimeVariation.Ticks * K))
            : configuration.InitialRetransmissionTimeout;
        Timeout = Min(Max(timeout, configuration.MinimumRetransmissionTimeout), configuration.MaximumRetransmissionTimeout);
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;
}
