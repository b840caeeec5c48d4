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
    private readonly Dictionary<TcpConnectionKey, Entry> _entries = [];
    private readonly Queue<(TcpConnectionKey Key, TimeSpan Until)> _order = new();

    /// <summary>Entries.</summary>
    public int Count => _entries.Count;

    /// <summary>When the next entry may end; <see cref="TimeSpan.MaxValue"/> for none.</summary>
    public TimeSpan NextDeadline => _order.TryPeek(out (TcpConnectionKey, TimeSpan Until) first) ? first.Until : TimeSpan.MaxValue;

    /// <summary>Takes a connection over.</summary>
    public void Add(in TcpConnectionKey key, in TcpTimeWait state, TimeSpan now)
    {
        while (_entries.Count >= capacity && _order.TryDequeue(out (TcpConnectionKey Key, TimeSpan Until) oldest))
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

        // RFC 9293 3.6.1: a SYN beyond the old sequence numbers cannot be an old segment.
        if (header.Has(TcpFlags.Syn) && !header.Has(TcpFlags.Ack) && header.Sequence > state.ReceiveNext)
            return TimeWaitAnswer.Reopen;

        // A FIN sent again starts the wait anew; its place in the order stays, and is looked at again when it comes up.
        if (header.Has(TcpFlags.Fin))
            _entries[key] = entry with { Until = now + duration };
        return TimeWaitAnswer.Acknowledge;
    }

    /// <summary>Forgets a connection.</summary>
    public void Remove(in TcpConnectionKey key) => _entries.Remove(key);

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

    private readonly record struct Entry(TcpTimeWait State, TimeSpan Until);
}
