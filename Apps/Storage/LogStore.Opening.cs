namespace Troupe.Apps.Storage;

/// <content>Reading the log.</content>
public sealed partial class LogStore
{
    // The area that counts, and where the next commit goes.
    private long _areaPages;
    private int _area;
    private AreaHeader _header;
    private long _nextPage;
    private ulong _sequence;
    private uint _previous;

    private async Task OpenAsync()
    {
        try
        {
            await _disk.OpenAsync();
            _areaPages = _disk.PageCount / 2;
            if (_areaPages < LogPages.MinimumAreaPages)
            {
                throw new StoreException($"{_disk.Name} has {_disk.PageCount} pages of {LogPages.Size} bytes; a log needs {2 * LogPages.MinimumAreaPages} at least.");
            }

            await ChooseAreaAsync();
            await ReadCommitsAsync();
            // The last commit may be in the device's cache only; what is served from here on must not go away again.
            await _disk.FlushAsync(Context.Time);
        }
        catch (StoreException failure)
        {
            _failure = failure;
        }
    }

    private async Task ChooseAreaAsync()
    {
        var page = new byte[LogPages.Size];
        var isBlank = true;
        AreaHeader? newest = null;
        for (var area = 0; area < 2; area++)
        {
            await _disk.ReadAsync(area * _areaPages, page, Context.Time);
            isBlank &= page.AsSpan().IndexOfAnyExcept((byte)0) < 0;
            if (AreaHeader.Read(page) is { } header && header.Generation > (newest?.Generation ?? 0))
            {
                newest = header;
                _area = area;
            }
        }

        if (newest is null && !isBlank)
        {
            throw new StoreException($"{_disk.Name} holds something else than a log. A disk for a new one begins with zeros.");
        }

        if (newest is null)
        {
            newest = new AreaHeader(1, _options.Salt(), 0, (ulong)_areaPages);
            await _disk.WriteAsync(0, newest.Value.ToPage(), Context.Time);
        }

        _header = newest.Value;
        if (_header.AreaPages != (ulong)_areaPages)
        {
            throw new StoreException($"{_disk.Name} holds a log with areas of {_header.AreaPages} pages, and has room for areas of {_areaPages}: its size was changed.");
        }
    }

    /// <summary>Applies commits up to the first that is not whole: that one was not answered, and nothing was written behind it.</summary>
    private async Task ReadCommitsAsync()
    {
        var window = new byte[LogPages.MaximumCommit];
        long windowStart = 0;
        var windowLength = 0;
        _nextPage = 1;
        while (_nextPage < _areaPages)
        {
            var offset = (_nextPage - windowStart) * LogPages.Size;
            var length = offset < windowLength ? Commit.LengthAt(window.AsSpan((int)offset, LogPages.Size)) : 0;
            if (offset >= windowLength || offset + length > windowLength)
            {
                windowStart = _nextPage;
                windowLength = (int)Math.Min(LogPages.MaximumCommitPages, _areaPages - _nextPage) * LogPages.Size;
                await _disk.ReadAsync((_area * _areaPages) + windowStart, window.AsMemory(0, windowLength), Context.Time);
                offset = 0;
                length = Commit.LengthAt(window);
            }

            if (length == 0 || offset + length > windowLength
                || !Commit.TryOpen(window.AsSpan((int)offset, length), _header.Salt, _sequence, _previous, out var checksum))
            {
                break;
            }

            Commit.Read(window.AsSpan((int)offset, length), Apply);
            _previous = checksum;
            _sequence++;
            _nextPage += LogPages.Count(length);
        }

        _recovered = (long)_sequence;
        if (_sequence < _header.SnapshotCommits)
        {
            throw new StoreException($"{_disk.Name} is damaged: {_header.SnapshotCommits} commits were durable before the log began, and {_sequence} can be read.");
        }
    }
}
