// VIRTIO 1.2, section 2.8: the device's side of a packed ring, written from the standard independently of the driver's side; and what the standard forbids it.
namespace Troupe.Verification.Simulator;

/// <summary>The packed ring of a <see cref="LyingQueue"/>. Nobody but the two sides' counting says where they are in it, so a device that writes what is not its to write is lost from then on.</summary>
internal sealed class LyingPackedRing(GuardedMemory memory, LyingQueue queue, Func<bool> hasEventIndex)
{
    private const int Next = 1, Write = 2, Available = 1 << 7, Used = 1 << 15;
    private const int AtDescriptor = 2, Disabled = 1;
    private readonly Dictionary<uint, int> _lengths = [];
    private Position _next = new(0, true);
    private Position _used = new(0, true);

    /// <summary>Takes the next buffer that the driver has made available; null if there is none.</summary>
    public LyingChain? Take()
    {
        if (!IsAvailable(_next))
            return null;
        List<LyingChain.Piece> pieces = [];
        while (true)
        {
            if (pieces.Count == queue.Size || !IsAvailable(_next))
                throw new InvariantException($"The driver's descriptors do not end: {_next} after {pieces.Count} in a queue of {queue.Size}.");
            ulong at = At(_next);
            ushort flags = memory.Read16(at + 14);
            LyingChain.Piece piece = new(memory.Read64(at), (int)memory.Read32(at + 8), (flags & Write) != 0);
            // Told if it is no memory of the device's.
            memory.At(piece.Address, piece.Length);
            pieces.Add(piece);
            _next = Advance(_next);
            if ((flags & Next) != 0)
                continue;
            ushort head = memory.Read16(at + 12);
            if (!_lengths.TryAdd(head, pieces.Count))
                throw new InvariantException($"The driver gave two buffers the identifier {head}.");
            if (hasEventIndex())
            {
                memory.Write16(queue.Used, _next.Event);
                memory.Write16(queue.Used + 2, AtDescriptor);
            }

            return new(head, pieces);
        }
    }

    /// <summary>Gives a buffer back, or says so; whether the driver wants to hear of it, and whether the device had it.</summary>
    public bool Push(uint head, uint written, out bool isTrue)
    {
        ulong at = At(_used);
        memory.Write16(at + 12, (ushort)head);
        memory.Write32(at + 8, written);
        MarkUsed(_used);
        isTrue = _lengths.Remove(head, out int length);
        ushort flags = memory.Read16(queue.Available + 2);
        ushort wanted = memory.Read16(queue.Available);
        bool isReached = false;
        for (int step = 0; step < Math.Max(1, length); step++)
        {
            isReached |= wanted == _used.Event;
            _used = Advance(_used);
        }

        return flags != Disabled && (flags != AtDescriptor || isReached);
    }

    /// <summary>Says of so many descriptors that they were used, from the next on or, with a negative number, of those before it and of the wrong round.</summary>
    public void Claim(int by)
    {
        Position position = by < 0 ? new(((_used.Index + by) % queue.Size + queue.Size) % queue.Size, !_used.Wrap) : _used;
        for (int count = Math.Min(Math.Abs(by), queue.Size); count > 0; count--)
        {
            MarkUsed(position);
            position = Advance(position);
        }
    }

    public void Reset()
    {
        _lengths.Clear();
        _next = _used = new(0, true);
    }

    private void MarkUsed(Position position) => memory.Write16(At(position) + 14, (ushort)(position.Wrap ? Available | Used : 0));

    private bool IsAvailable(Position position) => (memory.Read16(At(position) + 14) & (Available | Used)) == (position.Wrap ? Available : Used);

    private Position Advance(Position position) => position.Index + 1 == queue.Size ? new(0, !position.Wrap) : position with { Index = position.Index + 1 };

    private ulong At(Position position) => queue.Descriptors + (16ul * (ulong)position.Index);

    /// <summary>A place in the ring, and the wrap counter of the round.</summary>
    private readonly record struct Position(int Index, bool Wrap)
    {
        /// <summary>As the event suppression has it: 2.8.14.</summary>
        public ushort Event => (ushort)(Index | (Wrap ? 1 << 15 : 0));
    }
}
