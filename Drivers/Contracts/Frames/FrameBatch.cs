using System.Diagnostics.CodeAnalysis;
using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// Up to a fixed number of frames that travel as one message. Owned and pooled like a <see cref="FrameBuffer"/>, and it owns
/// the frames in it: disposing the batch disposes those that were not taken out.
/// </summary>
/// <remarks>
/// The usual consumer: <c>while (batch.TryTake(out var frame)) { ... }</c> and then <c>batch.Dispose()</c>. A batch that is passed on
/// takes its frames along. Not thread-safe: one owner at a time.
/// </remarks>
[Owned]
public readonly struct FrameBatch : IDisposable
{
    private readonly FrameBatchSlot? _slot;
    private readonly int _generation;

    internal FrameBatch(FrameBatchSlot slot, int generation)
    {
        _slot = slot;
        _generation = generation;
    }

    /// <summary>Whether this is the default value, which names no batch; disposing it does nothing.</summary>
    [EmptyWhen(true)]
    public bool IsNone => _slot is null;

    /// <summary>How many frames are in it.</summary>
    public int Count
    {
        get
        {
            var slot = Slot;
            return slot.End - slot.First;
        }
    }

    /// <summary>Whether <see cref="TryAdd"/> would refuse: as many frames were added as fit, taken or not.</summary>
    public bool IsFull
    {
        get
        {
            var slot = Slot;
            return slot.End == slot.Frames.Length;
        }
    }

    /// <summary>Looks at the frame at <paramref name="index"/>, 0 being the next to take; the batch keeps owning it.</summary>
    public FrameBuffer this[int index]
    {
        get
        {
            var slot = Slot;
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)(slot.End - slot.First), nameof(index));
            return slot.Frames[slot.First + index];
        }
    }

    /// <summary>Adds a frame, which the batch owns from then on. When it answers false the caller still owns the frame.</summary>
    public bool TryAdd([MovesWhen(true)] FrameBuffer frame)
    {
        var slot = Slot;
        if (slot.End == slot.Frames.Length)
        {
            return false;
        }

        slot.Frames[slot.End++] = frame;
        return true;
    }

    /// <summary>Takes the frames out in the order they were added; the caller owns what it took.</summary>
    public bool TryTake(out FrameBuffer frame)
    {
        var slot = Slot;
        if (slot.First == slot.End)
        {
            frame = default;
            return false;
        }

        frame = slot.Frames[slot.First];
        slot.Frames[slot.First++] = default;
        return true;
    }

    /// <summary>Disposes the frames still inside and gives the batch back to its pool.</summary>
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
            throw new InvalidOperationException($"Batch {slot.Index} was disposed twice.");
#else
            return;
#endif
        }

        // Between the end of the rental and the release the slot is nobody else's.
        for (var index = slot.First; index < slot.End; index++)
        {
            slot.Frames[index].Dispose();
            slot.Frames[index] = default;
        }

        slot.First = 0;
        slot.End = 0;
        slot.Slots.Release(slot.Index);
    }

    private FrameBatchSlot Slot
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
    private static void RefuseUse(FrameBatchSlot? slot)
    {
        slot?.Slots.CountMisuse();
        throw new InvalidOperationException(slot is null ? "The handle names no batch." : $"Batch {slot.Index} was used after it was disposed.");
    }
}
