using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;

namespace Troupe.Verification.Protocols;

/// <summary>The device's side of a split virtqueue: VIRTIO 1.2, 2.7.5 to 2.7.8 and 2.7.10.</summary>
internal sealed class ModelSplitQueue(DmaBlock rings, VirtqueueLayout layout, bool hasEventIndex, Func<int, (DmaBlock Block, int Offset)> addressAt) : ModelQueue(rings, addressAt)
{
    private const int Next = 1;
    private const ushort NoInterrupt = 1, NoNotify = 1;
    private ushort _seen;
    private ushort _used;

    private int AvailableFlags => layout.DriverOffset;

    private int AvailableIndex => layout.DriverOffset + 2;

    private int UsedEvent => layout.DriverOffset + 4 + (2 * layout.Size);

    private int UsedFlags => layout.DeviceOffset;

    private int UsedIndex => layout.DeviceOffset + 2;

    private int AvailableEvent => layout.DeviceOffset + 4 + (8 * layout.Size);

    private bool IsAvailable => Rings.ReadUInt16Acquire(AvailableIndex) != _seen;

    // 2.7.5.
    public override bool TryPop(out int head, out IReadOnlyList<Piece> pieces)
    {
        var chain = new List<Piece>();
        pieces = chain;
        if (!TryTake(out head)) return false;
        for (var descriptor = head; ; descriptor = Rings.ReadUInt16(At(descriptor) + 14))
        {
            chain.Add(PieceAt(At(descriptor)));
            if ((Rings.ReadUInt16(At(descriptor) + 12) & Next) == 0) return true;
        }
    }

    // 2.7.7.2.
    public override bool Push(int head, int written)
    {
        var at = layout.DeviceOffset + 4 + (8 * (_used % layout.Size));
        Rings.WriteUInt32(at, (uint)head);
        Rings.WriteUInt32(at + 4, (uint)written);
        var old = _used++;
        Rings.WriteUInt16Release(UsedIndex, _used);
        Rings.FullFence();
        return hasEventIndex
            ? (ushort)(_used - Rings.ReadUInt16(UsedEvent) - 1) < (ushort)(_used - old)
            : (Rings.ReadUInt16(AvailableFlags) & NoInterrupt) == 0;
    }

    private bool TryTake(out int head)
    {
        if (!IsAvailable)
        {
            // Asks to be told of the next one, and looks again: 2.7.10.
            if (hasEventIndex) Rings.WriteUInt16(AvailableEvent, _seen);
            else Rings.WriteUInt16(UsedFlags, 0);
            Rings.FullFence();
            if (!IsAvailable)
            {
                head = -1;
                return false;
            }

            if (!hasEventIndex) Rings.WriteUInt16(UsedFlags, NoNotify);
        }

        head = Rings.ReadUInt16(layout.DriverOffset + 4 + (2 * (_seen % layout.Size)));
        _seen++;
        return true;
    }

    private int At(int descriptor) => layout.DescriptorOffset + (16 * descriptor);
}
