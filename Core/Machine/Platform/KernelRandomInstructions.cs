namespace Troupe.Core.Machine;

/// <summary>The seam to RDRAND and RDSEED on the machine.</summary>
public readonly unsafe struct KernelRandomInstructions : IRandomInstructions
{
    /// <inheritdoc/>
    public static bool TryRdRand(ulong* value) => Instructions.RdRand(value) != 0;

    /// <inheritdoc/>
    public static bool TryRdSeed(ulong* value) => Instructions.RdSeed(value) != 0;
}
