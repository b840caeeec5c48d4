namespace Troupe.Drivers.Contracts;

/// <summary>What a <see cref="FrameBatch"/> handle names: an array of frames, taken from the front and added at the back.</summary>
internal sealed class FrameBatchSlot : PoolSlot
{
    /// <summary>Set before the first handle is born, and never again.</summary>
    public FrameBuffer[] Frames = null!;

    /// <summary>Position of the next frame to take.</summary>
    public int First;

    /// <summary>Position after the last frame.</summary>
    public int End;
}
