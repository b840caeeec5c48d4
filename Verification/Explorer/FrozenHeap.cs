using System.Runtime;

namespace Troupe.Verification.Explorer;

/// <summary>
/// Keeps objects where they are: a location of the model is its address. Holds a region without garbage collection,
/// renewed between schedules when half of its allowance is used.
/// </summary>
internal sealed class FrozenHeap : IDisposable
{
    private const long Allowance = 192L * 1024 * 1024;

    private long _startedAt;
    private bool _held;

    public void Renew()
    {
        if (_held && GCSettings.LatencyMode != GCLatencyMode.NoGCRegion)
            throw new ExplorationException("a garbage collection ran during a schedule: something else in this process allocates or collects");
        if (_held && GC.GetTotalAllocatedBytes() - _startedAt < Allowance / 2) return;
        Dispose();
        if (!GC.TryStartNoGCRegion(Allowance)) throw new ExplorationException($"the heap cannot be kept still for {Allowance:N0} bytes");
        _held = true;
        _startedAt = GC.GetTotalAllocatedBytes();
    }

    public void Dispose()
    {
        if (_held && GCSettings.LatencyMode == GCLatencyMode.NoGCRegion) GC.EndNoGCRegion();
        _held = false;
    }
}
