using Troupe.Drivers.Virtio;

namespace Troupe.Verification.Coyote;

/// <summary>The device's side of a split virtqueue with event indices (VIRTIO 1.2, 2.7.7, 2.7.8 and 2.7.10).</summary>
internal sealed class ModelQueue(ModelBlock rings, VirtqueueLayout layout)
{
    private const int Next = 1;
    private ushort _seen;
    private ushort _used;

    private int AvailableIndex => layout.AvailableOffset + 2;

    private int UsedEvent => layout.AvailableOffset + 4 + (2 * layout.Size);

    private int UsedIndex => layout.UsedOffset + 2;

    private int AvailableEvent => layout.UsedOffset + 4 + (8 * layout.Size);

    public bool TryPop(out int head, out Memory<byte> memory)
    {
        memory = TryTake(out head) ? Piece(head) : default;
        return head >= 0;
    }

    /// <summary>A buffer with all its pieces: 2.7.5.</summary>
    public bool TryPopChain(out int head, out IReadOnlyList<Memory<byte>> pieces)
    {
        var chain = new List<Memory<byte>>();
        pieces = chain;
        if (!TryTake(out head)) return false;
        for (var descriptor = head; ; descriptor = rings.Read16(At(descriptor) + 14))
        {
            chain.Add(Piece(descriptor));
            if ((rings.Read16(At(descriptor) + 12) & Next) == 0) return true;
        }
    }

    private bool TryTake(out int head)
    {
        if (rings.Read16(AvailableIndex) == _seen)
        {
            // Asks to be told of the next one, and looks again: 2.7.10.
            rings.Write16(AvailableEvent, _seen);
            if (rings.Read16(AvailableIndex) == _seen)
            {
                head = -1;
                return false;
            }
        }

        head = rings.Read16(layout.AvailableOffset + 4 + (2 * (_seen % layout.Size)));
        _seen++;
        return true;
    }

    private int At(int descriptor) => layout.DescriptorOffset + (16 * descriptor);

    private Memory<byte> Piece(int descriptor)
    {
        var (block, offset) = rings.Addresses[At(descriptor)];
        return block.Memory.Slice(offset, rings.Read16(At(descriptor) + 8));
    }

    /// <summary>Whether the driver wants to hear of it: 2.7.7.2.</summary>
    public bool Push(int head, int written)
    {
        var at = layout.UsedOffset + 4 + (8 * (_used % layout.Size));
        rings.Write16(at, (ushort)head);
        rings.Write16(at + 4, (ushort)written);
        var old = _used++;
        rings.Write16(UsedIndex, _used);
        var wanted = rings.Read16(UsedEvent);
        return (ushort)(_used - wanted - 1) < (ushort)(_used - old);
    }
}
