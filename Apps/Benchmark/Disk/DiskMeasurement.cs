using System.Globalization;
using Troupe.Actors;

namespace Troupe.Apps.Benchmark.Disk;

/// <summary>What came of a load.</summary>
/// <param name="Requests">Requests that were over in time.</param>
/// <param name="Elapsed">How long that took.</param>
/// <param name="Median">Time of a request, in the middle.</param>
/// <param name="Percentile99">Time that 99 of 100 requests did not exceed.</param>
[Sendable]
internal sealed record DiskResult(long Requests, TimeSpan Elapsed, TimeSpan Median, TimeSpan Percentile99)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"requests {Requests}\nseconds {Elapsed.TotalSeconds:0.000000}\np50-microseconds {Median.TotalMicroseconds:0.0}\np99-microseconds {Percentile99.TotalMicroseconds:0.0}\n");
}

/// <summary>A load under way: where the next request goes, and how long each took. The same code and the same clock in both guests.</summary>
internal sealed class DiskMeasurement
{
    // Twice what a fast disk would do in the usual time; it grows if that is too little.
    private const int UsualRequests = 100_000;

    private readonly DiskWork _work;
    private readonly TimeProvider _time;
    private readonly long _places;
    private readonly Random _random = new();
    private readonly List<long> _times = new(UsualRequests);
    private readonly long _begin;
    private long _end;
    private long _next;

    /// <summary>Begins now, on a disk of so many bytes.</summary>
    public DiskMeasurement(DiskWork work, long diskLength, TimeProvider time)
    {
        _work = work;
        _time = time;
        _begin = Now;
        _places = diskLength / work.Length;
        if (_places == 0)
            throw new InvalidOperationException($"The disk has {diskLength} bytes, and a request {work.Length}.");
    }

    /// <summary>A timestamp.</summary>
    public long Now => _time.GetTimestamp();

    /// <summary>Whether no further request is to begin.</summary>
    public bool IsOver => _time.GetElapsedTime(_begin) >= _work.Time;

    /// <summary>Where the next request goes, in bytes.</summary>
    public long NextPosition()
    {
        long place = _work.IsRandom ? _random.NextInt64(_places) : _next;
        _next = (place + 1) % _places;
        return place * _work.Length;
    }

    /// <summary>A request is over that began at a timestamp.</summary>
    public void Add(long began)
    {
        _end = Now;
        _times.Add(_end - began);
    }

    /// <summary>What came of it all.</summary>
    public DiskResult Finish()
    {
        _times.Sort();
        TimeSpan At(double part) => _times.Count == 0 ? TimeSpan.Zero : _time.GetElapsedTime(0, _times[Math.Max(0, (int)Math.Ceiling(_times.Count * part) - 1)]);
        return new(_times.Count, _time.GetElapsedTime(_begin, _end), At(0.5), At(0.99));
    }
}
