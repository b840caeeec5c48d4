namespace Troupe.Core.Machine;

/// <summary>Monotonic time: the time-stamp counter, scaled. Calibrated once at boot (Clocks/); the same on every processor.</summary>
public static class KernelClock
{
    private static ulong _base;
    private static ulong _multiplier;
    private static ulong _frequency;

    /// <summary>Cycles of the time-stamp counter a second.</summary>
    public static ulong Frequency => _frequency;

    /// <summary>Sets the scale; time counts from here.</summary>
    /// <param name="frequency">Hertz; between 1 MHz and 1 THz.</param>
    /// <param name="start">The counter's value that is time zero.</param>
    public static void Initialize(ulong frequency, ulong start)
    {
        _frequency = frequency;
        _base = start;

        // Nanoseconds a cycle as a 32.32 fixed-point number.
        _multiplier = (1_000_000_000UL << 32) / frequency;
    }

    /// <summary>Nanoseconds since boot.</summary>
    public static long Now => ToNanoseconds(Instructions.ReadTimeStampCounter() - _base);

    /// <summary>Cycles to nanoseconds; good for centuries.</summary>
    public static long ToNanoseconds(ulong cycles) =>
        (long)(((cycles >> 32) * _multiplier) + (((cycles & 0xFFFF_FFFF) * _multiplier) >> 32));

    /// <summary>Nanoseconds (at most some seconds) to cycles.</summary>
    public static ulong ToCycles(long nanoseconds) => (ulong)nanoseconds * (_frequency / 1_000_000) / 1000;
}
