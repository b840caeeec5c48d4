using System.Runtime.Intrinsics.X86;

namespace Troupe.Core.Machine;

/// <summary>The seam to model-specific registers on the machine: RDMSR and WRMSR.</summary>
public readonly struct KernelModelSpecificRegisters : IModelSpecificRegisters
{
    /// <inheritdoc/>
    public static ulong Read(uint register) => Instructions.ReadMsr(register);

    /// <inheritdoc/>
    public static void Write(uint register, ulong value) => Instructions.WriteMsr(register, value);

    /// <inheritdoc/>
    public static void Fence()
    {
        Sse2.MemoryFence();
        Sse2.LoadFence();
    }
}
