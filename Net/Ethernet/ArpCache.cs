// RFC 826 and RFC 1122 2.3.2: address resolution with a bounded, ageing cache and a bounded queue.
using System.Collections.Immutable;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ethernet;

/// <summary>
/// Who has which IPv4 address on this link. Only answers to questions of our own, and requests aimed at us, create or
/// change entries, and a flood of strangers leaves those that are talked to (<see cref="NeighborPlaces{TKey}"/>).
/// </summary>
public sealed class ArpCache(EthernetConfiguration configuration, LayerCounters counters)
{
    private readonly Dictionary<Ipv4Address, Entry> _entries = [];
    private readonly NeighborPlaces<Ipv4Address> _places = new(configuration.ArpEntries);
    private readonly List<Ipv4Address> _due = [];
    private int _waiting;

    /// <summary>Entries of any kind.</summary>
    public int Count => _entries.Count;

    /// <summary>Whether a question is open, so that time matters.</summary>
    public bool HasUnresolved => _places.Questions > 0;

    /// <summary>
    /// The neighbour's link address if it is known. <paramref name="ask"/> says whether a request is to be sent, either
    /// because it is not, or because what is known grows old.
    /// </summary>
    public bool TryResolve(Ipv4Address neighbour, TimeSpan now, out MacAddress address, out bool ask)
    {
        ask = false;
        if (_entries.TryGetValue(neighbour, out Entry? entry) && entry.Hardware is { } known)
        {
            address = known;
            _places.Use(entry.Place);
            if (now < entry.FreshUntil)
                return true;
            if (now < entry.FreshUntil + configuration.ArpLifetime)
            {
                // Still used while it is asked about again, at most once a second.
                ask = now >= entry.NextRequest;
                if (ask)
                    entry.NextRequest = now + configuration.ArpRequestInterval;
                return true;
            }

            Remove(neighbour, entry);
        }

        address = default;
        return false;
    }

    /// <summary>Keeps packets until the neighbour answers; answers whether a request is to be sent now.</summary>
    public bool Wait(Ipv4Address neighbour, FrameBatch packets, TimeSpan now)
    {
        if (!_entries.TryGetValue(neighbour, out Entry? entry))
        {
            if (_places.MustGoForQuestion(out Ipv4Address victim))
                Remove(victim, _entries[victim], DropCause.TableFull);
            entry = new(_places.AddQuestion(neighbour)) { NextRequest = now + configuration.ArpRequestInterval, Requests = 1 };
            _entries.Add(neighbour, entry);
            Enqueue(entry, packets);
            return true;
        }

        // RFC 1122 2.3.2.2: keep the latest.
        if (entry.Waiting.Count >= configuration.ArpWaitingBatches)
            DropOldest(entry, DropCause.Overflow);
        Enqueue(entry, packets);
        return false;
    }

    /// <summary>Learns from a packet; answers whether packets wait for this neighbour.</summary>
    public bool Learn(in ArpPacket packet, bool forUs, TimeSpan now)
    {
        if (packet.SenderProtocol.IsAny)
            return false;
        if (!_entries.TryGetValue(packet.SenderProtocol, out Entry? entry))
        {
            // RFC 826: whoever asks for us will be talked to.
            if (!forUs || packet.Operation != ArpOperation.Request)
                return false;
            if (_places.MustGoForStranger(out Ipv4Address victim))
                Remove(victim, _entries[victim], DropCause.TableFull);
            entry = new(_places.AddStranger(packet.SenderProtocol));
            _entries.Add(packet.SenderProtocol, entry);
        }
        else if (entry.Hardware is null)
        {
            _places.Use(entry.Place);
        }

        entry.Hardware = packet.SenderHardware;
        entry.FreshUntil = now + configuration.ArpLifetime;
        entry.Requests = 0;
        return entry.Waiting.Count > 0;
    }

