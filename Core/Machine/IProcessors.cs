namespace Troupe.Core.Machine;

/// <summary>Why one processor interrupts another.</summary>
public enum ProcessorInterrupt
{
    /// <summary>Look at the run queue, and at the pending signals of the running thread.</summary>
    Reschedule,

    /// <summary>Drop stale translations and acknowledge.</summary>
    TlbShootdown,
}

/// <summary>
/// The platform seam of kernel protocols: who am I, how many are we, how do I call another.
/// The kernel's implementation reads the GS segment and writes the local APIC; tests count and deliver by hand.
/// </summary>
public interface IProcessors
{
    /// <summary>The limit at compile time: arrays of per-processor state have this many elements.</summary>
    const int Maximum = 64;

    /// <summary>Index of the calling processor, from 0.</summary>
    static abstract int Current { get; }

    /// <summary>How many processors are online.</summary>
    static abstract int Count { get; }

    /// <summary>
    /// Called in every turn of a spin loop of the kernel: the spin-wait hint, and the answer to a TLB shootdown
    /// that is waiting for this processor (which cannot take the interrupt while it spins).
    /// </summary>
    static abstract void Pause();

    /// <summary>Sends an interrupt; it may arrive at any later time, and two may arrive as one.</summary>
    static abstract void Interrupt(int processor, ProcessorInterrupt reason);

    /// <summary>Monotonic time in nanoseconds since boot.</summary>
    static abstract long Now { get; }
}
