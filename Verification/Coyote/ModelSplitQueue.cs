using Troupe.Drivers.Virtio;

namespace Troupe.Verification.Coyote;

/// <summary>The device's side of a split virtqueue with event indices: VIRTIO 1.2, 2.7.7, 2.7.8 and 2.7.10.</summary>
internal sealed class ModelSplitQueue(ModelBlock rings, VirtqueueLayout layout) : ModelQueue(rings)
{
    private const int Next = 1;
    private ushort _seen;
    private ushort _used;

    private int AvailableIndex => layout.DriverOffset + 2;

    private int UsedEvent => layout.DriverOffset + 4 + (2 * layout.Size);

    private int UsedIndex => layout.DeviceOffset + 2;

    private int AvailableEvent => layout.DeviceOffset + 4 + (8 * layout.Size);

    // 2.7.5.
    public override bool TryPopChain(out int head, out IReadOnlyList<Memory<byte>> pieces)
    {
        var chain = new List<Memory<byte>>();
        pieces = chain;
        if (!TryTake(out head)) return false;
        for (var descriptor = head; ; descriptor = Rings.Read16(At(descriptor) + 14))
        {
            chain.Add(Piece(At(descriptor)));
            if ((Rings.Read16(At(descriptor) + 12) & Next) == 0) return true;
        }
    }

    private bool TryTake(out int head)
    {
        if (Rings.Read16(AvailableIndex) == _seen)
        {
            // Asks to be told of the next one, and looks again: 2.7.10.
            Rings.Write16(AvailableEvent, _seen);
            if (Rings.Read16(AvailableIndex) == _seen)
            {
                head = -1;
                return false;
            }
        }

        head = Rings.Read16(layout.DriverOffset + 4 + (2 * (_seen % layout.Size)));
        _seen++;
        return true;
    }

    private int At(int descriptor) => layout.DescriptorOffset + (16 * descriptor);

    // 2.7.7.2.
    public override bool Push(int head, int written)
    {
        var at = layout.DeviceOffset + 4 + (8 * (_used % layout.Size));
        Rings.Write16(at, (ushort)head);
        Rings.Write16(at + 4, (ushort)written);
        var old = _used++;
        Rings.Write16(UsedIndex, _used);
        var wanted = Rings.Read16(UsedEvent);
        return (ushort)(_used - wanted - 1) < (ushort)(_used - old);
    }
}
