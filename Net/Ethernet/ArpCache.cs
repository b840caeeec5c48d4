// RFC 826 and RFC 1122 2.3.2: address resolution with a bounded, ageing cache and a bounded queue.
using System.Collections.Immutable;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ethernet;

/// <summary>
/// Who has which IPv4 address on this link. Only answers to questions of our own, and requests aimed at us, create or
/// change entries, and a flood of strangers leaves those that are talked to (<see cref="NeighborTable{TKey, TEntry}"/>).
/// </summary>
public sealed class ArpCache(EthernetConfiguration configuration, LayerCounters counters)
{
    private readonly NeighborTable<Ipv4Address, Entry> _table = new(configuration.ArpEntries, configuration.ArpWaitingBatches, configuration.ArpWaitingPackets, counters);
    private readonly List<Ipv4Address> _due = [];

    /// <summary>Entries of any kind.</summary>
    public int Count => _table.Count;

    /// <summary>Whether a question is open, so that time matters.</summary>
    public bool HasUnresolved => _table.Questions > 0;

    /// <summary>
    /// The neighbour's link address if it is known. <paramref name="ask"/> says whether a request is to be sent, either
    /// because it is not, or because what is known grows old.
    /// </summary>
    public bool TryResolve(Ipv4Address neighbour, TimeSpan now, out MacAddress address, out bool ask)
    {
        ask = false;
        if (_table.TryGet(neighbour, out Entry? entry) && entry.Hardware is { } known)
        {
            address = known;
            _table.Use(entry);
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

            _table.Remove(entry);
        }

        address = default;
        return false;
    }

    /// <summary>Keeps packets until the neighbour answers; answers whether a request is to be sent now.</summary>
    public bool Wait(Ipv4Address neighbour, FrameBatch packets, TimeSpan now)
    {
        if (!_table.TryGet(neighbour, out Entry? entry))
        {
            entry = new(neighbour) { NextRequest = now + configuration.ArpRequestInterval, Requests = 1 };
            _table.AddQuestion(entry);
            _table.Wait(entry, packets);
            return true;
        }

        _table.Wait(entry, packets);
        return false;
    }

    /// <summary>Learns from a packet; answers whether packets wait for this neighbour.</summary>
    public bool Learn(in ArpPacket packet, bool forUs, TimeSpan now)
    {
        if (packet.SenderProtocol.IsAny)
            return false;
        if (!_table.TryGet(packet.SenderProtocol, out Entry? entry))
        {
            // RFC 826: whoever asks for us will be talked to.
            if (!forUs || packet.Operation != ArpOperation.Request)
                return false;
            entry = new(packet.SenderProtocol);
            _table.AddStranger(entry);
        }
        else if (entry.Hardware is null)
        {
            _table.Use(entry);
        }

        entry.Hardware = packet.SenderHardware;
        entry.FreshUntil = now + configuration.ArpLifetime;
        entry.Requests = 0;
        return entry.IsWaitedFor;
    }

    /// <summary>Takes packets that waited for a neighbour.</summary>
    public bool TryTakeWaiting(Ipv4Address neighbour, out FrameBatch packets)
    {
        packets = default;
        return _table.TryGet(neighbour, out Entry? entry) && _table.TryTakeWaiting(entry, out packets);
    }

    /// <summary>Which open questions are to be asked again; gives up on those asked often enough.</summary>
    public IReadOnlyList<Ipv4Address> Tick(TimeSpan now)
    {
        _due.Clear();
        if (!HasUnresolved)
            return _due;
        foreach (Entry entry in _table.Entries)
        {
            if (entry.Hardware is not null || now < entry.NextRequest)
                continue;
            if (entry.Requests >= configuration.ArpRequests)
            {
                _table.Remove(entry);
                continue;
            }

            entry.Requests++;
            entry.NextRequest = now + configuration.ArpRequestInterval;
            _due.Add(entry.Neighbor);
        }

        return _due;
    }

    /// <summary>The neighbours whose link address is known, as a hot swap hands them on.</summary>
    public ImmutableArray<ArpEntry> Export() => [.. _table.Entries
        .Where(static entry => entry.Hardware is not null)
        .Select(entry => new ArpEntry(entry.Neighbor, entry.Hardware!.Value, entry.FreshUntil, _table.IsUsed(entry)))];

    /// <summary>Takes over the neighbours of a predecessor.</summary>
    public void Import(ImmutableArray<ArpEntry> neighbors)
    {
        foreach (ArpEntry known in neighbors.Take(configuration.ArpEntries))
        {
            Entry entry = new(known.Address) { Hardware = known.Hardware, FreshUntil = known.FreshUntil };
            _table.AddStranger(entry);
            if (known.IsUsed)
                _table.Use(entry);
        }
    }

    /// <summary>Forgets those whose link address is not known; the packets that wait for them are dropped.</summary>
    public void DropUnresolved()
    {
        foreach (Entry entry in _table.Entries)
        {
            if (entry.Hardware is null)
                _table.Remove(entry);
        }
    }

    /// <summary>Forgets everything; waiting packets are dropped.</summary>
    public void Clear() => _table.Clear();

    private sealed class Entry(Ipv4Address neighbor) : NeighborEntry<Ipv4Address>(neighbor)
    {
        public MacAddress? Hardware { get; set; }

        public TimeSpan FreshUntil { get; set; }

        public TimeSpan NextRequest { get; set; }

        public int Requests { get; set; }
    }
}
