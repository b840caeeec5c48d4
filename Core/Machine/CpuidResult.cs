namespace Troupe.Core.Machine;

/// <summary>What CPUID leaves in four registers.</summary>
public struct CpuidResult
{
    /// <summary>The registers' values.</summary>
    public uint Eax, Ebx, Ecx, Edx;
}
