namespace Troupe.Core.Machine.Memory;

/// <summary>What a caller of the frame allocator did wrong. Each means memory is no longer to be trusted: the kernel panics.</summary>
public enum FrameError
{
    /// <summary>A frame was freed that is free already.</summary>
    DoubleFree,

    /// <summary>A frame was freed that was never the allocator's (a hole, a device, the kernel image), or the address is inside a frame.</summary>
    NotAllocated,

    /// <summary>A frame in a per-processor cache is not marked as cached: it was freed on two processors at once.</summary>
    CacheCorrupt,
}
