// RFC 791 3.2, RFC 815 and RFC 8200 4.5: putting datagrams together from fragments; RFC 5722: overlaps make a datagram bad, for IPv4 too
// (RFC 1858 and RFC 3128 show why).
using System.Diagnostics.CodeAnalysis;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>What the fragments of one datagram share; the protocol is 0 for IPv6, whose identification is for all of them.</summary>
public readonly record struct DatagramKey(IpAddress Source, IpAddress Destination, uint Identification, byte Protocol);

/// <summary>
/// Datagrams that are not whole yet: so many, each for so long and of so many fragments. The oldest gives way, of a source that has a quarter
/// of the table its own oldest. One with an overlap stays as a mark until its time is over, so that what still comes of it is dropped.
/// </summary>
public sealed class Reassembler(InternetConfiguration configuration, FramePool buffers, LayerCounters counters)
{
    private readonly List<Entry> _entries = [];

    /// <summary>Datagrams that are not whole yet, marks included.</summary>
    public int Count => _entries.Count;

    /// <summary>When <see cref="TryExpire"/> has something to do; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan NextDeadline => _entries.Count == 0 ? TimeSpan.MaxValue : _entries[0].Until;

    /// <summary>Room for a datagram's payload in a buffer.</summary>
    public static FramePool CreateBuffers(InternetConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return FramePool.Create(new FramePoolOptions
        {
            FrameCount = configuration.Reassemblies,
            FrameSize = FramePoolOptions.DefaultHeadroom + ushort.MaxValue + 1,
        });
    }

    // The length field counts the header in IPv4, and does not in IPv6.
    private static int LargestPayload(in DatagramKey key) => key.Source.IsIpv4 ? ushort.MaxValue - Ipv4Header.Length : ushort.MaxValue;

    /// <summary>Takes a copy of a fragment; true when the datagram is whole: its payload, without header, then belongs to the caller.</summary>
    /// <param name="key">Which datagram's.</param>
    /// <param name="protocol">What the datagram's payload is; the first fragment's counts.</param>
    /// <param name="offset">Octets before it.</param>
    /// <param name="more">Whether more follow.</param>
    /// <param name="payload">Its octets.</param>
    /// <param name="now">The time.</param>
    /// <param name="datagram">The payload.</param>
    /// <param name="wholeProtocol">What it is.</param>
    public bool TryAdd(
        in DatagramKey key, byte protocol, int offset, bool more, ReadOnlySpan<byte> payload, TimeSpan now, out FrameBuffer datagram, out byte wholeProtocol)
    {
        datagram = default;
        wholeProtocol = 0;
        int end = offset + payload.Length;
        // An empty fragment, a cut that is not at a multiple of eight, one that reaches beyond the largest datagram ("ping of death").
        if (payload.Length == 0 || (more && payload.Length % 8 != 0) || end > LargestPayload(key))
        {
            counters.Drop(DropCause.Malformed);
            return false;
        }

        if (Find(key, now) is not { } entry)
            return false;
        if (entry.Buffer.IsNone)
        {
            counters.Drop(DropCause.Overlap);
            return false;
        }

        switch (entry.Place(offset, end, more, configuration.FragmentsPerDatagram))
        {
            case Placing.Duplicate:
                counters.Drop(DropCause.Duplicate);
                return false;
            case Placing.Refused:
                counters.Drop(DropCause.Overlap);
                entry.Buffer.Dispose();
                entry.Buffer = default;
                return false;
        }

        counters.CountFragment();
        payload.CopyTo(entry.Buffer.Data[offset..]);
        if (offset == 0)
            entry.Protocol = protocol;
        if (entry.Received != entry.Total)
            return false;

        counters.CountReassembled();
        _entries.Remove(entry);
        datagram = entry.Buffer;
        datagram.SetLength(entry.Total);
        wholeProtocol = entry.Protocol;
        return true;
    }

