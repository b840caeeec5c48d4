namespace Troupe.Smp.Kernel.Scheduling;

/// <summary>The numbers of the scheduler; what follows from them is derived in docs/scheduling.md.</summary>
public static class SchedulingConstants
{
    /// <summary>How long a thread runs while another is ready on its processor: 2 ms.</summary>
    public const long Quantum = 2_000_000;

    /// <summary>What <c>sched_yield</c> charges the band: 1/16 of a quantum, so that a spinning band soon stands behind the others.</summary>
    public const long YieldCharge = Quantum / 16;

    /// <summary>
    /// The most that one turn on the processor charges a band. A turn is longer only when the host stopped the guest,
    /// and the band that was on the processor then must not be locked out for as long afterwards.
    /// </summary>
    public const long MaximumCharge = 2 * Quantum;

    /// <summary>How often a processor with waiting threads hands one to a processor with fewer: 10 ms.</summary>
    public const long BalanceInterval = 10_000_000;

    /// <summary>How many threads of a band a thief looks at: bounds the time with the victim's lock held.</summary>
    public const int StealScan = 16;

    /// <summary>Number of bands.</summary>
    public const int Bands = 3;

    /// <summary>
    /// Virtual nanoseconds for one nanosecond run: the inverse of the weights 60, 30 and 10, so that with all three bands
    /// busy High has 60 %, Normal 30 % and Low 10 % of the processor.
    /// </summary>
    public static long Multiplier(int band) => band == (int)Band.High ? 1 : band == (int)Band.Normal ? 2 : 6;
}
