namespace Troupe.Actors.TestKit;

/// <summary>What arrived and was not expected yet, in order; and whoever waits for more.</summary>
internal sealed class Arrivals<TItem>(TimeProvider time, string noun)
{
    private readonly List<TItem> _items = [];
    private TaskCompletionSource? _awaited;

    internal IReadOnlyList<TItem> Items => _items;

    internal void Add(TItem item)
    {
        _items.Add(item);
        TaskCompletionSource? awaited = _awaited;
        _awaited = null;
        awaited?.SetResult();
    }

    /// <summary>Takes the next one.</summary>
    internal async Task<TItem> TakeAsync(TimeSpan within)
    {
        TimeSpan end = Elapsed + within;
        while (_items.Count == 0)
        {
            if (!await MoreAsync(end))
                throw new ExpectationException($"No {noun} came within {within}.");
        }

        TItem item = _items[0];
        _items.RemoveAt(0);
        return item;
    }

    /// <summary>Takes the first that matches; those before it stay.</summary>
    internal async Task<TItem> FindAsync(Func<TItem, bool> matches, TimeSpan within)
    {
        TimeSpan end = Elapsed + within;
        while (true)
        {
            int index = _items.FindIndex(item => matches(item));
            if (index >= 0)
            {
                TItem item = _items[index];
                _items.RemoveAt(index);
                return item;
            }

            if (!await MoreAsync(end))
                throw new ExpectationException($"No {noun} that matches came within {within}. {Describe()}");
        }
    }

    internal async Task ExpectNoneAsync(TimeSpan during)
    {
        TimeSpan end = Elapsed + during;
        if (_items.Count == 0)
            await MoreAsync(end);
        if (_items.Count > 0)
            throw new ExpectationException($"A {noun} came where none was expected. {Describe()}");
    }

    internal string Describe() => _items.Count == 0 ? "None is there." : $"There are: {string.Join(", ", _items)}.";

    private TimeSpan Elapsed => time.GetElapsedTime(0);

    /// <summary>False: it was not to be by then.</summary>
    private async Task<bool> MoreAsync(TimeSpan end)
    {
        TimeSpan remaining = end - Elapsed;
        if (remaining <= TimeSpan.Zero)
            return false;
        _awaited ??= new TaskCompletionSource();
        try
        {
            await _awaited.Task.WaitAsync(remaining, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
