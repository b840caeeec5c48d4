namespace Troupe.Core.Machine;

/// <summary>The seam to CPUID on the machine.</summary>
public readonly unsafe struct KernelCpuid : ICpuid
{
    /// <inheritdoc/>
    public static void Query(uint leaf, uint subleaf, CpuidResult* result) => Instructions.Cpuid(leaf, subleaf, result);
}
