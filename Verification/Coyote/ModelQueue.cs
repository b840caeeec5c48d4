namespace Troupe.Verification.Coyote;

/// <summary>The device's side of a virtqueue with event indices.</summary>
internal abstract class ModelQueue(ModelBlock rings)
{
    protected ModelBlock Rings => rings;

    /// <summary>A buffer with all its pieces, if the driver has made one available.</summary>
    public abstract bool TryPopChain(out int head, out IReadOnlyList<Memory<byte>> pieces);

    /// <summary>Gives a buffer back. Whether the driver wants to hear of it.</summary>
    public abstract bool Push(int head, int written);

    /// <summary>A buffer of one piece.</summary>
    public bool TryPop(out int head, out Memory<byte> memory)
    {
        var isThere = TryPopChain(out head, out var pieces);
        memory = isThere ? pieces[0] : default;
        return isThere;
    }

    /// <summary>Where a descriptor's address and length say; both kinds have them in the same places.</summary>
    protected Memory<byte> Piece(int at)
    {
        var (block, offset) = rings.Addresses[at];
        return block.Memory.Slice(offset, rings.Read16(at + 8));
    }
}
