// RFC 8985 6: RACK, detecting losses by the time at which segments were sent.
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>A segment is lost when one sent sufficiently later has been delivered. How much later adapts to the reordering seen.</summary>
internal sealed class Rack
{
    // 6.2 step 3 and 7.2: as many segments reported count as loss while no reordering was ever seen.
    private const int DuplicateThreshold = 3;

    // 6.2 step 4: a wider window is kept for so many recoveries.
    private const int RecoveriesKept = 16;

    private TimeSpan _sentAt = TimeSpan.MinValue;
    private SequenceNumber _end;
    private SequenceNumber _furthest;
    private SequenceNumber _furthestBefore;
    private SequenceNumber? _duplicateRound;
    private int _multiplier = 1;
    private int _recoveriesLeft = RecoveriesKept;

    /// <summary>RACK.min_RTT; <see cref="TimeSpan.MaxValue"/> before the first.</summary>
    public TimeSpan MinimumRoundTrip { get; private set; } = TimeSpan.MaxValue;

    /// <summary>RACK.rtt: of the segment delivered last.</summary>
    public TimeSpan RoundTrip { get; private set; }

    /// <summary>RACK.reordering_seen.</summary>
    public bool ReorderingSeen { get; private set; }

    /// <summary>The connection begins to send.</summary>
    public void Begin(SequenceNumber initial) => _furthest = _furthestBefore = initial;

    /// <summary>An acknowledgement is about to be looked at: what it reports together did not overtake each other.</summary>
    public void BeginAcknowledgement() => _furthestBefore = _furthest;

    /// <summary>
    /// Steps 1 to 3 for a segment newly delivered. Of one sent twice it must be told apart which of the two arrived: the peer's timestamp does
    /// (<paramref name="echoIsOlder"/>), and so does a round trip shorter than any.
    /// </summary>
    public void Delivered(in SentSegment segment, TimeSpan now, bool echoIsOlder)
    {
        TimeSpan roundTrip = now - segment.SentAt;
        if (segment.IsRetransmitted)
        {
            if (echoIsOlder || roundTrip < MinimumRoundTrip)
                return;
        }
        else if (roundTrip < MinimumRoundTrip)
        {
            MinimumRoundTrip = roundTrip;
        }

        RoundTrip = roundTrip;
        if (SentAfter(segment.SentAt, segment.End, _sentAt, _end))
        {
            _sentAt = segment.SentAt;
            _end = segment.End;
        }

        if (segment.End > _furthest)
            _furthest = segment.End;
        if (segment.End < _furthestBefore && !segment.IsRetransmitted)
            ReorderingSeen = true;
    }

    /// <summary>Step 3 for a segment sent twice whose first copy came after all, as the peer's timestamp tells (RFC 3522): later ones had overtaken it.</summary>
    public void Overtaken() => ReorderingSeen = true;

    /// <summary>Step 4, first half: the peer got something twice, so a retransmission was needless; at most once a round trip.</summary>
    public void DuplicateReported(SequenceNumber unacknowledged, SequenceNumber next)
    {
        if (_duplicateRound is { } round && unacknowledged < round)
            return;
        _duplicateRound = next;
        _multiplier = Math.Min(_multiplier + 1, byte.MaxValue);
        _recoveriesLeft = RecoveriesKept;
    }

    /// <summary>Step 4: a recovery ended.</summary>
    public void RecoveryEnded()
    {
        if (--_recoveriesLeft <= 0)
            _multiplier = 1;
    }

    /// <summary>Step 4, second half: RACK.reo_wnd.</summary>
    public TimeSpan ReorderingWindow(bool inRecovery, int sacked, TimeSpan smoothedRoundTrip)
    {
        if (!ReorderingSeen && (inRecovery || sacked >= DuplicateThreshold))
            return TimeSpan.Zero;
        if (MinimumRoundTrip == TimeSpan.MaxValue)
            return TimeSpan.Zero;
        TimeSpan window = new(MinimumRoundTrip.Ticks * _multiplier / 4);
        return window < smoothedRoundTrip ? window : smoothedRoundTrip;
    }

    /// <summary>
    /// Step 5: marks what is lost and says how long until more may be, zero for never. Nothing is scanned while all arrives in order.
    /// </summary>
    public TimeSpan DetectLoss(SentSegments segments, TimeSpan now, TimeSpan reorderingWindow, out int lost)
    {
        lost = 0;
        TimeSpan wait = TimeSpan.Zero;
        if (segments.SackedCount == 0 && segments.RetransmittedCount == 0)
            return wait;
        for (int index = 0; index < segments.Count; index++)
        {
            ref SentSegment segment = ref segments[index];
            // What was sent later and stands further back was sent later still.
            if (!segment.IsRetransmitted && segment.SentAt > _sentAt)
                break;
            if (segment.IsSacked || segment.IsLost || !SentAfter(_sentAt, _end, segment.SentAt, segment.End))
                continue;
            TimeSpan remaining = segment.SentAt + RoundTrip + reorderingWindow - now;
            if (remaining > TimeSpan.Zero)
                wait = remaining > wait ? remaining : wait;
            else if (segments.MarkLost(index))
                lost++;
        }

        return wait;
    }

    private static bool SentAfter(TimeSpan time, SequenceNumber end, TimeSpan otherTime, SequenceNumber otherEnd) =>
        time > otherTime || (time == otherTime && end > otherEnd);
}
