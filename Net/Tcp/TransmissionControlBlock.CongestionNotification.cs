// RFC 3168 6.1: explicit congestion notification. A router marks a packet instead of dropping it, the receiver echoes the mark, the sender slows down.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    private bool _notifies;
    private bool _echoCongestion;
    private bool _announceReduction;
    private SequenceNumber _reducedUntil;

    /// <summary>6.1.1: whether both ends agreed to it.</summary>
    public bool NotifiesCongestion => _notifies;

    // 6.1.1.1: a SYN that was lost may have been dropped for its flags; the next goes without.
    private bool OffersNotification => _configuration.CongestionNotification == TcpCongestionNotification.Always && _retransmission.Expiries == 0;

    // 6.1.1, the passive side.
    private void NotificationOffered(in TcpHeader syn) =>
        _notifies = _configuration.CongestionNotification != TcpCongestionNotification.Off && syn.Has(TcpFlags.Ece) && syn.Has(TcpFlags.Cwr);

    // 6.1.1, the active side; a peer that reflects reserved bits sets both.
    private void NotificationAnswered(in TcpHeader answer) =>
        _notifies = _configuration.CongestionNotification == TcpCongestionNotification.Always && answer.Has(TcpFlags.Ece) && !answer.Has(TcpFlags.Cwr);

    // 6.1.3: a marked packet arrived; all acknowledgements say so until the peer answers.
    private void CongestionExperienced() => _echoCongestion |= _notifies;

    private bool EchoesCongestion(in TcpHeader header) => _notifies && header.Has(TcpFlags.Ece) && !header.Has(TcpFlags.Syn);

    // 6.1.2 and 6.1.3, of a segment that is acceptable.
    private void NotificationArrives(in TcpHeader header)
    {
        if (!_notifies)
            return;
        if (header.Has(TcpFlags.Cwr))
            _echoCongestion = false;
        if (!EchoesCongestion(header) || _phase != RecoveryPhase.Open || header.Acknowledgement < _reducedUntil)
            return;
        // Once for one window of data.
        _congestion.CongestionEvent(FlightBefore, _now, CongestionSignal.Notification);
        _needless.Forget();
        Reduced();
    }

    // The window was reduced, for whatever reason: echoes of what is under way tell nothing new, and the peer hears that they were heard.
    private void Reduced()
    {
        _reducedUntil = _send.Next;
        _announceReduction = _notifies;
    }
}
