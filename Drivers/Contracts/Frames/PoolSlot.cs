namespace Troupe.Drivers.Contracts;

/// <summary>
/// One preallocated object of a pool. Its generation is odd while it is out and even while it is in; a handle carries the
/// generation it was rented with, so a handle kept too long no longer fits.
/// </summary>
/// <remarks>
/// The generation wraps after 2^31 rentals of the same slot; a handle kept unused for exactly that long would be taken for
/// a fresh one.
/// </remarks>
internal abstract class PoolSlot
{
    /// <summary>Changed only by the pool, with a compare-exchange; read plainly by the owner, who alone can find it right.</summary>
    public int Generation;

    /// <summary>The slot's number in its pool.</summary>
    public required int Index { get; init; }

    /// <summary>The pool to return to.</summary>
    public required SlotPool Slots { get; init; }
}