    /// <summary>Takes packets that waited for a neighbour.</summary>
    public bool TryTakeWaiting(Ipv4Address neighbour, out FrameBatch packets)
    {
        packets = default;
        if (!_entries.TryGetValue(neighbour, out Entry? entry) || !entry.Waiting.TryDequeue(out packets))
            return false;
        _waiting -= packets.Count;
        return true;
    }

    /// <summary>Which open questions are to be asked again; gives up on those asked often enough.</summary>
    public IReadOnlyList<Ipv4Address> Tick(TimeSpan now)
    {
        _due.Clear();
        if (!HasUnresolved)
            return _due;
        foreach ((Ipv4Address neighbour, Entry entry) in _entries)
        {
            if (entry.Hardware is not null || now < entry.NextRequest)
                continue;
            if (entry.Requests >= configuration.ArpRequests)
            {
                // Removing while enumerating is allowed for Dictionary.
                Remove(neighbour, entry);
                continue;
            }

            entry.Requests++;
            entry.NextRequest = now + configuration.ArpRequestInterval;
            _due.Add(neighbour);
        }

        return _due;
    }

    /// <summary>The neighbours whose link address is known, as a hot swap hands them on.</summary>
    public ImmutableArray<ArpEntry> Export() => [.. _entries
        .Where(static entry => entry.Value.Hardware is not null)
        .Select(entry => new ArpEntry(entry.Key, entry.Value.Hardware!.Value, entry.Value.FreshUntil, _places.IsUsed(entry.Value.Place)))];

    /// <summary>Takes over the neighbours of a predecessor.</summary>
    public void Import(ImmutableArray<ArpEntry> neighbors)
    {
        foreach (ArpEntry known in neighbors.Take(configuration.ArpEntries))
        {
            Entry entry = new(_places.AddStranger(known.Address)) { Hardware = known.Hardware, FreshUntil = known.FreshUntil };
            if (known.IsUsed)
                _places.Use(entry.Place);
            _entries.Add(known.Address, entry);
        }
    }

    /// <summary>Forgets those whose link address is not known; the packets that wait for them are dropped.</summary>
    public void DropUnresolved()
    {
        foreach ((Ipv4Address neighbour, Entry entry) in _entries)
        {
            if (entry.Hardware is null)
                Remove(neighbour, entry);
        }
    }

    /// <summary>Forgets everything; waiting packets are dropped.</summary>
    public void Clear()
    {
        foreach ((Ipv4Address neighbour, Entry entry) in _entries)
            Remove(neighbour, entry);
    }

    private void Remove(Ipv4Address neighbour, Entry entry, DropCause cause = DropCause.Unresolved)
    {
        _entries.Remove(neighbour);
        _places.Remove(entry.Place);
        while (entry.Waiting.Count > 0)
            DropOldest(entry, cause);
    }

    // What waits holds frames of the device's, which has only so many; those that have waited longest give way, the question stays open.
    private void Enqueue(Entry entry, FrameBatch packets)
    {
        _waiting += packets.Count;
        entry.Waiting.Enqueue(packets);
        _places.Wait(entry.Place, waits: true);
        while (_waiting > configuration.ArpWaitingPackets && _places.TryGetWaitedFor(out Ipv4Address longest))
        {
            Entry other = _entries[longest];
            while (other.Waiting.Count > 0)
                DropOldest(other, DropCause.Overflow);
            _places.Wait(other.Place, waits: false);
        }
    }

    private void DropOldest(Entry entry, DropCause cause)
    {
        FrameBatch oldest = entry.Waiting.Dequeue();
        _waiting -= oldest.Count;
        counters.Drop(cause, oldest.Count);
        oldest.Dispose();
    }

    private sealed class Entry(LinkedListNode<Ipv4Address> place)
    {
        public LinkedListNode<Ipv4Address> Place { get; } = place;

        public MacAddress? Hardware { get; set; }

        public TimeSpan FreshUntil { get; set; }

        public TimeSpan NextRequest { get; set; }

        public int Requests { get; set; }

        public Queue<FrameBatch> Waiting { get; } = new(1);
    }
}
