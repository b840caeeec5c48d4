// RFC 6937: proportional rate reduction, how much may be sent while a loss is recovered from.
namespace Troupe.Net.Tcp;

/// <summary>
/// Spreads the reduction from the window before a loss to the slow start threshold over one round trip: for each octet delivered, a share of one is
/// sent. Once the path holds less than the threshold, it slow-starts back up to it.
/// </summary>
internal struct ProportionalRateReduction
{
    private int _atStart;
    private long _delivered;
    private long _sent;

    /// <summary>What may be in flight until the next acknowledgement.</summary>
    public int Window { get; private set; }

    /// <summary>A recovery begins with so many octets outstanding.</summary>
    public void Begin(int outstanding)
    {
        _atStart = Math.Max(1, outstanding);
        _delivered = 0;
        _sent = 0;
    }

    /// <summary>Octets were delivered, in order or not; sets <see cref="Window"/>.</summary>
    public void Delivered(int octets, int inFlight, int threshold, int segmentSize)
    {
        _delivered += octets;
        long allowed;
        if (inFlight > threshold)
        {
            allowed = (_delivered * threshold + _atStart - 1) / _atStart - _sent;
        }
        else
        {
            // Section 3, the slow start reduction bound.
            long limit = Math.Max(_delivered - _sent, octets) + segmentSize;
            allowed = Math.Min(threshold - inFlight, limit);
        }

        // The first retransmission leaves in any case.
        if (_sent == 0)
            allowed = Math.Max(allowed, segmentSize);
        Window = inFlight + (int)Math.Max(0, allowed);
    }

    /// <summary>Octets were sent, new or again.</summary>
    public void Sent(int octets) => _sent += octets;
}
