// RFC 9293 3.6.1 and 3.10.7.4 for TIME-WAIT: answering old segments of closed connections; RFC 6191 lets a new SYN in early.
using System.Collections.Immutable;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>What to do with a segment of a connection in TIME-WAIT.</summary>
public enum TimeWaitAnswer
{
    /// <summary>Nothing.</summary>
    Ignore,

    /// <summary>Acknowledge what the connection last expected.</summary>
    Acknowledge,

    /// <summary>Forget the connection: the segment opens a new one.</summary>
    Reopen,
}

/// <summary>Connections in TIME-WAIT, by key and in the order of their ends; when full, the oldest gives way.</summary>
public sealed class TimeWaitTable(int capacity, TimeSpan duration)
{
    private static readonly TimeSpan _reuseAfter = TimeSpan.FromSeconds(1);

    private readonly Dictionary<TcpConnectionKey, Entry> _entries = [];
    private readonly Queue<(TcpConnectionKey Key, TimeSpan Until)> _order = new();

    /// <summary>Entries.</summary>
    public int Count => _entries.Count;

    /// <summary>Places taken, those of reopened connections included.</summary>
    internal int Remembered => _order.Count;

    /// <summary>When the next entry may end; <see cref="TimeSpan.MaxValue"/> for none.</summary>
    public TimeSpan NextDeadline => _order.TryPeek(out (TcpConnectionKey, TimeSpan Until) first) ? first.Until : TimeSpan.MaxValue;

    /// <summary>Takes a connection over.</summary>
    public void Add(in TcpConnectionKey key, in TcpTimeWait state, TimeSpan now)
    {
        // The order has entries of connections that were reopened, too; both are bounded.
        while ((_entries.Count >= capacity || _order.Count >= 2 * capacity) && _order.TryDequeue(out (TcpConnectionKey Key, TimeSpan Until) oldest))
            _entries.Remove(oldest.Key);
        TimeSpan until = now + duration;
        _entries[key] = new(state, until);
        _order.Enqueue((key, until));
    }

    /// <summary>All entries, the first to end first.</summary>
    public ImmutableArray<TcpTimeWaitEntry> Export() =>
        [.. _entries.Select(static entry => new TcpTimeWaitEntry(entry.Key, entry.Value.State, entry.Value.Until)).OrderBy(static entry => entry.Until)];

    /// <summary>Takes over what another table exported; this one is empty.</summary>
    public void Import(ImmutableArray<TcpTimeWaitEntry> entries)
    {
        foreach (TcpTimeWaitEntry entry in entries)
        {
            _entries.Add(entry.Key, new(entry.State, entry.Until));
            _order.Enqueue((entry.Key, entry.Until));
        }
    }

    /// <summary>Whether a connection is in TIME-WAIT.</summary>
    public bool Contains(in TcpConnectionKey key) => _entries.ContainsKey(key);

    /// <summary>What a segment of a connection in TIME-WAIT calls for.</summary>
    public TimeWaitAnswer Judge(in TcpConnectionKey key, in TcpHeader header, TimeSpan now, out TcpTimeWait state)
    {
        Entry entry = _entries[key];
        state = entry.State;
        if (header.Has(TcpFlags.Rst))
        {
            // RFC 1337: a reset must not end the wait early.
            return TimeWaitAnswer.Ignore;
        }

        if (header.Has(TcpFlags.Syn) && !header.Has(TcpFlags.Ack) && MayReopen(state, header))
            return TimeWaitAnswer.Reopen;

        // A FIN sent again starts the wait anew; its place in the order stays, and is looked at again when it comes up.
        if (header.Has(TcpFlags.Fin))
            _entries[key] = entry with { Until = now + duration };
        return TimeWaitAnswer.Acknowledge;
    }

    /// <summary>Forgets a connection; false if there was none.</summary>
    public bool Remove(in TcpConnectionKey key, out TcpTimeWait state)
    {
        bool found = _entries.Remove(key, out Entry entry);
        state = entry.State;
        return found;
    }

    /// <summary>RFC 6191 2: whether a new connection of our own would be told apart by its timestamps, whose clock must have ticked since.</summary>
    public bool IsReusable(in TcpConnectionKey key, TimeSpan now) =>
        _entries.TryGetValue(key, out Entry entry) && entry.State.RecentTimestamp is not null && now - (entry.Until - duration) > _reuseAfter;

    /// <summary>Forgets what has waited long enough.</summary>
    public void Expire(TimeSpan now)
    {
        while (_order.TryPeek(out (TcpConnectionKey Key, TimeSpan Until) first) && first.Until <= now)
        {
            _order.Dequeue();
            if (!_entries.TryGetValue(first.Key, out Entry entry))
                continue;
            if (entry.Until <= now)
                _entries.Remove(first.Key);
            else
                _order.Enqueue((first.Key, entry.Until));
        }
    }

    // RFC 6191 2: a SYN that is newer by timestamp or sequence number cannot be an old segment. A SYN with timestamps after a connection without
    // is of a new one, too.
    private static bool MayReopen(in TcpTimeWait state, in TcpHeader syn)
    {
        if (syn.Options.Timestamps is not { } timestamps)
            return syn.Sequence > state.ReceiveNext;
        if (state.RecentTimestamp is not { } recent)
            return true;
        int newer = (int)(timestamps.Value - recent);
        return newer > 0 || (newer == 0 && syn.Sequence > state.ReceiveNext);
    }

    private readonly record struct Entry(TcpTimeWait State, TimeSpan Until);
}
