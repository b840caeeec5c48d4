// RFC 7661 4.1, RFC 9438 5.8: a congestion window that is not used says nothing about the path.
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

public sealed partial class TransmissionControlBlock
{
    // The most that was outstanding when sending stopped, in this round trip. Looked at then and not with each acknowledgement: those of a turn come before anything is sent, so
    // that with each of them less is outstanding.
    private int _largestFlight;
    private SequenceNumber _flightEnd;

    // In slow start half of the window will do, since one round trip fills it.
    private bool IsWindowLimited =>
        _largestFlight + SegmentSize > _congestion.Window || (_congestion.Window < _congestion.SlowStartThreshold && _largestFlight * 2L > _congestion.Window);

    // FlightSize of RFC 5681, equation 4, when the congestion happened. By the time that a turn learns of it, its earlier acknowledgements have been taken and nothing was sent behind them yet.
    private int FlightBefore => Math.Max(_send.Outstanding, _largestFlight);

    // Sending has stopped, for whatever reason.
    private void ObserveFlight()
    {
        int flight = _send.Outstanding;
        if (flight <= _largestFlight && _send.Unacknowledged < _flightEnd)
            return;
        _largestFlight = flight;
        _flightEnd = _send.Next;
    }
}
