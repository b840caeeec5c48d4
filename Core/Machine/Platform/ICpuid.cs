namespace Troupe.Core.Machine;

/// <summary>The seam to the CPUID instruction.</summary>
public unsafe interface ICpuid
{
    /// <summary>Executes CPUID.</summary>
    static abstract void Query(uint leaf, uint subleaf, CpuidResult* result);
}
