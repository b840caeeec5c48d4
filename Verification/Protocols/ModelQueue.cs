using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;

namespace Troupe.Verification.Protocols;

/// <summary>
/// The device's side of a virtqueue, written from VIRTIO 1.2, section 2.6, independently of the driver's. It asks to be notified only when it has nothing to do, and then looks once more. What an access is, a scheduling point
/// or a step of a memory model, is the block's.
/// </summary>
/// <param name="rings">The queue's memory; each location is accessed in one width by both sides.</param>
/// <param name="addressAt">What the address that stands at an offset of it leads to.</param>
internal abstract class ModelQueue(DmaBlock rings, Func<int, (DmaBlock Block, int Offset)> addressAt)
{
    protected DmaBlock Rings => rings;

    /// <summary>The device's side of what a driver has set up.</summary>
    public static ModelQueue Create(ulong features, DmaBlock rings, VirtqueueLayout layout, Func<int, (DmaBlock Block, int Offset)> addressAt)
    {
        var hasEventIndex = (features & VirtioFeatures.EventIndex) != 0;
        return (features & VirtioFeatures.RingPacked) != 0
            ? new ModelPackedQueue(rings, layout, hasEventIndex, addressAt)
            : new ModelSplitQueue(rings, layout, hasEventIndex, addressAt);
    }

    /// <summary>A buffer with all its pieces, if the driver has made one available.</summary>
    public abstract bool TryPop(out int head, out IReadOnlyList<Piece> pieces);

    /// <summary>Gives a buffer back. Whether the driver wants to hear of it.</summary>
    public abstract bool Push(int head, int written);

    /// <summary>Where a descriptor's address and length say; both kinds have them in the same places.</summary>
    protected Piece PieceAt(int at)
    {
        var (block, offset) = addressAt(at);
        return new Piece(block, offset, (int)rings.ReadUInt32(at + 8));
    }

    /// <summary>What one descriptor points to.</summary>
    internal readonly record struct Piece(DmaBlock Block, int Offset, int Length)
    {
        public Memory<byte> Memory => Block.Memory.Slice(Offset, Length);
    }
}
