namespace Troupe.Core.Machine;

/// <summary>What the random generator was seeded from, worst first.</summary>
public enum EntropyQuality
{
    /// <summary>Nothing yet.</summary>
    None = 0,

    /// <summary>Only the jitter of timing: the kernel logs a warning.</summary>
    TimerJitter = 1,

    /// <summary>A virtio entropy device.</summary>
    Device = 2,

    /// <summary>RDSEED or RDRAND.</summary>
    Hardware = 3,
}
