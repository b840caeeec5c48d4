using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// A fixed number of frame buffers over one piece of memory, which a device may share. Thread-safe, lock-free, and
/// without allocation after construction.
/// </summary>
/// <remarks>
/// An exhausted pool is an ordinary state under load: <see cref="TryRent"/> answers false and counts, and the caller drops
/// what it wanted to send or leaves the receive ring emptier. Nobody waits for a frame, so pools are no waiting edge.
/// </remarks>
[SendableByContract("Thread-safe: its free list is lock-free, and what it lends has one owner.")]
public sealed class FramePool
{
    private readonly SlotPool _slots;
    private readonly FrameSlot[] _frames;

    private FramePool(FramePoolOptions options, Memory<byte> memory, SlotPool slots)
    {
        FrameSize = options.FrameSize;
        Headroom = options.Headroom;
        _slots = slots;
        _frames = new FrameSlot[options.FrameCount];
        for (var index = 0; index < _frames.Length; index++)
        {
            _frames[index] = new FrameSlot
            {
                Index = index,
                Slots = slots,
                Pool = this,
                Bytes = memory.Slice(index * FrameSize, FrameSize),
            };
        }
    }

    /// <summary>Bytes per frame, headroom included.</summary>
    public int FrameSize { get; }

    /// <summary>Bytes in front of the data of a freshly rented frame.</summary>
    public int Headroom { get; }

    /// <summary>How many frames there are.</summary>
    public int FrameCount => _frames.Length;

    /// <summary>How often <see cref="TryRent"/> found no frame.</summary>
    public long ExhaustedCount => _slots.ExhaustedCount;

    /// <summary>How often a frame was used or disposed by someone who no longer owned it.</summary>
    public long MisuseCount => _slots.MisuseCount;

    /// <summary>How many frames are rented; exact when nobody rents or disposes meanwhile. Walks all frames: for tests and statistics.</summary>
    public int RentedCount
    {
        get
        {
            var rented = 0;
            foreach (var frame in _frames)
            {
                rented += frame.Generation & 1;
            }

            return rented;
        }
    }

    /// <summary>Cuts <paramref name="memory"/>, which must hold <see cref="FramePoolOptions.RequiredMemory"/> bytes.</summary>
    public static FramePool Create(FramePoolOptions options, Memory<byte> memory) => Create<ProcessorMemory>(options, memory);

    /// <summary>A pool over managed memory, for networks without a device.</summary>
    public static FramePool Create(FramePoolOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Create(options, new byte[options.RequiredMemory]);
    }

    /// <summary>A pool whose shared words go through the seam <typeparamref name="TMemory"/>: for the explorer and Coyote.</summary>
    public static FramePool Create<TMemory>(FramePoolOptions options, Memory<byte> memory) where TMemory : struct, IMemory
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.FrameCount, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.FrameSize, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.Headroom, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Headroom, options.FrameSize, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(memory.Length, options.RequiredMemory, nameof(memory));
        return new FramePool(options, memory, new SlotPool<TMemory>(options.FrameCount));
    }

    /// <summary>Rents an empty frame: length 0, <see cref="Headroom"/> bytes in front. False when all are out.</summary>
    public bool TryRent(out FrameBuffer frame)
    {
        if (!_slots.TryTake(out var index))
        {
            frame = default;
            return false;
        }

        var slot = _frames[index];
        // The slot is ours alone between the pop and the handle's birth. The content is left as it was.
        var generation = unchecked(slot.Generation + 1);
        slot.Start = Headroom;
        slot.Length = 0;
        slot.Offload = default;
        slot.Rest = default;
        slot.Last = null;
        slot.Generation = generation;
        frame = new FrameBuffer(slot, generation);
        return true;
    }
}
