namespace Troupe.Core.Machine;

/// <summary>Against what the TSC's frequency was determined.</summary>
public enum ClockReference
{
    /// <summary>Nothing: calibration failed, and the frequencies are 0.</summary>
    None = 0,

    /// <summary>The hypervisor's CPUID leaf, or kvmclock.</summary>
    Hypervisor = 1,

    /// <summary>CPUID leaf 0x15: ratio to a crystal of known frequency.</summary>
    Crystal = 2,

    /// <summary>CPUID leaf 0x16, which rounds to a megahertz.</summary>
    BaseFrequency = 3,

    /// <summary>The PIT's channel 2.</summary>
    PitChannel2 = 4,

    /// <summary>The PIT's channel 0.</summary>
    PitChannel0 = 5,

    /// <summary>The local APIC's timer, taken to run at the 1 GHz that KVM and QEMU give it.</summary>
    ApicTimer = 6,
}

/// <summary>The frequencies found at boot.</summary>
public struct ClockCalibration
{
    /// <summary>Ticks of the TSC per second.</summary>
    public ulong TimeStampCounterFrequency;

    /// <summary>Ticks of the local APIC's timer per second, undivided.</summary>
    public ulong ApicTimerFrequency;

    /// <summary>Where the first came from.</summary>
    public ClockReference Reference;

    /// <summary>Bound of the first's error in parts per million where it was measured; 0 where it was told.</summary>
    public uint UncertaintyPartsPerMillion;
}
