namespace Troupe.Core.Machine.Memory;

/// <summary>The kernel's copy routine, Assembly/instructions.S.</summary>
public readonly unsafe struct KernelFaultingCopy : IFaultingCopy
{
    /// <inheritdoc/>
    public static ulong Copy(void* destination, void* source, ulong bytes) => Instructions.CopyWithFixup((ulong)destination, (ulong)source, bytes);
}
