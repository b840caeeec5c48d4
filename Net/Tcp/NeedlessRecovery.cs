// RFC 3708: what reports of duplicates (RFC 2883) say of retransmissions.
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>
/// Counts the retransmissions of a recovery against what the peer reports to have got twice since. When there is a report for each, none was needed, and the congestion window is what it was before. As in
/// Linux, and laxer than the RFC, a report counts whichever of the segments it names; the caller stops listening when more is reported than was ever sent again.
/// </summary>
internal struct NeedlessRecovery
{
    private SequenceNumber? _from;
    private int _reported;

    /// <summary>Segments sent again since the last recovery began.</summary>
    public int Retransmissions { get; private set; }

    /// <summary>Whether the last recovery was needless.</summary>
    public readonly bool IsProven => _from is not null && Retransmissions > 0 && _reported >= Retransmissions;

    /// <summary>A recovery begins, with this number as the first that is not acknowledged.</summary>
    public void Begin(SequenceNumber unacknowledged)
    {
        _from = unacknowledged;
        Retransmissions = 0;
        _reported = 0;
    }

    /// <summary>A segment was sent again.</summary>
    public void Retransmitted() => Retransmissions++;

    /// <summary>The peer got this twice.</summary>
    public void DuplicateReported(in SackBlock block, SequenceNumber acknowledgement)
    {
        if (_from is { } from && block.End > from && block.End <= acknowledgement)
            _reported++;
    }

    /// <summary>The window was reduced for another reason, or is what it was.</summary>
    public void Forget() => _from = null;
}
