// RFC 9438: CUBIC for fast and long-distance networks. Section numbers below are its own.
namespace Troupe.Net.Tcp;

/// <summary>
/// The window is a cubic function of the time since the last congestion event, flat around the size at which that happened, and never
/// below what Reno would have.
/// </summary>
public sealed class Cubic(int initialWindowSegments) : ICongestionControl
{
    // 4.1, 4.6, and the Reno-friendly increase that follows from it (4.3).
    private const double C = 0.4;
    private const double Beta = 0.7;
    private const double RenoIncrease = 3 * (1 - Beta) / (1 + Beta);
    private const double LargestWindow = 1 << 30;

    private static readonly TimeSpan None = TimeSpan.MinValue;

    private HyStart _slowStart;
    private int _segmentSize = 536;

    // The windows of the formulas are in segments.
    private double _window = 1;
    private double _maximum;
    private double _renoWindow;
    private double _windowBefore;
    private double _k;
    private TimeSpan _epoch = None;
    private TimeSpan _lastAcknowledgement;
    private TimeSpan _roundTrip;
    private bool _afterTimeout;
    private (double Window, int Threshold, double Maximum, TimeSpan Epoch, double K) _before;

    /// <inheritdoc/>
    public int Window => (int)Math.Min(_window * _segmentSize, LargestWindow);

    /// <inheritdoc/>
    public int SlowStartThreshold { get; private set; } = int.MaxValue;

    /// <inheritdoc/>
    public void Begin(int segmentSize, bool synLost)
    {
        _segmentSize = segmentSize;
        _window = synLost ? 1 : (double)NewReno.InitialWindow(initialWindowSegments, segmentSize) / segmentSize;
    }

    /// <inheritdoc/>
    public void SetSegmentSize(int segmentSize)
    {
        double ratio = (double)_segmentSize / segmentSize;
        _window = Math.Max(1, _window * ratio);
        _maximum *= ratio;
        _renoWindow *= ratio;
        _windowBefore *= ratio;
        _segmentSize = segmentSize;
    }

    /// <inheritdoc/>
    public void Acknowledged(in CongestionSample sample)
    {
        if (sample.RoundTrip is { } roundTrip)
            _roundTrip = _roundTrip == TimeSpan.Zero ? roundTrip : new(((_roundTrip.Ticks * 7) + roundTrip.Ticks) / 8);
        if (!sample.IsWindowLimited)
        {
            // 5.8: time in which the application sent less does not count.
            if (_epoch != None)
                _epoch += sample.Now - _lastAcknowledgement;
            _lastAcknowledgement = sample.Now;
            return;
        }

        _lastAcknowledgement = sample.Now;
        double segments = (double)sample.Octets / _segmentSize;
        if (Window < SlowStartThreshold)
        {
            if (_slowStart.Acknowledged(sample))
                SlowStartThreshold = Window;
            // RFC 3465 2.3: one segment an acknowledgement while recovering from a timeout.
            _window += _slowStart.Increase(_afterTimeout ? Math.Min(segments, 1) : segments);
        }
        else
        {
            Avoid(sample.Now, segments);
        }
    }

    /// <inheritdoc/>
    public void CongestionEvent(int outstanding, TimeSpan now, CongestionSignal signal)
    {
        Remember();
        Reduce(outstanding);
        _window = (double)SlowStartThreshold / _segmentSize;
    }

    /// <inheritdoc/>
    public void TimedOut(int outstanding, TimeSpan now, bool first)
    {
        if (first)
        {
            Remember();
            Reduce(outstanding);
        }

        // 4.8
        _window = 1;
        _afterTimeout = true;
        _slowStart = default;
    }

    /// <inheritdoc/>
    public void Undo()
    {
        if (_window < _before.Window)
            (_window, SlowStartThreshold, _maximum, _epoch, _k) = _before;
        _afterTimeout = false;
    }

    /// <inheritdoc/>
    public void RestartAfterIdle(TimeSpan now)
    {
        _window = Math.Min(_window, (double)NewReno.InitialWindow(initialWindowSegments, _segmentSize) / _segmentSize);
        _epoch = None;
        _slowStart = default;
    }

    private void Avoid(TimeSpan now, double segments)
    {
        if (_epoch == None)
            BeginEpoch(now);

        // 4.2, figure 1; 4.4 and 4.5 follow from it.
        double elapsed = (now - _epoch).TotalSeconds;
        double target = Math.Clamp(Curve(elapsed + _roundTrip.TotalSeconds), _window, 1.5 * _window);

        // 4.3: once it is back where it was, Reno's increase is a segment a round trip.
        _renoWindow += (_renoWindow >= _windowBefore ? 1 : RenoIncrease) * segments / _window;
        if (Curve(elapsed) < _renoWindow)
            _window = Math.Max(_window, _renoWindow);
        else
            _window += (target - _window) / _window * segments;
    }

    private void BeginEpoch(TimeSpan now)
    {
        _epoch = now;
        if (_afterTimeout || _window >= _maximum)
        {
            // 4.8, and 4.2 for a flow that has grown beyond the old maximum.
            _maximum = _window;
            _k = 0;
        }
        else
        {
            _k = Math.Cbrt((_maximum - _window) / C);
        }

        _afterTimeout = false;
        _renoWindow = _window;
    }

    private double Curve(double seconds)
    {
        double distance = seconds - _k;
        return C * distance * distance * distance + _maximum;
    }

    // 4.6 and 4.7: a flow that is congested below the last maximum makes room for others.
    private void Reduce(int outstanding)
    {
        _maximum = _window < _maximum ? _window * (1 + Beta) / 2 : _window;
        _windowBefore = _window;
        SlowStartThreshold = (int)Math.Max(Math.Min(outstanding, Window) * Beta, 2 * _segmentSize);
        _epoch = None;
    }

    private void Remember() => _before = (_window, SlowStartThreshold, _maximum, _epoch, _k);
}
