using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>What a worker thread counts: by plain stores, for others to read.</summary>
internal sealed partial class WorkerThread
{
    private long _handled;
    private long _stolen;

    /// <summary>Messages handled in turns that have ended.</summary>
    internal long Handled => ProcessorMemory.LoadAcquire(ref _handled);

    /// <summary>Actors taken from other workers.</summary>
    internal long Stolen => ProcessorMemory.LoadAcquire(ref _stolen);

    private void OnStolen(ActorCell cell)
    {
        ProcessorMemory.StoreRelease(ref _stolen, _stolen + 1);
        if (TraceSwitch.IsOn)
            Tracing.Scheduled(TraceKind.Steal, cell);
    }
}
