namespace Troupe.Drivers.Contracts;

/// <summary>What a <see cref="FrameBuffer"/> handle names: a fixed piece of the pool's memory and the range of it in use.</summary>
internal sealed class FrameSlot : PoolSlot
{
    public required FramePool Pool { get; init; }

    /// <summary>The whole piece, headroom included.</summary>
    public required Memory<byte> Bytes { get; init; }

    /// <summary>Where the data starts in <see cref="Bytes"/>.</summary>
    public int Start;

    /// <summary>How long the data is.</summary>
    public int Length;

    /// <summary>Its checksum start counts from the beginning of <see cref="Bytes"/>, so that it stays right when headers come and go.</summary>
    public FrameOffload Offload;

    /// <summary>The next piece of the same frame, which this one owns.</summary>
    public FrameBuffer Rest;

    /// <summary>The last piece, in the first one; null in a frame of one piece.</summary>
    public FrameSlot? Last;
}
