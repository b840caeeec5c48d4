// RFC 3376: the groups of IPv4 that a host listens to, and telling routers (and switches) so; RFC 2236 and RFC 1112 where a router only knows those.
using System.Buffers.Binary;
using System.Collections.Immutable;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Ip;

/// <summary>What shall be told of a group.</summary>
/// <param name="Group">Which.</param>
/// <param name="Record">What happened to it.</param>
/// <param name="Version">In the words of which version.</param>
public readonly record struct GroupReport(Ipv4Address Group, MulticastRecord Record, int Version);

/// <summary>
/// Groups, each joined so many times; any source is welcome. All hosts (224.0.0.1) is joined for ever and never reported. What is to be said waits
/// to be taken in the turn that asked.
/// </summary>
public sealed class GroupMembership(InternetConfiguration configuration, LayerCounters counters, IRandomness randomness)
{
    // RFC 3376 8.11 and RFC 2236 8.10: a report of a change is sent twice, the second time within this.
    private static readonly TimeSpan _repeatV3 = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _repeatV2 = TimeSpan.FromSeconds(10);
    // RFC 3376 8.12 with its defaults.
    private static readonly TimeSpan _olderVersionPresent = TimeSpan.FromSeconds(260);

    private readonly Dictionary<Ipv4Address, Membership> _groups = [];
    private readonly Queue<GroupReport> _reports = new();
    private TimeSpan _version1Until = TimeSpan.MinValue;
    private TimeSpan _version2Until = TimeSpan.MinValue;

    /// <summary>Groups joined.</summary>
    public int Count => _groups.Count;

    /// <summary>When <see cref="Expire"/> must be called at the latest; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan NextDeadline { get; private set; } = TimeSpan.MaxValue;

    /// <summary>Whether packets to a group are for this host.</summary>
    public bool IsMember(Ipv4Address group) => group == Ipv4Address.AllHosts || _groups.ContainsKey(group);

    /// <summary>The groups with how often each is joined, as a hot swap hands them on.</summary>
    public ImmutableArray<JoinedGroup> Export() => [.. _groups.Select(static entry => new JoinedGroup(entry.Key, entry.Value.Members))];

    /// <summary>Takes over the groups of a predecessor, which routers know.</summary>
    public void Import(ImmutableArray<JoinedGroup> groups)
    {
        foreach (JoinedGroup joined in groups)
            _groups[joined.Group] = new() { Members = joined.Members };
    }

    /// <summary>Joins a group, once more if it is joined; false when there are too many.</summary>
    public bool TryJoin(Ipv4Address group, TimeSpan now)
    {
        if (_groups.TryGetValue(group, out Membership? joined))
        {
            joined.Members++;
            return true;
        }

        if (!group.IsMulticast || _groups.Count >= configuration.Groups)
        {
            counters.Drop(DropCause.TableFull);
            return false;
        }

        Membership added = new() { Members = 1 };
        _groups.Add(group, added);
        Announce(group, added, now);
        return true;
    }

    /// <summary>Leaves a group, as often as it was joined.</summary>
    public void Leave(Ipv4Address group, TimeSpan now)
    {
        if (!_groups.TryGetValue(group, out Membership? joined) || --joined.Members > 0)
            return;
        _groups.Remove(group);
        Report(group, MulticastRecord.ChangeToInclude, now);
    }

    /// <summary>Says all groups anew: the interface has another address, or is on another link.</summary>
    public void Restate(TimeSpan now)
    {
        foreach ((Ipv4Address group, Membership joined) in _groups)
            Announce(group, joined, now);
    }

    /// <summary>RFC 3376 5.2: answers a router's question, after a while that is drawn.</summary>
    public void Query(in IgmpQuery query, TimeSpan now)
    {
        if (query.Version == 1)
            _version1Until = now + _olderVersionPresent;
        else if (query.Version == 2)
            _version2Until = now + _olderVersionPresent;
        foreach ((Ipv4Address group, Membership joined) in _groups)
        {
            if (query.Group.IsAny || query.Group == group)
                Plan(joined, MulticastRecord.ModeIsExclude, now, query.MaximumDelay);
        }
    }

    /// <summary>RFC 2236 3: somebody else has said that the group is listened to, in words the router reads; that is enough.</summary>
    public void Heard(Ipv4Address group, TimeSpan now)
    {
        if (VersionAt(now) < 3 && _groups.TryGetValue(group, out Membership? joined))
            joined.Due = TimeSpan.MaxValue;
    }

    /// <summary>Says what is due.</summary>
    public void Expire(TimeSpan now)
    {
        if (now < NextDeadline)
            return;
        NextDeadline = TimeSpan.MaxValue;
        foreach ((Ipv4Address group, Membership joined) in _groups)
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

    /// <summary>Takes what is to be told next.</summary>
    public bool TryTake(out GroupReport report) => _reports.TryDequeue(out report);

    private int VersionAt(TimeSpan now) => now < _version1Until ? 1 : now < _version2Until ? 2 : 3;

    private void Announce(Ipv4Address group, Membership joined, TimeSpan now)
    {
        Report(group, MulticastRecord.ChangeToExclude, now);
        Plan(joined, MulticastRecord.ChangeToExclude, now, VersionAt(now) == 3 ? _repeatV3 : _repeatV2);
    }

    private void Plan(Membership joined, MulticastRecord kind, TimeSpan now, TimeSpan within)
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

    private void Report(Ipv4Address group, MulticastRecord kind, TimeSpan now)
    {
        int version = VersionAt(now);
        // RFC 1112 knows no leaving, and nobody reports what all listen to.
        if (group != Ipv4Address.AllHosts && !(version == 1 && kind == MulticastRecord.ChangeToInclude))
            _reports.Enqueue(new(group, kind, version));
    }

    private sealed class Membership
    {
        public int Members { get; set; }

        public TimeSpan Due { get; set; } = TimeSpan.MaxValue;

        public MulticastRecord Next { get; set; }
    }
}