    /// <summary>
    /// Gives up one datagram whose time is over; false when there is none. With its first fragment comes what is needed to tell the sender,
    /// which then belongs to the caller.
    /// </summary>
    public bool TryExpire(TimeSpan now, out DatagramKey key, out byte protocol, out FrameBuffer first)
    {
        (key, protocol, first) = (default, 0, default);
        if (_entries.Count == 0 || now < _entries[0].Until)
            return false;
        Entry entry = _entries[0];
        _entries.RemoveAt(0);
        (key, protocol) = (entry.Key, entry.Protocol);
        if (entry.Buffer.IsNone)
            return true;
        counters.Drop(DropCause.Timeout);
        if (entry.FirstLength > 0)
        {
            first = entry.Buffer;
            first.SetLength(entry.FirstLength);
        }
        else
        {
            entry.Buffer.Dispose();
        }

        return true;
    }

    /// <summary>Gives all buffers back.</summary>
    public void Clear()
    {
        foreach (Entry entry in _entries)
            entry.Buffer.Dispose();
        _entries.Clear();
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The entry owns it.")]
    private Entry? Find(in DatagramKey key, TimeSpan now)
    {
        int ofSource = 0;
        Entry? oldestOfSource = null;
        foreach (Entry known in _entries)
        {
            if (known.Key == key)
                return known;
            if (known.Key.Source != key.Source)
                continue;
            ofSource++;
            oldestOfSource ??= known;
        }

        if (oldestOfSource is not null && ofSource >= Math.Max(1, configuration.Reassemblies / 4))
            Evict(oldestOfSource);
        else if (_entries.Count >= configuration.Reassemblies)
            Evict(_entries[0]);
        FrameBuffer buffer;
        while (!buffers.TryRent(out buffer))
        {
            // The other version, or whoever reads datagrams above, has them.
            if (_entries.Find(static entry => !entry.Buffer.IsNone) is not { } oldest)
            {
                counters.Drop(DropCause.NoBuffer);
                return null;
            }

            Evict(oldest);
        }

        buffer.SetLength(buffer.Tailroom);
        Entry added = new(key, buffer, now + configuration.ReassemblyTimeout);
        _entries.Add(added);
        return added;
    }

    private void Evict(Entry entry)
    {
        counters.Drop(DropCause.TableFull);
        entry.Buffer.Dispose();
        _entries.Remove(entry);
    }

    private enum Placing
    {
        Placed,
        Duplicate,
        Refused,
    }

    private sealed class Entry(DatagramKey key, FrameBuffer buffer, TimeSpan until)
    {
        // Disjoint, in order.
        private readonly List<(int Start, int End)> _ranges = [];

        public DatagramKey Key { get; } = key;

        public FrameBuffer Buffer { get; set; } = buffer;

        public TimeSpan Until { get; } = until;

        public byte Protocol { get; set; }

        public int Total { get; private set; } = -1;

        public int Received { get; private set; }

        public int FirstLength => _ranges.Count > 0 && _ranges[0].Start == 0 ? _ranges[0].End : 0;

        public Placing Place(int start, int end, bool more, int maximum)
        {
            int at = 0;
            while (at < _ranges.Count && _ranges[at].Start < start)
                at++;
            if (at < _ranges.Count && _ranges[at] == (start, end))
                return more || end == Total ? Placing.Duplicate : Placing.Refused;
            bool overlaps = (at > 0 && _ranges[at - 1].End > start) || (at < _ranges.Count && _ranges[at].Start < end);
            bool beyond = Total >= 0 && (end > Total || !more);
            bool shortens = !more && _ranges.Count > 0 && _ranges[^1].End > end;
            if (overlaps || beyond || shortens || _ranges.Count >= maximum)
                return Placing.Refused;
            _ranges.Insert(at, (start, end));
            Received += end - start;
            if (!more)
                Total = end;
            return Placing.Placed;
        }
    }
}
