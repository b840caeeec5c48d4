// RFC 5961 7 and RFC 1122 3.2.2: answers to what a stranger may send without end are limited per second.
namespace Troupe.Net.Contracts;

/// <summary>So many a second, counted from the first of each second.</summary>
public struct RateLimit(int perSecond)
{
    private TimeSpan _windowEnd;
    private int _left;

    /// <summary>Takes one if there is one left.</summary>
    public bool TryTake(TimeSpan now)
    {
        if (now >= _windowEnd)
        {
            _windowEnd = now + TimeSpan.FromSeconds(1);
            _left = perSecond;
        }

        if (_left == 0)
            return false;
        _left--;
        return true;
    }
}
