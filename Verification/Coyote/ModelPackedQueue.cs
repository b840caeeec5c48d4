using Troupe.Drivers.Virtio;

namespace Troupe.Verification.Coyote;

/// <summary>The device's side of a packed virtqueue with event suppression by descriptor (VIRTIO 1.2, 2.8.1, 2.8.6 and 2.8.10).</summary>
internal sealed class ModelPackedQueue(ModelBlock rings, VirtqueueLayout layout) : ModelQueue(rings)
{
    private const int Next = 1, Available = 1 << 7, Used = 1 << 15;
    private const int AtDescriptor = 2, Disabled = 1;
    private readonly Dictionary<int, int> _lengths = [];
    private (int Index, bool Wrap) _next = (0, true);
    private (int Index, bool Wrap) _used = (0, true);

    public override bool TryPopChain(out int head, out IReadOnlyList<Memory<byte>> pieces)
    {
        var chain = new List<Memory<byte>>();
        pieces = chain;
        head = -1;
        if (!IsAvailable(out var flags))
        {
            // Asks to be told of the next one, and looks again: 2.8.10.
            Rings.Write16(layout.DeviceOffset, Event(_next));
            Rings.Write16(layout.DeviceOffset + 2, AtDescriptor);
            if (!IsAvailable(out flags)) return false;
        }

        while (true)
        {
            chain.Add(Piece(At(_next)));
            head = Rings.Read16(At(_next) + 12);
            Advance(ref _next);
            if ((flags & Next) == 0) break;
            flags = Rings.Read16(At(_next) + 14);
        }

        // A device may lie about what it has; then it is not in here.
        _lengths[head] = chain.Count;
        return true;
    }

    public override bool Push(int head, int written)
    {
        var at = At(_used);
        Rings.Write16(at + 12, (ushort)head);
        Rings.Write16(at + 8, (ushort)written);
        Rings.Write16(at + 10, 0);
        Rings.Write16(at + 14, (ushort)(_used.Wrap ? Available | Used : 0));
        if (!_lengths.Remove(head, out var length)) length = 1;
        var flags = Rings.Read16(layout.DriverOffset + 2);
        var wanted = Rings.Read16(layout.DriverOffset);
        var isReached = false;
        for (var step = 0; step < length; step++)
        {
            isReached |= wanted == Event(_used);
            Advance(ref _used);
        }

        return flags != Disabled && (flags != AtDescriptor || isReached);
    }

    private static ushort Event((int Index, bool Wrap) descriptor) => (ushort)(descriptor.Index | (descriptor.Wrap ? 1 << 15 : 0));

    private bool IsAvailable(out int flags)
    {
        flags = Rings.Read16(At(_next) + 14);
        return (flags & (Available | Used)) == (_next.Wrap ? Available : Used);
    }

    private void Advance(ref (int Index, bool Wrap) descriptor) =>
        descriptor = descriptor.Index + 1 == layout.Size ? (0, !descriptor.Wrap) : (descriptor.Index + 1, descriptor.Wrap);

    private int At((int Index, bool Wrap) descriptor) => layout.DescriptorOffset + (16 * descriptor.Index);
}
