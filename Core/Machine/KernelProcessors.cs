using Troupe.Core.Memory;

namespace Troupe.Core.Machine;

/// <summary>
/// Calls from Core up into Smp, filled by Smp before the second processor starts: function pointers, since nothing here may be
/// virtual. The one way up.
/// </summary>
public static unsafe class KernelUpcalls
{
    /// <summary>Answers a TLB shootdown that waits for this processor; called from spin loops.</summary>
    public static delegate*<void> AnswerShootdown;

    /// <summary>Sends an inter-processor interrupt.</summary>
    public static delegate*<int, ProcessorInterrupt, void> Interrupt;

    /// <summary>Stops every other processor for good (an NMI): a panic must not be talked into.</summary>
    public static delegate*<void> StopOthers;

    /// <summary>Prints what Smp knows about the thread that a processor runs, for a panic.</summary>
    public static delegate*<int, void> DescribeThread;
}

/// <summary>The platform seam on the machine: GS base, local APIC, time-stamp counter.</summary>
public readonly unsafe struct KernelProcessors : IProcessors
{
    private static int _count;

    /// <inheritdoc/>
    public static int Current => Instructions.ProcessorIndex();

    /// <inheritdoc/>
    public static int Count => ProcessorMemory.LoadAcquire(ref _count);

    /// <inheritdoc/>
    public static long Now => KernelClock.Now;

    /// <summary>A processor came up: the count goes up after everything about it is written.</summary>
    public static void SetCount(int count) => ProcessorMemory.StoreRelease(ref _count, count);

    /// <inheritdoc/>
    public static void Pause()
    {
        Instructions.Pause();
        if (KernelUpcalls.AnswerShootdown != null)
        {
            KernelUpcalls.AnswerShootdown();
        }
    }

    /// <inheritdoc/>
    public static void Interrupt(int processor, ProcessorInterrupt reason) => KernelUpcalls.Interrupt(processor, reason);
}
