using Troupe.Drivers.Virtio;

namespace Troupe.Verification.Coyote;

/// <summary>The device's side of a split virtqueue with event indices (VIRTIO 1.2, 2.7.7, 2.7.8 and 2.7.10).</summary>
internal sealed class ModelQueue(ModelBlock rings, VirtqueueLayout layout)
{
    private ushort _seen;
    private ushort _used;

    private int AvailableIndex => layout.AvailableOffset + 2;

    private int UsedEvent => layout.AvailableOffset + 4 + (2 * layout.Size);

    private int UsedIndex => layout.UsedOffset + 2;

    private int AvailableEvent => layout.UsedOffset + 4 + (8 * layout.Size);

    public bool TryPop(out int head, out Memory<byte> memory)
    {
        if (rings.Read16(AvailableIndex) == _seen)
        {
            // Asks to be told of the next one, and looks again: 2.7.10.
            rings.Write16(AvailableEvent, _seen);
            if (rings.Read16(AvailableIndex) == _seen)
            {
                (head, memory) = (-1, default);
                return false;
            }
        }

        head = rings.Read16(layout.AvailableOffset + 4 + (2 * (_seen % layout.Size)));
        _seen++;
        var at = layout.DescriptorOffset + (16 * head);
        var (block, offset) = rings.Addresses[at];
        memory = block.Memory.Slice(offset, rings.Read16(at + 8));
        return true;
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
