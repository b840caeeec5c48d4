using System.Diagnostics;

namespace Troupe.HotSwap.Contracts;

/// <summary>
/// Gaps between two messages, from the end of one to the beginning of the next: over a swap, and, for comparison, wherever a probe falls, which is at
/// random moments as well.
/// </summary>
/// <remarks>Written in the receiver's turns only; a probe may be set by any thread.</remarks>
public sealed class GapMeter
{
    private readonly List<TimeSpan> _swaps = [];
    private readonly List<TimeSpan> _probes = [];
    private int _probe;

    public IReadOnlyList<TimeSpan> Swaps => _swaps;

    public IReadOnlyList<TimeSpan> Probes => _probes;

    public bool HasProbe => Volatile.Read(ref _probe) != 0;

    public void SetProbe() => Volatile.Write(ref _probe, 1);

    public void ProbeEnds(long lastEnd, long now)
    {
        Volatile.Write(ref _probe, 0);
        _probes.Add(Stopwatch.GetElapsedTime(lastEnd, now));
    }

    public void SwapEnds(long lastEnd, long now) => _swaps.Add(Stopwatch.GetElapsedTime(lastEnd, now));
}
