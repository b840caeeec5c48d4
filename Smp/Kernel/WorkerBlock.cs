using System.Runtime.InteropServices;

namespace Troupe.Smp.Kernel;

/// <summary>Where a processor's interrupts meet its actor worker: 64 bytes of kernel memory.</summary>
/// <remarks>
/// Protocol: an interrupt sets its bit (atomic), then exchanges 1 into <see cref="Park"/> and wakes the futex if -1 was there. The worker
/// parks by exchanging 0 into the word, looking at the bits, moving 0 to -1 and waiting for it to change: check, signal, recheck.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = Size)]
public struct WorkerBlock
{
    /// <summary>Bytes: a cache line.</summary>
    public const int Size = 64;

    /// <summary>The vector of bit 0 of the first word.</summary>
    public const int FirstVector = 0x30;

    /// <summary>Words of pending bits.</summary>
    public const int Words = 3;

    /// <summary>The values of <see cref="Park"/>.</summary>
    public const int Empty = 0, Permit = 1, Parked = -1;

    /// <summary>Pending bits.</summary>
    [FieldOffset(0)] public long Pending;

    /// <summary>The worker's parking word: a futex.</summary>
    [FieldOffset(32)] public int Park;
}
