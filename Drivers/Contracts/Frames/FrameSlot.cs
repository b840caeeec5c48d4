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

    public FrameOffload Offload;
}
