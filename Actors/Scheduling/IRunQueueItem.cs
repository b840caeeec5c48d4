using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// What a <see cref="RunQueue{TItem, TMemory}"/> holds: a reference in a struct, for which the queue is compiled once more. Code that is shared by
/// all references would ask the runtime for their type at each access.
/// </summary>
public interface IRunQueueItem<TItem> where TItem : struct, IRunQueueItem<TItem>
{
    /// <summary>Reads a slot with acquire ordering.</summary>
    static abstract TItem Load<TMemory>(ref TItem slot) where TMemory : struct, IMemory;

    /// <summary>Writes a slot with release ordering.</summary>
    static abstract void Store<TMemory>(ref TItem slot, TItem item) where TMemory : struct, IMemory;
}
