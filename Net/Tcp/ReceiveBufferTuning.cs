// Dynamic right-sizing (Fisk and Feng, "Dynamic Right-Sizing in TCP", 2001): the receive buffer follows what the application reads.
namespace Troupe.Net.Tcp;

/// <summary>
/// What an application reads in one round trip is what the peer can send in one. The buffer holds twice that, so that the peer may double its rate; while that grows, as
/// much more as it will have grown when the window now announced has been used, so that a peer in slow start never waits for it. It does not grow beyond a limit, and never
/// shrinks.
/// </summary>
internal struct ReceiveBufferTuning(int maximum)
{
    // A part of each new one, as RFC 6298 2.3 smooths.
    private const int Smoothing = 8;

    private TimeSpan? _roundTrip;
    private uint _echo;
    private TimeSpan _since;
    private int _consumedBefore;
    private int _readBefore;
    private bool _measuring;

    /// <summary>
    /// A full segment came, with an echo of ours: the round trip of the peer's data, with all the queues it fills. What we send ourselves may be too little to measure it by, and
    /// the handshake found the path empty.
    /// </summary>
    public void Measured(uint echo, TimeSpan roundTrip)
    {
        if (echo == _echo)
            return;
        _echo = echo;
        _roundTrip = _roundTrip is { } smoothed ? smoothed + (roundTrip - smoothed) / Smoothing : roundTrip;
    }

    /// <summary>The application has read so many octets in all (modulo 2^32); <paramref name="chosen"/> is the size it asked for, zero for none.</summary>
    public void Consumed(ReceiveWindow window, int consumed, TimeSpan? roundTrip, int chosen, TimeSpan now)
    {
        if (chosen > 0)
        {
            window.Resize(Math.Min(chosen, maximum));
            return;
        }

        if ((_roundTrip > roundTrip ? _roundTrip : roundTrip) is not { } interval)
            return;
        if (_measuring && now - _since < interval)
            return;
        int read = consumed - _consumedBefore;
        if (_measuring)
        {
            double growth = _readBefore > 0 ? Math.Clamp((double)read / _readBefore, 1, 2) : 1;
            int wanted = (int)Math.Min(2 * read * growth * growth, maximum);
            if (wanted > window.Buffer)
                window.Resize(wanted);
        }

        _readBefore = read;
        _measuring = true;
        _since = now;
        _consumedBefore = consumed;
    }
}
