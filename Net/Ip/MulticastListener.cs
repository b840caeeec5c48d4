// RFC 3810: the groups a host listens to, and telling routers (and switches) so; RFC 2710 where a router only knows that; RFC 3590: before there is an address.
using System.Buffers.Binary;
using System.Collections.Immutable;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>Groups, each joined so many times; any source is welcome. All nodes (ff02::1) is joined for ever and never reported.</summary>
public sealed class MulticastListener(Ipv6Configuration configuration, LayerCounters counters, Ipv6Output output, IRandomness randomness)
{
    // RFC 3810 9.1 and 9.11: a report of a change is sent twice, the second time within a second.
    private static readonly TimeSpan UnsolicitedReportInterval = TimeSpan.FromSeconds(1);
    // RFC 3810 9.12 with its defaults.
    private static readonly TimeSpan Version1Present = TimeSpan.FromSeconds(260);

    private readonly Dictionary<Ipv6Address, Group> _groups = [];
    private TimeSpan _version1Until = TimeSpan.MinValue;

    /// <summary>The own link-local address once it is known to be ours; "::" before.</summary>
    public Ipv6Address Source { get; set; }

    /// <summary>Groups joined.</summary>
    public int Count => _groups.Count;

    /// <summary>When <see cref="Expire"/> must be called at the latest; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan NextDeadline { get; private set; } = TimeSpan.MaxValue;

    /// <summary>Whether packets to a group are for this host.</summary>
    public bool IsMember(Ipv6Address group) => group == Ipv6Address.AllNodes || group.MulticastScope == 1 || _groups.ContainsKey(group);

    /// <summary>Until when a router is about that knows the first version only.</summary>
    public TimeSpan FirstVersionUntil { get => _version1Until; set => _version1Until = value; }

    /// <summary>The groups with how often each is joined, as a hot swap hands them on.</summary>
    public ImmutableArray<Ipv6GroupEntry> Export() => [.. _groups.Select(static entry => new Ipv6GroupEntry(entry.Key, entry.Value.Members))];

    /// <summary>Takes over the groups of a predecessor, which routers know.</summary>
    public void Import(ImmutableArray<Ipv6GroupEntry> groups)
    {
        foreach (Ipv6GroupEntry joined in groups)
            _groups[joined.Group] = new() { Members = joined.Members };
    }

    /// <summary>Joins a group, once more if it is joined; false when there are too many.</summary>
    public bool TryJoin(Ipv6Address group, TimeSpan now)
    {
        if (_groups.TryGetValue(group, out Group? joined))
        {
            joined.Members++;
            return true;
        }

        if (!group.IsMulticast || _groups.Count >= configuration.Groups)
        {
            counters.Drop(DropCause.TableFull);
            return false;
        }

        Group added = new() { Members = 1 };
        _groups.Add(group, added);
        Report(group, MulticastRecord.ChangeToExclude, now);
        Plan(added, MulticastRecord.ChangeToExclude, now, UnsolicitedReportInterval);
        return true;
    }

    /// <summary>Leaves a group, as often as it was joined.</summary>
    public void Leave(Ipv6Address group, TimeSpan now)
    {
        if (!_groups.TryGetValue(group, out Group? joined) || --joined.Members > 0)
            return;
        _groups.Remove(group);
        Report(group, MulticastRecord.ChangeToInclude, now);
    }

    /// <summary>RFC 3810 6.2: answers a router's question, after a while that is drawn.</summary>
    public void Query(in MulticastListenerQuery query, TimeSpan now)
    {
        if (query.IsVersion1)
            _version1Until = now + Version1Present;
        foreach ((Ipv6Address group, Group joined) in _groups)
        {
            if (query.Group.IsAny || query.Group == group)
                Plan(joined, MulticastRecord.ModeIsExclude, now, query.MaximumDelay);
        }
    }

    /// <summary>Sends what is due.</summary>
    public void Expire(TimeSpan now)
    {
        if (now < NextDeadline)
            return;
        NextDeadline = TimeSpan.MaxValue;
        foreach ((Ipv6Address group, Group joined) in _groups)
        {
            if (joined.Due <= now)
            {
                joined.Due = TimeSpan.MaxValue;
                Report(group, joined.Next, now);
            }
            else if (joined.Due < NextDeadline)
            {
                NextDeadline = joined.Due;
            }
        }
    }

    private void Plan(Group joined, MulticastRecord kind, TimeSpan now, TimeSpan within)
    {
        Span<byte> drawn = stackalloc byte[4];
        randomness.Fill(drawn);
        TimeSpan due = now + within * (BinaryPrimitives.ReadUInt32LittleEndian(drawn) / (double)uint.MaxValue);
        // One that is planned sooner answers this one too.
        if (joined.Due <= due)
            return;
        joined.Due = due;
        joined.Next = kind;
        if (due < NextDeadline)
            NextDeadline = due;
    }

    private void Report(Ipv6Address group, MulticastRecord kind, TimeSpan now)
    {
        // RFC 3810 6: nothing beyond this interface, and nothing of what all listen to.
        if (group == Ipv6Address.AllNodes || group.MulticastScope < 2)
            return;
        bool version1 = now < _version1Until;
        bool done = kind == MulticastRecord.ChangeToInclude;
        Ipv6Address destination = !version1 ? Ipv6Address.AllMulticastRouters : done ? Ipv6Address.AllRouters : group;
        if (!output.TryBegin(version1 ? 24 : MulticastListenerReport.LengthOf(1), out FrameBuffer message))
            return;
        if (version1)
            MulticastListenerReport.WriteVersion1(message.Data, group, done, Source, destination);
        else
            MulticastListenerReport.Write(message.Data, kind, [group], Source);
        MulticastListenerReport.RouterAlert.CopyTo(message.Prepend(MulticastListenerReport.RouterAlert.Length));
        output.Send(message, new(Source, destination, (IpProtocol)Ipv6Extensions.HopByHop, 1), destination.MulticastHardware);
    }

    private sealed class Group
    {
        public int Members { get; set; }

        public TimeSpan Due { get; set; } = TimeSpan.MaxValue;

        public MulticastRecord Next { get; set; }
    }
}
