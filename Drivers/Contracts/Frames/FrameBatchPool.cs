using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// A fixed number of frame batches. Thread-safe and lock-free. A batch gets its array when it is first lent, and what came back last is lent first,
/// so there are as many arrays as batches were ever out at once, and nothing is allocated from then on.
/// </summary>
[SendableByContract("Thread-safe: its free list is lock-free, and what it lends has one owner.")]
public sealed class FrameBatchPool
{
    /// <summary>Frames per batch unless told otherwise: long enough to amortise a message, short enough to fill a cache.</summary>
    public const int DefaultBatchCapacity = 32;

    private readonly SlotPool _slots;
    private readonly FrameBatchSlot[] _batches;

    private FrameBatchPool(int batchCount, int batchCapacity, SlotPool slots)
    {
        BatchCapacity = batchCapacity;
        _slots = slots;
        _batches = new FrameBatchSlot[batchCount];
        for (var index = 0; index < batchCount; index++)
        {
            _batches[index] = new FrameBatchSlot { Index = index, Slots = slots };
        }
    }

    /// <summary>Frames that fit in each batch.</summary>
    public int BatchCapacity { get; }

    /// <summary>How often <see cref="TryRent"/> found no batch.</summary>
    public long ExhaustedCount => _slots.ExhaustedCount;

    /// <summary>How often a batch was used or disposed by someone who no longer owned it.</summary>
    public long MisuseCount => _slots.MisuseCount;

    /// <summary>How many batches are rented; exact when nobody rents or disposes meanwhile.</summary>
    public int RentedCount
    {
        get
        {
            var rented = 0;
            foreach (var batch in _batches)
            {
                rented += batch.Generation & 1;
            }

            return rented;
        }
    }

    /// <summary>Creates a pool of <paramref name="batchCount"/> batches.</summary>
    public static FrameBatchPool Create(int batchCount, int batchCapacity = DefaultBatchCapacity) =>
        Create<ProcessorMemory>(batchCount, batchCapacity);

    /// <summary>A pool whose shared words go through the seam <typeparamref name="TMemory"/>: for the explorer and Coyote.</summary>
    public static FrameBatchPool Create<TMemory>(int batchCount, int batchCapacity) where TMemory : struct, IMemory
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchCapacity);
        return new FrameBatchPool(batchCount, batchCapacity, new SlotPool<TMemory>(batchCount));
    }

    /// <summary>Rents an empty batch. False when all are out.</summary>
    public bool TryRent(out FrameBatch batch)
    {
        if (!_slots.TryTake(out var index))
        {
            batch = default;
            return false;
        }

        var slot = _batches[index];
        slot.Frames ??= new FrameBuffer[BatchCapacity];
        var generation = unchecked(slot.Generation + 1);
        slot.Generation = generation;
        batch = new FrameBatch(slot, generation);
        return true;
    }
}
