namespace Troupe.Core.Machine;

/// <summary>The seam to the calling processor's model-specific registers. Reading one that does not exist is a fault: ask CPUID first.</summary>
public interface IModelSpecificRegisters
{
    /// <summary>RDMSR.</summary>
    static abstract ulong Read(uint register);

    /// <summary>WRMSR.</summary>
    static abstract void Write(uint register, ulong value);

    /// <summary>
    /// MFENCE and LFENCE: orders earlier memory accesses before the next write of an x2APIC register or of the TSC deadline,
    /// which, unlike other WRMSRs, do not serialise (SDM vol. 3, 11.12.3 and 11.5.4.1).
    /// </summary>
    static abstract void Fence();
}
