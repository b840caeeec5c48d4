namespace Troupe.Apps.Files;

/// <summary>What numbers stand for. The lowest free one is given next, as on every Unix; the file system bounds how many files are open.</summary>
internal sealed class DescriptorTable<T>(nint first)
    where T : class
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<int, int> _free = new();
    private readonly List<T?> _entries = [];

    public nint Add(T entry)
    {
        lock (_gate)
        {
            if (_free.TryDequeue(out var index, out _))
            {
                _entries[index] = entry;
                return first + index;
            }

            _entries.Add(entry);
            return first + _entries.Count - 1;
        }
    }

    /// <summary>What a number stands for; null if nothing.</summary>
    public T? Find(nint number)
    {
        lock (_gate)
        {
            var index = number - first;
            return index >= 0 && index < _entries.Count ? _entries[(int)index] : null;
        }
    }

    /// <summary>Frees a number; answers what it stood for.</summary>
    public T? Remove(nint number)
    {
        lock (_gate)
        {
            var index = number - first;
            if (index < 0 || index >= _entries.Count || _entries[(int)index] is not { } entry)
            {
                return null;
            }

            _entries[(int)index] = null;
            _free.Enqueue((int)index, (int)index);
            return entry;
        }
    }
}
