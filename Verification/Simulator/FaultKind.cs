namespace Troupe.Verification.Simulator;

/// <summary>What goes wrong in a simulated network. A seed has a random mix of them.</summary>
[Flags]
public enum FaultKinds
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Frames are lost.</summary>
    Loss = 1,

    /// <summary>Frames overtake others.</summary>
    Reordering = 1 << 1,

    /// <summary>Frames arrive twice.</summary>
    Duplication = 1 << 2,

    /// <summary>A bit of a frame is changed.</summary>
    Corruption = 1 << 3,

    /// <summary>Frames are held up, all of them for a while, as by a full queue.</summary>
    Delay = 1 << 4,

    /// <summary>Nothing gets through, in one direction or both.</summary>
    Partition = 1 << 5,

    /// <summary>The path takes smaller packets, and its router says so or keeps silent.</summary>
    MtuChange = 1 << 6,

    /// <summary>Time jumps, as for a machine that was paused: all timers are late.</summary>
    ClockJump = 1 << 7,

    /// <summary>An interrupt is not delivered while this lasts.</summary>
    LostInterrupt = 1 << 8,

    /// <summary>Interrupts without a cause.</summary>
    SpuriousInterrupt = 1 << 9,

    /// <summary>Frames arrive in bursts that the receive ring has no room for.</summary>
    RingOverrun = 1 << 10,

    /// <summary>The device asks for a reset, or lies about its ring.</summary>
    DeviceReset = 1 << 11,

    /// <summary>The driver's actor fails.</summary>
    DriverCrash = 1 << 12,

    /// <summary>The device's frames and batches are all taken for a while, and its memory is refused.</summary>
    MemoryRefusal = 1 << 13,

    /// <summary>A layer's behaviour is swapped for a new one.</summary>
    LayerSwap = 1 << 14,

    /// <summary>All of them.</summary>
    All = (1 << 15) - 1,
}
