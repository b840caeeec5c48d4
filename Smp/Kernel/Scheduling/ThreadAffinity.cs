using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel.Scheduling;

/// <summary>Where a thread may run. The mask is written by any processor at any time, so it is read through the seam.</summary>
public static unsafe class ThreadAffinity
{
    /// <summary>The mask.</summary>
    public static ulong Read<TMemory>(KernelThread* thread)
        where TMemory : struct, IMemory
        => (ulong)TMemory.LoadAcquire(ref *(long*)&thread->Affinity);

    /// <summary>Whether a thread may run on a processor. A mask that names no processor online allows all.</summary>
    public static bool Allows<TMemory, TProcessors>(KernelThread* thread, int processor)
        where TMemory : struct, IMemory
        where TProcessors : struct, IProcessors
        => (Effective<TProcessors>(Read<TMemory>(thread)) & (1UL << processor)) != 0;

    /// <summary>The processors online that a mask allows: never empty.</summary>
    public static ulong Effective<TProcessors>(ulong affinity)
        where TProcessors : struct, IProcessors
    {
        int count = TProcessors.Count;
        ulong online = count >= 64 ? ulong.MaxValue : (1UL << count) - 1;
        ulong allowed = affinity & online;
        return allowed != 0 ? allowed : online;
    }
}
