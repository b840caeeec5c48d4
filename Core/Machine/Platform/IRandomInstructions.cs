namespace Troupe.Core.Machine;

/// <summary>The seam to the processor's random number instructions; CPUID says which exist.</summary>
public unsafe interface IRandomInstructions
{
    /// <summary>RDRAND.</summary>
    /// <returns>Whether the carry flag said that the value is good.</returns>
    static abstract bool TryRdRand(ulong* value);

    /// <summary>RDSEED.</summary>
    /// <returns>Whether the carry flag said that the value is good.</returns>
    static abstract bool TryRdSeed(ulong* value);
}
