namespace Troupe.Smp.Kernel.Scheduling;

/// <summary>
/// What a processor has promised to do about its run queue. A waker enqueues, passes a full fence and reads this; the processor
/// announces with a full fence and reads its queue again. One of the two sees the other (docs/scheduling.md).
/// Plain numbers, because atomics on enumerations are not seen by the verification tools.
/// </summary>
public static class ProcessorMode
{
    /// <summary>In the kernel, and will look at its queue before it leaves.</summary>
    public const int Awake = 0;

    /// <summary>Halted, or about to: only an interrupt makes it look.</summary>
    public const int Idle = 1;

    /// <summary>Was idle; one waker has claimed it and owes it an interrupt.</summary>
    public const int Waking = 2;

    /// <summary>Runs a thread with no quantum timer armed: only an interrupt makes it look.</summary>
    public const int Alone = 3;

    /// <summary>Runs a thread, and will look at the end of the quantum at the latest.</summary>
    public const int Sharing = 4;
}
