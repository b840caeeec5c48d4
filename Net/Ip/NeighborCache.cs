// RFC 4861 5.1, 7.2 and 7.3: the neighbours of an interface, resolved, watched, and bounded.
using System.Collections.Immutable;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>
/// Who has which IPv6 address on this link. Advertisements never create entries, so only solicitations aimed at us and packets
/// of our own do; the table is bounded, and a flood of strangers leaves those that are talked to (<see cref="NeighborTable{TKey, TEntry}"/>).
/// </summary>
public sealed class NeighborCache(Ipv6Configuration configuration, LayerCounters counters, Ipv6Output output)
{
    private readonly NeighborTable<Ipv6Address, Entry> _table = new(configuration.Neighbors, configuration.NeighborWaitingBatches, configuration.NeighborWaitingPackets, counters);
    private readonly List<Entry> _due = [];

    /// <summary>Entries of any kind.</summary>
    public int Count => _table.Count;

    /// <summary>RFC 4861 6.3.2, ReachableTime: what a router said, spread at random.</summary>
    public TimeSpan ReachableTime { get; set; } = configuration.ReachableTime;

    /// <summary>RFC 4861 6.3.2, RetransTimer.</summary>
    public TimeSpan RetransmissionTime { get; set; } = configuration.RetransmissionTime;

    /// <summary>When <see cref="Expire"/> must be called at the latest; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan NextDeadline { get; private set; } = TimeSpan.MaxValue;

    /// <summary>What is known of a neighbour, for tests and listings.</summary>
    public NeighborState StateOf(Ipv6Address neighbor) => _table.TryGet(neighbor, out Entry? entry) ? entry.State : NeighborState.None;

    /// <summary>Whether packets to a neighbour may be expected to arrive (RFC 4861 6.3.6).</summary>
    public bool IsProbablyReachable(Ipv6Address neighbor) =>
        _table.TryGet(neighbor, out Entry? entry) && entry.State is not (NeighborState.None or NeighborState.Incomplete);

    /// <summary>Sends packets to a neighbour, at once or when it has answered.</summary>
    /// <param name="packets">Owned from now on.</param>
    /// <param name="neighbor">The next hop.</param>
    /// <param name="source">The own address to ask from; "::" when there is none yet, and then nobody is asked.</param>
    /// <param name="now">The time.</param>
    public void Send(FrameBatch packets, Ipv6Address neighbor, Ipv6Address source, TimeSpan now)
    {
        if (!_table.TryGet(neighbor, out Entry? entry))
        {
            entry = new(neighbor) { Source = source };
            _table.AddQuestion(entry);
            entry.Fire(NeighborTrigger.Wanted);
            _table.Wait(entry, packets);
            Ask(entry, now);
            return;
        }

        if (entry.State == NeighborState.Incomplete)
        {
            _table.Wait(entry, packets);
            return;
        }

        if (entry.State == NeighborState.Reachable && now >= entry.Deadline)
            entry.Fire(NeighborTrigger.Aged);
        if (entry.State == NeighborState.Stale)
        {
            entry.Fire(NeighborTrigger.Used);
            entry.Source = source;
            Wait(entry, now + configuration.DelayFirstProbe);
        }

        _table.Use(entry);
        output.Send(packets, entry.Hardware);
    }

    /// <summary>RFC 4861 7.2.3, 6.2.6 and 6.3.4: somebody who asked for us, or a router, said its link address.</summary>
    public void Learn(Ipv6Address neighbor, MacAddress hardware, bool isRouter, TimeSpan now)
    {
        if (!_table.TryGet(neighbor, out Entry? entry))
        {
            entry = new(neighbor);
            _table.AddStranger(entry);
        }

        entry.IsRouter |= isRouter;
        if (entry.State != NeighborState.None && entry.State != NeighborState.Incomplete && entry.Hardware == hardware)
            return;
        Answered(entry, hardware);
        entry.Fire(NeighborTrigger.Learned);
        SendWaiting(entry);
    }

    /// <summary>RFC 4861 7.2.5. True when a router says that it is one no longer.</summary>
    public bool Advertise(in NeighborAdvertisement advertisement, TimeSpan now)
    {
        // Unasked, so it creates nothing.
        if (!_table.TryGet(advertisement.Target, out Entry? entry))
            return false;

        if (entry.State == NeighborState.Incomplete)
        {
            if (advertisement.TargetHardware is not { } answer)
                return false;
            Answered(entry, answer);
            entry.IsRouter = advertisement.IsRouter;
            Confirm(entry, advertisement.IsSolicited, now);
            SendWaiting(entry);
            return false;
        }

        MacAddress hardware = advertisement.TargetHardware ?? entry.Hardware;
        bool changes = hardware != entry.Hardware;
        if (changes && !advertisement.Overrides)
        {
            if (entry.State == NeighborState.Reachable)
                entry.Fire(NeighborTrigger.Learned);
            return false;
        }

        entry.Hardware = hardware;
        if (advertisement.IsSolicited || changes)
            Confirm(entry, advertisement.IsSolicited, now);
        bool lost = entry.IsRouter && !advertisement.IsRouter;
        entry.IsRouter = advertisement.IsRouter;
        return lost;
    }

