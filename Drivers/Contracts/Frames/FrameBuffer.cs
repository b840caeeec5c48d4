using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Troupe.Actors;

namespace Troupe.Drivers.Contracts;

/// <summary>
/// One network frame on its way: an owned, pooled buffer with room in front, so that each layer prepends its header or
/// trims the one it has read, and nothing is copied.
/// </summary>
/// <remarks>
/// <para>
/// <b>Ownership moves.</b> Whoever holds the handle either passes it on (in a message, a batch, to a device) and forgets it,
/// or disposes it. The handle knows which rental it belongs to: any use after the rental ended throws
/// <see cref="InvalidOperationException"/> and is counted at the pool, even if the frame has a new owner by then. Disposing
/// twice is counted, and throws too in debug builds. What a handle cannot see is use after a move while the new
/// owner still has it; the analyzer of the actor model does.
/// </para>
/// <para>
/// <b>Pieces.</b> What is larger than a buffer is a chain of them: the first has the headers, and <see cref="Pieces"/> shows them all. The handle owns them together.
/// <see cref="Data"/>, <see cref="Length"/> and the members that change them speak of the first.
/// </para>
/// <para>Not thread-safe: one owner at a time. Lengths and offsets are in bytes; a frame starts at the Ethernet header on the link.</para>
/// </remarks>
[Owned]
public readonly struct FrameBuffer : IDisposable, IEquatable<FrameBuffer>
{
    private readonly FrameSlot? _slot;
    private readonly int _generation;

    internal FrameBuffer(FrameSlot slot, int generation)
    {
        _slot = slot;
        _generation = generation;
    }

    /// <summary>Whether this is the default value, which names no frame; disposing it does nothing.</summary>
    [EmptyWhen(true)]
    public bool IsNone => _slot is null;

    /// <summary>The pool the frame returns to.</summary>
    public FramePool Pool => Slot.Pool;

    /// <summary>Where <see cref="Data"/> starts in the memory of <see cref="Pool"/>; a driver turns it into a device address.</summary>
    public int PoolOffset
    {
        get
        {
            var slot = Slot;
            return slot.Index * slot.Bytes.Length + slot.Start;
        }
    }

    /// <summary>Length of the data.</summary>
    public int Length => Slot.Length;

    /// <summary>Bytes free in front of the data.</summary>
    public int Headroom => Slot.Start;

    /// <summary>Bytes free behind the data.</summary>
    public int Tailroom
    {
        get
        {
            var slot = Slot;
            return slot.Bytes.Length - slot.Start - slot.Length;
        }
    }

    /// <summary>The data. The span must not outlive ownership.</summary>
    public Span<byte> Data
    {
        get
        {
            var slot = Slot;
            return slot.Bytes.Span.Slice(slot.Start, slot.Length);
        }
    }

    /// <summary>The data as memory, for asynchronous code. Must not outlive ownership.</summary>
    public Memory<byte> Memory
    {
        get
        {
            var slot = Slot;
            return slot.Bytes.Slice(slot.Start, slot.Length);
        }
    }

    /// <summary>What the frame needs from the device or got from it.</summary>
    public FrameOffload Offload
    {
        get
        {
            var slot = Slot;
            return slot.Offload.Flags == FrameOffloadFlags.None
                ? default
                : slot.Offload with { ChecksumStart = (ushort)(slot.Offload.ChecksumStart - slot.Start) };
        }
    }

    /// <summary>Whether there is more than one piece.</summary>
    public bool IsInPieces => Slot.Last is not null;

    /// <summary>All pieces; this frame keeps owning them.</summary>
    public FramePieces Pieces => new(Slot);

    /// <summary>Bytes free behind the data of the last piece.</summary>
    public int LastTailroom
    {
        get
        {
            var last = Slot.Last ?? Slot;
            return last.Bytes.Length - last.Start - last.Length;
        }
    }

    /// <summary>Length of the data of all pieces.</summary>
    public int TotalLength
    {
        get
        {
            var slot = Slot;
            if (slot.Last is null)
            {
                return slot.Length;
            }

            var length = 0;
            foreach (var piece in Pieces)
            {
                length += piece.Length;
            }

            return length;
        }
    }

    /// <summary>How many buffers the frame takes.</summary>
    public int PieceCount
    {
        get
        {
            if (!IsInPieces)
            {
                return 1;
            }

            var count = 0;
            foreach (var _ in Pieces)
            {
                count++;
            }

            return count;
        }
    }

    /// <summary>States what the frame needs from the device or got from it, as seen from where the data starts now; it stays true when headers are prepended or trimmed.</summary>
    public void SetOffload(FrameOffload offload)
    {
        var slot = Slot;
        slot.Offload = offload with { ChecksumStart = (ushort)(slot.Start + offload.ChecksumStart) };
    }

    /// <summary>Adds a piece behind the last; this frame, the first of its pieces, owns it from then on.</summary>
    public void Attach(FrameBuffer piece)
    {
        var slot = Slot;
        var last = slot.Last ?? slot;
        slot.Last = piece.Slot;
        last.Rest = piece;
    }

    /// <summary>Grows the data of the last piece to the back and returns the new bytes, whose content is unspecified.</summary>
    public Span<byte> AppendToLast(int count)
    {
        var last = Slot.Last ?? Slot;
        RequireRoom(count, last.Bytes.Length - last.Start - last.Length);
        var added = last.Bytes.Span.Slice(last.Start + last.Length, count);
        last.Length += count;
        return added;
    }

    /// <summary>Grows the data to the front and returns the new bytes, whose content is unspecified.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than <paramref name="count"/> bytes of headroom.</exception>
    public Span<byte> Prepend(int count)
    {
        var slot = Slot;
        RequireRoom(count, slot.Start);
        slot.Start -= count;
        slot.Length += count;
        return slot.Bytes.Span.Slice(slot.Start, count);
    }

    /// <summary>Grows the data to the back and returns the new bytes, whose content is unspecified.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than <paramref name="count"/> bytes of tailroom.</exception>
    public Span<byte> Append(int count)
    {
        var slot = Slot;
        RequireRoom(count, slot.Bytes.Length - slot.Start - slot.Length);
        var added = slot.Bytes.Span.Slice(slot.Start + slot.Length, count);
        slot.Length += count;
        return added;
    }

    /// <summary>Appends a copy of <paramref name="bytes"/>.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Append(bytes.Length));

    /// <summary>Drops the first <paramref name="count"/> bytes of the data; they become headroom.</summary>
    public void TrimStart(int count)
    {
        var slot = Slot;
        RequireRoom(count, slot.Length);
        slot.Start += count;
        slot.Length -= count;
    }

    /// <summary>Drops the last <paramref name="count"/> bytes of the data.</summary>
    public void TrimEnd(int count)
    {
        var slot = Slot;
        RequireRoom(count, slot.Length);
        slot.Length -= count;
    }

    /// <summary>Cuts or grows the data at the back to <paramref name="length"/> bytes; grown bytes are as the memory has them (a device wrote them).</summary>
    public void SetLength(int length)
    {
        var slot = Slot;
        RequireRoom(length, slot.Bytes.Length - slot.Start);
        slot.Length = length;
    }

    /// <summary>Makes the frame as freshly rented: empty, with <paramref name="headroom"/> bytes in front (the pool's default if negative).</summary>
    public void Reset(int headroom = -1)
    {
        var slot = Slot;
        var start = headroom < 0 ? slot.Pool.Headroom : headroom;
        RequireRoom(start, slot.Bytes.Length);
        slot.Start = start;
        slot.Length = 0;
        slot.Offload = default;
    }

    /// <summary>Gives the frame back to its pool, with all its pieces.</summary>
    public void Dispose()
    {
        var slot = _slot;
        var generation = _generation;
        while (slot is not null)
        {
            if (!slot.Slots.TryEndRental(slot, generation))
            {
                slot.Slots.CountMisuse();
#if DEBUG
                throw new InvalidOperationException($"Frame {slot.Index} was disposed twice.");
#else
                return;
#endif
            }

            // Between the end of the rental and the release the slot is nobody else's.
            var rest = slot.Rest;
            slot.Rest = default;
            slot.Last = null;
            slot.Slots.Release(slot.Index);
            slot = rest._slot;
            generation = rest._generation;
        }
    }

    /// <summary>Whether both handles name the same rental of the same frame.</summary>
    public bool Equals(FrameBuffer other) => ReferenceEquals(_slot, other._slot) && _generation == other._generation;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is FrameBuffer other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_slot is null ? -1 : _slot.Index, _generation);

    /// <summary>Whether both handles name the same rental of the same frame.</summary>
    public static bool operator ==(FrameBuffer left, FrameBuffer right) => left.Equals(right);

    /// <summary>Whether the handles name different frames or rentals.</summary>
    public static bool operator !=(FrameBuffer left, FrameBuffer right) => !left.Equals(right);

    /// <summary>What the handle names, unchecked.</summary>
    internal FrameSlot? SlotOrNone => _slot;

    private FrameSlot Slot
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
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

    private static void RequireRoom(int count, int room)
    {
        if ((uint)count > (uint)room)
        {
            RefuseRoom(count, room);
        }
    }

    [DoesNotReturn]
    private static void RefuseRoom(int count, int room) =>
        throw new ArgumentOutOfRangeException(nameof(count), count, $"The frame has room for {room} bytes there.");

    [DoesNotReturn]
    private static void RefuseUse(FrameSlot? slot)
    {
        slot?.Slots.CountMisuse();
        throw new InvalidOperationException(slot is null ? "The handle names no frame." : $"Frame {slot.Index} was used after it was disposed.");
    }
}
