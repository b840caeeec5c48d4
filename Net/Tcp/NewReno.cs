// RFC 5681: slow start, congestion avoidance, fast retransmit; RFC 6582: NewReno's recovery;
// RFC 3042: limited transmit; RFC 3465: counting octets; RFC 6928: the initial window.
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>NewReno, without selective acknowledgements.</summary>
public sealed class NewReno(int initialWindowSegments) : ICongestionControl
{
    private const int DuplicatesForRetransmit = 3;

    private int _segmentSize = 536;
    private int _window = 536;
    private int _duplicates;
    private int _acknowledgedInWindow;
    private bool _afterTimeout;
    private SequenceNumber _recover;

    /// <inheritdoc/>
    public int Window => InRecovery ? _window : _window + Math.Min(_duplicates, DuplicatesForRetransmit - 1) * _segmentSize;

    /// <inheritdoc/>
    public int SlowStartThreshold { get; private set; } = int.MaxValue;

    /// <inheritdoc/>
    public bool InRecovery { get; private set; }

    private int InitialWindow => Math.Min(initialWindowSegments * _segmentSize, Math.Max(2 * _segmentSize, 14_600));

    /// <inheritdoc/>
    public void Begin(int segmentSize, SequenceNumber initialSend)
    {
        _segmentSize = segmentSize;
        _window = InitialWindow;
        _recover = initialSend;
    }

    /// <inheritdoc/>
    public bool Acknowledge(int octets, SequenceNumber acknowledged, int inFlight)
    {
        _duplicates = 0;
        if (InRecovery)
        {
            if (acknowledged >= _recover)
            {
                // RFC 6582 3.2 step 3, full acknowledgement, the option that avoids a burst.
                _window = Math.Min(SlowStartThreshold, Math.Max(inFlight, _segmentSize) + _segmentSize);
                InRecovery = false;
                return false;
            }

            // Partial acknowledgement: the next segment was lost too. Deflate by what left, inflate by one segment.
            _window = Math.Max(_segmentSize, _window - octets + (octets >= _segmentSize ? _segmentSize : 0));
            return true;
        }

        if (_afterTimeout && acknowledged >= _recover)
            _afterTimeout = false;

        if (_window < SlowStartThreshold)
        {
            // RFC 3465 2.2 and 2.3: two segments an acknowledgement, one while recovering from a timeout.
            Grow(Math.Min(octets, (_afterTimeout ? 1 : 2) * _segmentSize));
            return false;
        }

        _acknowledgedInWindow += octets;
        if (_acknowledgedInWindow >= _window)
        {
            _acknowledgedInWindow -= _window;
            Grow(_segmentSize);
        }

        return false;
    }

    /// <inheritdoc/>
    public bool Duplicate(SequenceNumber acknowledged, SequenceNumber sendMaximum, int inFlight)
    {
        if (InRecovery)
        {
            Grow(_segmentSize);
            return false;
        }

        _duplicates++;
        // RFC 6582 3.2 step 2: not again for losses that a timeout or an earlier recovery already answered.
        if (_duplicates != DuplicatesForRetransmit || acknowledged <= _recover)
            return false;

        SlowStartThreshold = HalfOf(inFlight);
        _window = SlowStartThreshold + DuplicatesForRetransmit * _segmentSize;
        _recover = sendMaximum;
        InRecovery = true;
        return true;
    }

    /// <inheritdoc/>
    public void TimeOut(SequenceNumber sendMaximum, int inFlight, bool first)
    {
        // RFC 5681 3.1: a segment lost again does not halve the threshold again.
        if (first)
            SlowStartThreshold = HalfOf(inFlight);
        _window = _segmentSize;
        _recover = sendMaximum;
        _duplicates = 0;
        _acknowledgedInWindow = 0;
        _afterTimeout = true;
        InRecovery = false;
    }

    /// <inheritdoc/>
    public void RestartAfterIdle() => _window = Math.Min(_window, InitialWindow);

    private int HalfOf(int inFlight) => Math.Max(inFlight / 2, 2 * _segmentSize);

    // Far above any window the peer can offer (RFC 7323: 2^30), so the sum never overflows.
    private void Grow(int octets) => _window = Math.Min(_window + octets, 1 << 30);
}
