namespace Troupe.Apps.Storage;

/// <content>Writing the log.</content>
public sealed partial class LogStore
{
    private readonly Commit _commit = new();

    // The changes of the commit that is being written.
    private readonly List<LogStoreMessage> _taken = [];

    private async Task CommitAllAsync()
    {
        while (_failure is null && _pending.Count > 0)
        {
            try
            {
                Take();
                if (_taken.Count > 0)
                {
                    await CommitAsync();
                }
            }
            catch (StoreException failure)
            {
                foreach (var message in _taken)
                {
                    message.Fail(failure);
                }
            }

            _taken.Clear();
        }

        if (_failure is not null)
        {
            FailPending(_failure);
        }
    }

    /// <summary>Takes what goes into one commit, in the order in which it came.</summary>
    private void Take()
    {
        _commit.Clear();
        var live = _liveBytes;
        while (_pending.TryPeek(out var message))
        {
            if (message.Kind == LogStoreMessageKind.Put)
            {
                // What a delete or a smaller value frees counts when it is done: two changes of one key in a commit would free it twice.
                var old = _values.TryGetValue(message.Key, out var value) ? Commit.RecordLength(message.Key, value.AsSpan()) : 0;
                var more = Math.Max(0, Commit.RecordLength(message.Key, message.Value.AsSpan()) - old);
                if (live + more > LogPages.Capacity(_areaPages))
                {
                    _pending.Dequeue();
                    message.Fail(new StoreFullException($"{_disk.Name} is full: {_liveBytes} bytes live, {LogPages.Capacity(_areaPages)} may, and '{message.Key}' needs {more} more."));
                    continue;
                }

                if (!_commit.TryAddPut(message.Key, message.Value.AsSpan()))
                {
                    return;
                }

                live += more;
            }
            else if (!_commit.TryAddDelete(message.Key))
            {
                return;
            }

            _taken.Add(_pending.Dequeue());
        }
    }

    private async Task CommitAsync()
    {
        try
        {
            if (_nextPage + _commit.Pages > _areaPages)
            {
                await CompactAsync();
            }

            var checksum = _commit.Seal(_header.Salt, _sequence, _previous);
            await _disk.WriteAsync((_area * _areaPages) + _nextPage, _commit.Memory, Context.Time);
            _previous = checksum;
        }
        catch (LostDiskException lost)
        {
            _failure = lost;
            throw;
        }

        _sequence++;
        _nextPage += _commit.Pages;
        _commits++;
        foreach (var message in _taken)
        {
            var had = _values.ContainsKey(message.Key);
            Apply(message.Key, message.Kind == LogStoreMessageKind.Put ? message.Value : default);
            message.Changed.Set(had);
        }
    }

    /// <summary>Writes what lives to the other area and then makes that the one that counts.</summary>
    private async Task CompactAsync()
    {
        var area = 1 - _area;
        var next = new AreaHeader(_header.Generation + 1, _options.Salt(), 0, _header.AreaPages);
        var snapshot = new Commit();
        long page = 1;
        ulong sequence = 0;
        uint previous = 0;
        foreach (var (key, value) in _values)
        {
            if (!snapshot.TryAddPut(key, value.AsSpan()))
            {
                await WriteSnapshotAsync();
                snapshot.Clear();
                snapshot.TryAddPut(key, value.AsSpan());
            }
        }

        if (snapshot.Count > 0)
        {
            await WriteSnapshotAsync();
        }

        next = next with { SnapshotCommits = sequence };
        try
        {
            await _disk.WriteAsync(area * _areaPages, next.ToPage(), Context.Time);
        }
        catch (StoreException failure)
        {
            // The header may be there or not, so nobody knows which area counts.
            _failure = failure;
            throw;
        }

        (_area, _header, _nextPage, _sequence, _previous) = (area, next, page, sequence, previous);
        _compactions++;

        async Task WriteSnapshotAsync()
        {
            var checksum = snapshot.Seal(next.Salt, sequence, previous);
            await _disk.WriteAsync((area * _areaPages) + page, snapshot.Memory, Context.Time);
            (previous, page) = (checksum, page + snapshot.Pages);
            sequence++;
        }
    }
}
