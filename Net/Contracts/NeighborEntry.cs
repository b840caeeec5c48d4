using Troupe.Drivers.Contracts;

namespace Troupe.Net.Contracts;

/// <summary>What a <see cref="NeighborTable{TKey, TEntry}"/> keeps of a neighbour; the protocol adds what it knows.</summary>
/// <param name="neighbor">The address that is resolved.</param>
public abstract class NeighborEntry<TKey>(TKey neighbor) where TKey : notnull
{
    /// <summary>The address that is resolved.</summary>
    public TKey Neighbor { get; } = neighbor;

    /// <summary>Whether packets wait for its answer.</summary>
    public bool IsWaitedFor => Waiting.Count > 0;

    internal LinkedListNode<TKey>? Place { get; set; }

    internal Queue<FrameBatch> Waiting { get; } = new(1);
}
