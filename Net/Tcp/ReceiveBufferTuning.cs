// Dynamic right-sizing (Fisk and Feng, "Dynamic Right-Sizing in TCP", 2001): the receive buffer follows what the application reads.
namespace Troupe.Net.Tcp;

/// <summary>
/// What an application reads in one round trip is what the peer can send in one. The buffer holds twice that, so that the peer may double its rate, up
/// to a limit; it never shrinks.
/// </summary>
internal struct ReceiveBufferTuning(int maximum)
{
    private TimeSpan _since;
    private int _consumedBefore;
    private bool _measuring;

    /// <summary>The application has read so many octets in all (modulo 2^32); <paramref name="chosen"/> is the size it asked for, zero for none.</summary>
    public void Consumed(ReceiveWindow window, int consumed, TimeSpan? roundTrip, int chosen, TimeSpan now)
    {
        if (chosen > 0)
        {
            window.Resize(Math.Min(chosen, maximum));
            return;
        }

        if (roundTrip is not { } interval)
            return;
        if (_measuring && now - _since < interval)
            return;
        int read = consumed - _consumedBefore;
        if (_measuring && read > window.Buffer / 2)
            window.Resize((int)Math.Min(2L * read, maximum));
        _measuring = true;
        _since = now;
        _consumedBefore = consumed;
    }
}
