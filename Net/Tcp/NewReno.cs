// RFC 5681: slow start and congestion avoidance; RFC 3465: counting octets; RFC 6928: the initial window.
namespace Troupe.Net.Tcp;

/// <summary>The window of RFC 5681; the recovery that gave NewReno its name (RFC 6582) is the connection's.</summary>
public sealed class NewReno(int initialWindowSegments) : ICongestionControl
{
    private int _segmentSize = 536;
    private int _acknowledgedInWindow;
    private bool _afterTimeout;
    private (int Window, int Threshold) _before;

    /// <inheritdoc/>
    public int Window { get; private set; } = 536;

    /// <inheritdoc/>
    public int SlowStartThreshold { get; private set; } = int.MaxValue;

    /// <summary>RFC 6928 2: ten segments, unless they are larger than Ethernet's.</summary>
    internal static int InitialWindow(int segments, int segmentSize) => Math.Min(segments * segmentSize, Math.Max(2 * segmentSize, 14_600));

    /// <inheritdoc/>
    public void Begin(int segmentSize, bool synLost)
    {
        _segmentSize = segmentSize;
        Window = synLost ? segmentSize : InitialWindow(initialWindowSegments, segmentSize);
    }

    /// <inheritdoc/>
    public void SetSegmentSize(int segmentSize)
    {
        _segmentSize = segmentSize;
        Window = Math.Max(Window, segmentSize);
    }

    /// <inheritdoc/>
    public void Acknowledged(in CongestionSample sample)
    {
        if (!sample.IsWindowLimited)
            return;
        if (Window < SlowStartThreshold)
        {
            // RFC 3465 2.2 and 2.3: two segments an acknowledgement, one while recovering from a timeout.
            Grow(Math.Min(sample.Octets, (_afterTimeout ? 1 : 2) * _segmentSize));
            return;
        }

        _afterTimeout = false;
        _acknowledgedInWindow += sample.Octets;
        if (_acknowledgedInWindow >= Window)
        {
            _acknowledgedInWindow -= Window;
            Grow(_segmentSize);
        }
    }

    /// <inheritdoc/>
    public void CongestionEvent(int outstanding, TimeSpan now, CongestionSignal signal)
    {
        _before = (Window, SlowStartThreshold);
        SlowStartThreshold = HalfOf(outstanding);
        Window = SlowStartThreshold;
        _acknowledgedInWindow = 0;
    }

    /// <inheritdoc/>
    public void TimedOut(int outstanding, TimeSpan now, bool first)
    {
        // RFC 5681 3.1: a segment lost again does not halve the threshold again.
        if (first)
        {
            _before = (Window, SlowStartThreshold);
            SlowStartThreshold = HalfOf(outstanding);
        }

        Window = _segmentSize;
        _acknowledgedInWindow = 0;
        _afterTimeout = true;
    }

    /// <inheritdoc/>
    public void Undo()
    {
        (int window, int threshold) = _before;
        Window = Math.Max(Window, window);
        SlowStartThreshold = Math.Max(SlowStartThreshold, threshold);
        _afterTimeout = false;
    }

    /// <inheritdoc/>
    public void RestartAfterIdle(TimeSpan now) => Window = Math.Min(Window, InitialWindow(initialWindowSegments, _segmentSize));

    private int HalfOf(int outstanding) => Math.Max(outstanding / 2, 2 * _segmentSize);

    // Far above any window the peer can offer (RFC 7323: 2^30), so the sum never overflows.
    private void Grow(int octets) => Window = Math.Min(Window + octets, 1 << 30);
}
