namespace Troupe.Core.Machine;

/// <summary>The seam to the time stamp counter on the machine.</summary>
public readonly struct KernelTimeStampCounter : ITimeStampCounter
{
    /// <inheritdoc/>
    public static ulong Read() => Instructions.ReadTimeStampCounter();
}