    /// <summary>RFC 4861 7.3.1: a transport made progress with what came from there.</summary>
    public void Confirm(Ipv6Address neighbor, TimeSpan now)
    {
        if (_table.TryGet(neighbor, out Entry? entry) && entry.State is not (NeighborState.None or NeighborState.Incomplete))
            Confirm(entry, solicited: true, now);
    }

    /// <summary>Asks again, probes, and gives up; answers with the neighbours given up, valid until the next call.</summary>
    public IReadOnlyList<Ipv6Address> Expire(TimeSpan now)
    {
        _lost.Clear();
        if (now < NextDeadline)
            return _lost;
        _due.Clear();
        NextDeadline = TimeSpan.MaxValue;
        foreach (Entry entry in _table.Entries)
        {
            if (entry.State is not (NeighborState.Incomplete or NeighborState.Delay or NeighborState.Probe))
                continue;
            if (entry.Deadline <= now)
                _due.Add(entry);
            else
                Wait(entry, entry.Deadline);
        }

        foreach (Entry entry in _due)
        {
            if (entry.State == NeighborState.Delay)
                entry.Fire(NeighborTrigger.DelayOver);
            if (entry.Asked < configuration.Solicitations)
            {
                Ask(entry, now);
                continue;
            }

            entry.Fire(NeighborTrigger.GivenUp);
            _lost.Add(entry.Neighbor);
            _table.Remove(entry);
        }

        return _lost;
    }

    /// <summary>The neighbours whose link address is known, as a hot swap hands them on.</summary>
    public ImmutableArray<Ipv6NeighborEntry> Export() => [.. _table.Entries
        .Where(static entry => entry.State is not (NeighborState.None or NeighborState.Incomplete))
        .Select(static entry => new Ipv6NeighborEntry(entry.Neighbor, entry.Hardware, entry.IsRouter))];

    /// <summary>Takes over the neighbours of a predecessor: they are used, and asked about when they are.</summary>
    public void Import(ImmutableArray<Ipv6NeighborEntry> neighbors, TimeSpan now)
    {
        foreach (Ipv6NeighborEntry known in neighbors)
            Learn(known.Address, known.Hardware, known.IsRouter, now);
    }

    /// <summary>Drops what waits for answers; the questions stay open.</summary>
    public void DropWaiting() => _table.DropWaiting();

    /// <summary>Forgets everything; waiting packets are dropped.</summary>
    public void Clear() => _table.Clear();

    private readonly List<Ipv6Address> _lost = [];

    private void Confirm(Entry entry, bool solicited, TimeSpan now)
    {
        entry.Fire(solicited ? NeighborTrigger.Confirmed : NeighborTrigger.Learned);
        entry.Asked = 0;
        if (solicited)
            entry.Deadline = now + ReachableTime;
    }

    // RFC 4861 7.2.2: the question goes to the solicited-node group, a probe to the neighbour itself.
    private void Ask(Entry entry, TimeSpan now)
    {
        entry.Asked++;
        Wait(entry, now + RetransmissionTime);
        bool probe = entry.State == NeighborState.Probe;
        NeighborSolicitation question = new(entry.Neighbor, output.Link.Address);
        Ipv6Address destination = probe ? entry.Neighbor : entry.Neighbor.SolicitedNode;
        if (entry.Source.IsAny || !output.TryBegin(question.Length, out FrameBuffer message))
            return;
        question.Write(message.Data, entry.Source, destination);
        output.Send(message, new(entry.Source, destination, IpProtocol.Icmpv6, 255), probe ? entry.Hardware : destination.MulticastHardware);
    }

    private void Wait(Entry entry, TimeSpan deadline)
    {
        entry.Deadline = deadline;
        if (deadline < NextDeadline)
            NextDeadline = deadline;
    }

    // Whoever was asked for is somebody this host talks to.
    private void Answered(Entry entry, MacAddress hardware)
    {
        if (entry.State == NeighborState.Incomplete)
            _table.Use(entry);
        entry.Hardware = hardware;
    }

    private void SendWaiting(Entry entry)
    {
        while (_table.TryTakeWaiting(entry, out FrameBatch packets))
            output.Send(packets, entry.Hardware);
    }

    private sealed class Entry(Ipv6Address neighbor) : NeighborEntry<Ipv6Address>(neighbor)
    {
        public NeighborState State { get; private set; }

        public MacAddress Hardware { get; set; }

        public Ipv6Address Source { get; set; }

        public bool IsRouter { get; set; }

        // Until when REACHABLE holds, or when the next question is due.
        public TimeSpan Deadline { get; set; }

        public int Asked { get; set; }

        public void Fire(NeighborTrigger trigger)
        {
            State = NeighborStateMachine.Current.Fire(State, trigger);
            if (State is NeighborState.Stale or NeighborState.Delay)
                Asked = 0;
        }
    }
}
