// RFC 1191: path MTU discovery by ICMP; RFC 4821 and 8899 5: by what does not arrive, where no ICMP comes.
namespace Troupe.Net.Tcp;

/// <summary>How large a segment the path takes: octets of data and options, the fixed headers excluded.</summary>
internal sealed class PathSegmentSize(TimeSpan raiseAfter)
{
    // RFC 8899 5.1.2: its BASE_PLPMTU of 1200 and something for headers, then what every IPv4 host takes (RFC 9293 3.7.1).
    private static ReadOnlySpan<int> Fallbacks => [1220, 536];

    // Timeouts of one segment after which its size is suspected; later for a size that got through before, since then a loss is likelier.
    private const int Suspicious = 2;
    private const int SuspiciousThoughProven = 5;

    // RFC 1191 6.3 and RFC 8899 5.1.1: when to try the larger size again.
    private TimeSpan _raiseAt = TimeSpan.MaxValue;
    private int _largest = 536;
    private int _proven;

    /// <summary>The size now.</summary>
    public int SegmentSize { get; private set; } = 536;

    /// <summary>What the ends allow.</summary>
    public void Begin(int octets) => SegmentSize = _largest = octets;

    /// <summary>A router says that no more than this gets through; false if that is no news.</summary>
    public bool Limit(int octets, TimeSpan now)
    {
        if (octets >= SegmentSize)
            return false;
        SegmentSize = octets;
        _proven = Math.Min(_proven, octets);
        _raiseAt = now + raiseAfter;
        return true;
    }

    /// <summary>A segment of some size got through.</summary>
    public void Delivered(int octets) => _proven = Math.Max(_proven, octets);

    /// <summary>A segment of some size timed out again; true if a smaller one should be tried.</summary>
    public bool TimedOut(int expiries, int octets, TimeSpan now)
    {
        if (expiries < (octets <= _proven ? SuspiciousThoughProven : Suspicious))
            return false;
        foreach (int size in Fallbacks)
        {
            if (size < octets && size < SegmentSize)
                return Limit(size, now);
        }

        return false;
    }

    /// <summary>Whether it is time to try the largest size again; it is the size from now on.</summary>
    public bool TryRaise(TimeSpan now)
    {
        if (now < _raiseAt)
            return false;
        _raiseAt = TimeSpan.MaxValue;
        SegmentSize = _largest;
        _proven = 0;
        return true;
    }
}
