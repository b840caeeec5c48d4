using Clock = Troupe.Core.Machine.MonotonicClock<Troupe.Core.Machine.KernelPhysicalMemory, Troupe.Core.Machine.KernelModelSpecificRegisters, Troupe.Core.Machine.KernelTimeStampCounter, Troupe.Core.Memory.ProcessorMemory>;

namespace Troupe.Core.Machine;

/// <summary>The kernel's one monotonic clock (Clocks/MonotonicClock.cs), set up once at boot.</summary>
public static unsafe class KernelClock
{
    private static ulong _frequency;

    /// <summary>Cycles of the time-stamp counter a second.</summary>
    public static ulong Frequency => _frequency;

    /// <summary>Starts time.</summary>
    /// <param name="frequency">Of the time-stamp counter, hertz.</param>
    /// <param name="start">The counter's value that is time zero.</param>
    /// <param name="useKvmClock">Whether kvmclock tells the time; it is enabled on this processor.</param>
    public static void Initialize(ulong frequency, ulong start, bool useKvmClock)
    {
        _frequency = frequency;
        if (useKvmClock)
        {
            Clock.UseKvmClock(frequency, Instructions.ProcessorIndex());
        }
        else
        {
            Clock.UseTimeStampCounter(frequency, start);
        }

        Clock.Publish(UserClock.Shared);
    }

    /// <summary>Nanoseconds since boot; 0 before the clock runs.</summary>
    public static long Now => _frequency == 0 ? 0 : Clock.Now(Instructions.ProcessorIndex());

    /// <summary>Cycles to nanoseconds.</summary>
    public static long ToNanoseconds(ulong cycles) => (long)Clock.ToNanoseconds(cycles);

    /// <summary>Nanoseconds to cycles.</summary>
    public static ulong ToCycles(long nanoseconds) => Clock.ToTimeStamps((ulong)nanoseconds);
}
