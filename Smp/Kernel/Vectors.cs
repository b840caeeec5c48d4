namespace Troupe.Smp.Kernel;

/// <summary>The interrupt vectors: 0-31 are the processor's exceptions (SDM vol. 3, table 6-1), 0x30-0xEF the devices', the rest ours.</summary>
internal static class Vectors
{
    internal const int PageFault = 14, NonMaskable = 2, DoubleFault = 8, MachineCheck = 18;
    internal const int LastException = 31;

    /// <summary>Where the legacy controllers' lines are moved; they stay masked.</summary>
    internal const byte LegacyBase = 0x20;

    internal const byte FirstDevice = 0x30, LastDevice = 0xEF;
    internal const byte Timer = 0xF0, Reschedule = 0xF1, TlbShootdown = 0xF2, HypervisorEvents = 0xF3, ApicError = 0xFE, Spurious = 0xFF;

    /// <summary>entry.S puts it where a vector stands for a system call.</summary>
    internal const ulong SystemCall = 0x100;
}
