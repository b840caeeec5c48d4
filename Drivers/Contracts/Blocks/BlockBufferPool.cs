using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// A fixed number of buffers of one size over one piece of memory, which a block device reaches. Thread-safe, lock-free, and without allocation after construction.
/// </summary>
/// <remarks>An exhausted pool is an ordinary state: <see cref="TryRent"/> answers false and counts. Nobody waits for a buffer, so pools are no waiting edge.</remarks>
[SendableByContract("Thread-safe: its free list is lock-free, and what it lends has one owner.")]
public sealed class BlockBufferPool
{
    private readonly SlotPool _slots;
    private readonly BlockBufferSlot[] _buffers;
    private int _isClosed;

    private BlockBufferPool(int count, int size, Memory<byte> memory)
    {
        BufferSize = size;
        _slots = new SlotPool<ProcessorMemory>(count);
        _buffers = new BlockBufferSlot[count];
        for (var index = 0; index < count; index++)
        {
            _buffers[index] = new BlockBufferSlot { Index = index, Slots = _slots, Pool = this, Bytes = memory.Slice(index * size, size) };
        }
    }

    /// <summary>Bytes per buffer.</summary>
    public int BufferSize { get; }

    /// <summary>How many buffers there are.</summary>
    public int BufferCount => _buffers.Length;

    /// <summary>How often <see cref="TryRent"/> found no buffer.</summary>
    public long ExhaustedCount => _slots.ExhaustedCount;

    /// <summary>How often a buffer was used or disposed of by someone who no longer owned it.</summary>
    public long MisuseCount => _slots.MisuseCount;

    /// <summary>How many buffers are rented; exact when nobody rents or disposes meanwhile. Walks all: for tests and statistics.</summary>
    public int RentedCount
    {
        get
        {
            var rented = 0;
            foreach (var buffer in _buffers)
            {
                rented += buffer.Generation & 1;
            }

            return rented;
        }
    }

    /// <summary>Cuts <paramref name="memory"/> into <paramref name="count"/> buffers of <paramref name="size"/> bytes, a multiple of a sector.</summary>
    public static BlockBufferPool Create(int count, int size, Memory<byte> memory)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        ArgumentOutOfRangeException.ThrowIfNotEqual(size % BlockDeviceInformation.SectorSize, 0, nameof(size));
        ArgumentOutOfRangeException.ThrowIfLessThan(memory.Length, (long)count * size, nameof(memory));
        return new BlockBufferPool(count, size, memory);
    }

    /// <summary>A pool over managed memory, for devices that are programs.</summary>
    public static BlockBufferPool Create(int count, int size) => Create(count, size, new byte[(long)count * size]);

    /// <summary>
    /// Lends nothing any more: a device that nobody can reset may still write to any of its buffers. Those that are out stay valid, and are kept when they come back.
    /// </summary>
    public void Close() => ProcessorMemory.StoreRelease(ref _isClosed, 1);

    /// <summary>Rents a buffer. False when all are out, or the pool was closed.</summary>
    public bool TryRent(out BlockBuffer buffer)
    {
        if (ProcessorMemory.LoadAcquire(ref _isClosed) != 0 || !_slots.TryTake(out var index))
        {
            buffer = default;
            return false;
        }

        var slot = _buffers[index];
        // The slot is ours alone between the pop and the handle's birth.
        var generation = unchecked(slot.Generation + 1);
        slot.Generation = generation;
        buffer = new BlockBuffer(slot, generation);
        return true;
    }
}
