namespace Troupe.Drivers.Contracts;

/// <summary>What a <see cref="FrameBatch"/> handle names: an array of frames, taken from the front and added at the back.</summary>
internal sealed class FrameBatchSlot : PoolSlot
{
    public required FrameBuffer[] Frames { get; init; }

    /// <summary>Position of the next frame to take.</summary>
    public int First;

    /// <summary>Position after the last frame.</summary>
    public int End;
}
