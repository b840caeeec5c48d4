using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel.Processors;

/// <summary>
/// The local APIC's timer of each processor, one shot. Re-arming costs a trip to the emulator or hypervisor, so an alarm that is
/// earlier than needed is left alone: it rings, finds nothing to do, and the next one is set.
/// </summary>
internal static unsafe class LocalTimer
{
    // 32-bit count registers: a far deadline is approached in steps of at most this.
    private const long LongestNanoseconds = 1_000_000_000;

    private static ulong _ticksPerNanosecond32;
    private static bool _deadlineMode;

    /// <summary>Sets the scale: ticks of the APIC timer a second.</summary>
    internal static void Initialize(ulong frequency, bool deadlineMode)
    {
        _ticksPerNanosecond32 = (frequency << 32) / 1_000_000_000;
        _deadlineMode = deadlineMode;
    }

    /// <summary>Each processor, once.</summary>
    internal static void Configure() => LocalInterrupts.ConfigureTimer(Vectors.Timer, _deadlineMode);

    /// <summary>The alarm rang.</summary>
    internal static void OnInterrupt(PerProcessor* processor) => processor->TimerDeadline = long.MaxValue;

    /// <summary>Makes sure that the timer rings no later than the scheduler wants.</summary>
    internal static void Arm(PerProcessor* processor)
    {
        long deadline = Threads.NextTimerDeadline(processor->Index);
        long now = 0;
        if (processor->Current == processor->Idle && Watchdog.IsAnotherAtWork(processor->Index))
        {
            now = KernelClock.Now;
            deadline = deadline < now + Watchdog.IdleInterval ? deadline : now + Watchdog.IdleInterval;
        }

        if (deadline >= processor->TimerDeadline)
        {
            return;
        }

        now = now == 0 ? KernelClock.Now : now;
        long wait = deadline <= now ? 1 : deadline - now;
        if (wait > LongestNanoseconds)
        {
            wait = LongestNanoseconds;
            deadline = now + wait;
        }

        processor->TimerDeadline = deadline;
        if (_deadlineMode)
        {
            LocalInterrupts.ArmTimerDeadline(Instructions.ReadTimeStampCounter() + KernelClock.ToCycles(wait));
        }
        else
        {
            ulong ticks = ((ulong)wait * _ticksPerNanosecond32) >> 32;
            LocalInterrupts.ArmTimerCount((uint)(ticks + 1));
        }
    }
}
