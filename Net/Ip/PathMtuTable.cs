// RFC 1191 and RFC 8201: what the paths to destinations take, where that is less than the link.
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>Destinations with a smaller path MTU than their link's; bounded, and each finding is believed for a time only.</summary>
public sealed class PathMtuTable(int capacity, TimeSpan lifetime)
{
    private readonly Dictionary<IpAddress, (int Mtu, TimeSpan Until)> _entries = [];
    private readonly Queue<(IpAddress Destination, TimeSpan Until)> _order = new();

    /// <summary>Destinations in the table.</summary>
    public int Count => _entries.Count;

    /// <summary>What the path to a destination takes, at most the link's.</summary>
    public int Of(IpAddress destination, int linkMtu, TimeSpan now) =>
        _entries.Count > 0 && _entries.TryGetValue(destination, out (int Mtu, TimeSpan Until) entry) && now < entry.Until
            ? Math.Min(entry.Mtu, linkMtu)
            : linkMtu;

    /// <summary>Takes a finding; false when it is no news, since a report never makes a path wider.</summary>
    public bool TryLower(IpAddress destination, int mtu, int linkMtu, TimeSpan now)
    {
        if (mtu >= Of(destination, linkMtu, now))
            return false;
        while (_order.TryPeek(out (IpAddress Destination, TimeSpan Until) oldest) && (oldest.Until <= now || _entries.Count >= capacity))
        {
            _order.Dequeue();
            // One that was found again stands once more in the row.
            if (_entries.TryGetValue(oldest.Destination, out (int Mtu, TimeSpan Until) entry) && entry.Until == oldest.Until)
                _entries.Remove(oldest.Destination);
        }

        TimeSpan until = now + lifetime;
        _entries[destination] = (mtu, until);
        _order.Enqueue((destination, until));
        return true;
    }
}
