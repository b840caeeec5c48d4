using System.Runtime.Intrinsics.X86;

namespace Troupe.Core.Machine;

/// <summary>The seam to the time stamp counter on the machine.</summary>
public readonly struct KernelTimeStampCounter : ITimeStampCounter
{
    /// <inheritdoc/>
    public static ulong Read() => Instructions.ReadTimeStampCounter();

    /// <inheritdoc/>
    public static ulong ReadOrdered()
    {
        Sse2.LoadFence();
        return Instructions.ReadTimeStampCounter();
    }
}
