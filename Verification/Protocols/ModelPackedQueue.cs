using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;

namespace Troupe.Verification.Protocols;

/// <summary>
/// The device's side of a packed virtqueue: VIRTIO 1.2, 2.8.1, 2.8.6 and 2.8.10. It writes its event suppression in one access, as the driver reads it.
/// </summary>
internal sealed class ModelPackedQueue(DmaBlock rings, VirtqueueLayout layout, bool hasEventIndex, Func<int, (DmaBlock Block, int Offset)> addressAt) : ModelQueue(rings, addressAt)
{
    private const int Next = 1, Available = 1 << 7, Used = 1 << 15;
    private const uint Enabled = 0, Disabled = 1, AtDescriptor = 2;
    private readonly Dictionary<int, int> _lengths = [];
    private (int Index, bool Wrap) _next = (0, true);
    private (int Index, bool Wrap) _used = (0, true);

    public override bool TryPop(out int head, out IReadOnlyList<Piece> pieces)
    {
        var chain = new List<Piece>();
        pieces = chain;
        head = -1;
        if (!IsAvailable(out var flags))
        {
            // Asks to be told of the next one, and looks again: 2.8.10.
            Suppress(hasEventIndex ? AtDescriptor : Enabled, Event(_next));
            Rings.FullFence();
            if (!IsAvailable(out flags)) return false;
            if (!hasEventIndex) Suppress(Disabled, 0);
        }

        while (true)
        {
            chain.Add(PieceAt(At(_next)));
            head = Rings.ReadUInt16(At(_next) + 12);
            Advance(ref _next);
            if ((flags & Next) == 0) break;
            flags = Rings.ReadUInt16(At(_next) + 14);
        }

        // A device may lie about what it has; then it is not in here.
        _lengths[head] = chain.Count;
        return true;
    }

    public override bool Push(int head, int written)
    {
        var at = At(_used);
        Rings.WriteUInt16(at + 12, (ushort)head);
        Rings.WriteUInt32(at + 8, (uint)written);
        Rings.WriteUInt16Release(at + 14, (ushort)(_used.Wrap ? Available | Used : 0));
        Rings.FullFence();
        if (!_lengths.Remove(head, out var length)) length = 1;
        // The driver writes the other way round.
        var flags = Rings.ReadUInt16Acquire(layout.DriverOffset + 2);
        var wanted = Rings.ReadUInt16(layout.DriverOffset);
        var isReached = false;
        for (var step = 0; step < length; step++)
        {
            isReached |= wanted == Event(_used);
            Advance(ref _used);
        }

        return flags != Disabled && (flags != AtDescriptor || isReached);
    }

    private static ushort Event((int Index, bool Wrap) descriptor) => (ushort)(descriptor.Index | (descriptor.Wrap ? 1 << 15 : 0));

    private void Suppress(uint flags, ushort descriptor) => Rings.WriteUInt32(layout.DeviceOffset, (flags << 16) | descriptor);

    private bool IsAvailable(out int flags)
    {
        flags = Rings.ReadUInt16Acquire(At(_next) + 14);
        return (flags & (Available | Used)) == (_next.Wrap ? Available : Used);
    }

    private void Advance(ref (int Index, bool Wrap) descriptor) =>
        descriptor = descriptor.Index + 1 == layout.Size ? (0, !descriptor.Wrap) : (descriptor.Index + 1, descriptor.Wrap);

    private int At((int Index, bool Wrap) descriptor) => layout.DescriptorOffset + (16 * descriptor.Index);
}
