using System.Runtime.CompilerServices;

namespace Troupe.Core.Machine.Memory;

/// <summary>RAM in the kernel: every physical address is its own virtual address (<see cref="KernelMap{TMemory, TProcessors, TPhysical, TTranslation}"/>).</summary>
public readonly unsafe struct IdentityMap : IDirectMap
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* At(ulong physical) => (byte*)physical;

    /// <inheritdoc/>
    public static void ClearFrame(ulong physical) => Instructions.Zero(physical, PageSize.Small);
}
