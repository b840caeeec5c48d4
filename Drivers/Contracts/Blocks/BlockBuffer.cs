using System.Diagnostics.CodeAnalysis;
using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// A piece of memory that a block device reads or writes itself: owned, pooled, of the pool's size. It moves to the device in a <see cref="BlockBatch"/> and comes
/// back in the answer; nothing is copied.
/// </summary>
/// <remarks>
/// Ownership is that of a <see cref="FrameBuffer"/>: pass it on and forget it, or dispose of it. Use after the rental ended throws <see cref="InvalidOperationException"/>
/// and is counted at the pool; disposing twice is counted, and throws in debug builds. Not thread-safe: one owner at a time.
/// </remarks>
[Owned]
public readonly struct BlockBuffer : IDisposable, IEquatable<BlockBuffer>
{
    private readonly BlockBufferSlot? _slot;
    private readonly int _generation;

    internal BlockBuffer(BlockBufferSlot slot, int generation)
    {
        _slot = slot;
        _generation = generation;
    }

    /// <summary>Whether this is the default value, which names no buffer; disposing it does nothing.</summary>
    [EmptyWhen(true)]
    public bool IsNone => _slot is null;

    /// <summary>The pool the buffer returns to.</summary>
    public BlockBufferPool Pool => Slot.Pool;

    /// <summary>Where it begins in the memory of <see cref="Pool"/>, in bytes; a driver turns it into a device address.</summary>
    public int PoolOffset
    {
        get
        {
            var slot = Slot;
            return slot.Index * slot.Bytes.Length;
        }
    }

    /// <summary>Size in bytes.</summary>
    public int Length => Slot.Bytes.Length;

    /// <summary>The bytes. A freshly rented buffer holds what its last owner left in it. The span must not outlive ownership.</summary>
    public Span<byte> Data => Slot.Bytes.Span;

    /// <summary>Gives the buffer back to its pool.</summary>
    public void Dispose()
    {
        if (_slot is not { } slot)
        {
            return;
        }

        if (!slot.Slots.TryEndRental(slot, _generation))
        {
            slot.Slots.CountMisuse();
#if DEBUG
            throw new InvalidOperationException($"Buffer {slot.Index} was disposed twice.");
#else
            return;
#endif
        }

        slot.Slots.Release(slot.Index);
    }

    /// <summary>Whether both handles name the same rental of the same buffer.</summary>
    public bool Equals(BlockBuffer other) => ReferenceEquals(_slot, other._slot) && _generation == other._generation;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BlockBuffer other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_slot is null ? -1 : _slot.Index, _generation);

    /// <summary>Whether both handles name the same rental of the same buffer.</summary>
    public static bool operator ==(BlockBuffer left, BlockBuffer right) => left.Equals(right);

    /// <summary>Whether the handles name different buffers or rentals.</summary>
    public static bool operator !=(BlockBuffer left, BlockBuffer right) => !left.Equals(right);

    private BlockBufferSlot Slot
    {
        get
        {
            var slot = _slot;
            if (slot is null || slot.Generation != _generation)
            {
                RefuseUse(slot);
            }

            return slot;
        }
    }

    [DoesNotReturn]
    private static void RefuseUse(BlockBufferSlot? slot)
    {
        slot?.Slots.CountMisuse();
        throw new InvalidOperationException(slot is null ? "The handle names no buffer." : $"Buffer {slot.Index} was used after it was disposed.");
    }
}
