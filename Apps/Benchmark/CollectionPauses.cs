namespace Troupe.Apps.Benchmark;

/// <summary>How long each garbage collection stopped the program.</summary>
/// <remarks>
/// The runtime tells about its latest collection only. An object that nobody refers to is finalised after each one; its finaliser
/// notes the pause and leaves the next such object behind. A collection that comes before the finaliser has run is counted as missed.
/// </remarks>
internal sealed class CollectionPauses
{
    private const int Kept = 4096;

    private readonly Lock _lock = new();
    private readonly TimeSpan[] _pauses = new TimeSpan[Kept];
    private long _lastIndex;
    private int _count;

    public CollectionPauses()
    {
        _lastIndex = GC.GetGCMemoryInfo(GCKind.Any).Index;
        Sentinel.Leave(this);
    }

    /// <summary>Collections whose pause is known, and collections whose pause is not.</summary>
    public (int Noted, long Missed) Count
    {
        get
        {
            lock (_lock)
            {
                return (_count, Missed);
            }
        }
    }

    private long Missed { get; set; }

    /// <summary>The pause that <paramref name="fraction"/> of the kept ones do not exceed; zero without collections.</summary>
    public TimeSpan Percentile(double fraction)
    {
        lock (_lock)
        {
            TimeSpan[] sorted = _pauses[..Math.Min(_count, Kept)];
            if (sorted.Length == 0)
                return TimeSpan.Zero;
            Array.Sort(sorted);
            return sorted[Math.Clamp((int)Math.Ceiling(fraction * sorted.Length) - 1, 0, sorted.Length - 1)];
        }
    }

    private void Note()
    {
        GCMemoryInfo latest = GC.GetGCMemoryInfo(GCKind.Any);
        lock (_lock)
        {
            if (latest.Index <= _lastIndex)
                return;
            Missed += latest.Index - _lastIndex - 1;
            _lastIndex = latest.Index;
            _pauses[_count++ % Kept] = latest.PauseDurations[0];
        }
    }

    private sealed class Sentinel(CollectionPauses pauses)
    {
        ~Sentinel()
        {
            pauses.Note();
            Leave(pauses);
        }

        public static void Leave(CollectionPauses pauses) => _ = new Sentinel(pauses);
    }
}
