namespace Troupe.Net.Sockets;

/// <summary>What descriptors stand for: sockets, and event ports. The lowest free number is given next, as on every Unix; the table is bounded.</summary>
internal sealed class SocketTable(nint first, int capacity)
{
    private readonly object _gate = new();
    private readonly PriorityQueue<int, int> _free = new();
    private object?[] _entries = new object?[Math.Min(capacity, 64)];
    private int _used;

    /// <summary>Gives a socket or an event port a descriptor; false when the table is full.</summary>
    public bool TryAdd(object entry, out nint descriptor)
    {
        lock (_gate)
        {
            if (!_free.TryDequeue(out int index, out _))
            {
                if (_used == capacity)
                {
                    descriptor = -1;
                    return false;
                }

                if (_used == _entries.Length)
                {
                    object?[] longer = new object?[Math.Min(capacity, _entries.Length * 2)];
                    _entries.CopyTo(longer, 0);
                    Volatile.Write(ref _entries, longer);
                }

                index = _used++;
            }

            Volatile.Write(ref _entries[index], entry);
            descriptor = first + index;
            return true;
        }
    }

    /// <summary>What a descriptor stands for; null if nothing. A table that was outgrown meanwhile answers as before.</summary>
    public T? Find<T>(nint descriptor)
        where T : class
    {
        object?[] entries = Volatile.Read(ref _entries);
        nint index = descriptor - first;
        return index >= 0 && index < entries.Length ? Volatile.Read(ref entries[index]) as T : null;
    }

    /// <summary>Frees a descriptor and answers what it stood for.</summary>
    public object? Remove(nint descriptor)
    {
        lock (_gate)
        {
            nint index = descriptor - first;
            if (index < 0 || index >= _entries.Length || _entries[index] is not { } entry)
                return null;
            Volatile.Write(ref _entries[index], null);
            _free.Enqueue((int)index, (int)index);
            return entry;
        }
    }
}
