using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>What is counted and traced of an actor beyond what its mailbox knows anyway: only few need it. The actor's turns write, any thread reads.</summary>
internal sealed class ObservedState
{
    private long _delivered;
    private long _ownedBytes;
    private int _restarts;

    /// <summary>Messages handled that did not come through the mailbox: of timers, and ends of watched actors.</summary>
    internal long Delivered => ProcessorMemory.LoadAcquire(ref _delivered);

    /// <summary>What <see cref="IMeasured"/> messages from the mailbox owned.</summary>
    internal long OwnedBytes => ProcessorMemory.LoadAcquire(ref _ownedBytes);

    internal int Restarts => ProcessorMemory.LoadAcquire(ref _restarts);

    /// <summary>The message whose handler is suspended. The actor's turns only.</summary>
    internal TraceStamp SuspendedStamp { get; set; }

    /// <summary>The request to stop. The actor's turns only.</summary>
    internal TraceStamp EndingStamp { get; set; }

    /// <summary>Where it was spawned; set before its first turn.</summary>
    internal TraceOrigin? SpawnOrigin { get; set; }

    internal void CountDelivered() => ProcessorMemory.StoreRelease(ref _delivered, _delivered + 1);

    internal void CountOwnedBytes(long bytes) => ProcessorMemory.StoreRelease(ref _ownedBytes, _ownedBytes + bytes);

    internal void CountRestart() => ProcessorMemory.StoreRelease(ref _restarts, _restarts + 1);
}
