using Troupe.Core.Memory;

namespace Troupe.Actors;

internal abstract partial class OptionalState
{
    private ObservedState? _observed;

    internal ObservedState? ObservedIfAny => ProcessorMemory.LoadAcquire(ref _observed);

    /// <summary>The actor's turns, and before the first who spawns it.</summary>
    internal ObservedState Observed
    {
        get
        {
            if (_observed is null)
                ProcessorMemory.StoreRelease(ref _observed, new ObservedState());
            return _observed!;
        }
    }

    /// <summary>The name made up for its path; null: nobody asked for that yet. Any thread.</summary>
    internal string? GeneratedNameIfAny => ProcessorMemory.LoadAcquire(ref _generatedName) is var name and not 0 ? $"{ActorSystem.GeneratedNamePrefix}{name}" : null;
}
