// RFC 826 and RFC 1122 2.3.2: address resolution with a bounded, ageing cache and a bounded queue.
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ethernet;

/// <summary>
/// Who has which IPv4 address on this link. Only answers to questions of our own, and requests aimed at us, create or
/// change entries, so a stranger cannot fill the table.
/// </summary>
public sealed class ArpCache(EthernetConfiguration configuration, LayerCounters counters)
{
    private readonly Dictionary<Ipv4Address, Entry> _entries = [];
    private readonly List<Ipv4Address> _due = [];
    private int _unresolved;

    /// <summary>Entries of any kind.</summary>
    public int Count => _entries.Count;

    /// <summary>Whether a question is open, so that time matters.</summary>
    public bool HasUnresolved => _unresolved > 0;

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
            if (_entries.Count >= configuration.ArpEntries && !TryEvict())
            {
                counters.Drop(DropCause.TableFull, packets.Count);
                packets.Dispose();
                return false;
            }

            entry = new() { NextRequest = now + configuration.ArpRequestInterval, Requests = 1 };
            _entries.Add(neighbour, entry);
            _unresolved++;
            entry.Waiting.Enqueue(packets);
            return true;
        }

        // RFC 1122 2.3.2.2: keep the latest.
        if (entry.Waiting.Count >= configuration.ArpWaitingBatches)
        {
            FrameBatch oldest = entry.Waiting.Dequeue();
            counters.Drop(DropCause.Overflow, oldest.Count);
            oldest.Dispose();
        }

        entry.Waiting.Enqueue(packets);
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
            if (!forUs || packet.Operation != ArpOperation.Request || (_entries.Count >= configuration.ArpEntries && !TryEvict() && !TryEvictUnresolved()))
                return false;
            entry = new();
            _entries.Add(packet.SenderProtocol, entry);
        }
        else if (entry.Hardware is null)
        {
            _unresolved--;
        }

        entry.Hardware = packet.SenderHardware;
        entry.FreshUntil = now + configuration.ArpLifetime;
        entry.Requests = 0;
        return entry.Waiting.Count > 0;
    }

    /// <summary>Takes packets that waited for a neighbour.</summary>
    public bool TryTakeWaiting(Ipv4Address neighbour, out FrameBatch packets)
    {
        if (_entries.TryGetValue(neighbour, out Entry? entry))
            return entry.Waiting.TryDequeue(out packets);
        packets = default;
        return false;
    }

    /// <summary>Which open questions are to be asked again; gives up on those asked often enough.</summary>
    public IReadOnlyList<Ipv4Address> Tick(TimeSpan now)
    {
        _due.Clear();
        if (_unresolved == 0)
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

    /// <summary>Forgets everything; waiting packets are dropped.</summary>
    public void Clear()
    {
        foreach ((Ipv4Address neighbour, Entry entry) in _entries)
            Remove(neighbour, entry);
    }

    private bool TryEvict()
    {
        Ipv4Address? oldest = null;
        TimeSpan age = TimeSpan.MaxValue;
        foreach ((Ipv4Address neighbour, Entry entry) in _entries)
        {
            if (entry.Hardware is not null && entry.FreshUntil < age)
            {
                oldest = neighbour;
                age = entry.FreshUntil;
            }
        }

        // A fresh entry is not given up for a stranger's sake unless all are: then the one learned first.
        if (oldest is not { } victim)
            return false;
        Remove(victim, _entries[victim]);
        return true;
    }

    // Somebody who is there is worth more than somebody who was asked for and did not answer yet.
    private bool TryEvictUnresolved()
    {
        foreach ((Ipv4Address neighbour, Entry entry) in _entries)
        {
            if (entry.Hardware is not null)
                continue;
            Remove(neighbour, entry);
            return true;
        }

        return false;
    }

    private void Remove(Ipv4Address neighbour, Entry entry)
    {
        _entries.Remove(neighbour);
        if (entry.Hardware is null)
            _unresolved--;
        while (entry.Waiting.TryDequeue(out FrameBatch packets))
        {
            counters.Drop(DropCause.Unresolved, packets.Count);
            packets.Dispose();
        }
    }

    private sealed class Entry
    {
        public MacAddress? Hardware { get; set; }

        public TimeSpan FreshUntil { get; set; }

        public TimeSpan NextRequest { get; set; }

        public int Requests { get; set; }

        public Queue<FrameBatch> Waiting { get; } = new(1);
    }
}
