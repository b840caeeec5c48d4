namespace Troupe.Core.Machine;

/// <summary>
/// Converts ticks of one frequency to ticks of another by multiplying and shifting, 128 bits wide in between:
/// no division when reading a clock, no overflow before the result itself overflows, and an error below 1 part in 2^62.
/// </summary>
public struct ClockScale
{
    /// <summary>Nanoseconds in a second, as a frequency.</summary>
    public const ulong NanosecondsPerSecond = 1_000_000_000;

    private ulong _multiplier;
    private int _shift;

    /// <summary>Prepares the conversion.</summary>
    /// <param name="scale">What to fill.</param>
    /// <param name="from">Frequency of the ticks that are given: above 0 and below 2^63.</param>
    /// <param name="to">Frequency of the ticks that are wanted: below 2^63.</param>
    public static void Create(ref ClockScale scale, ulong from, ulong to)
    {
        // Long division: to * 2^shift / from with as many bits as fit 64.
        ulong quotient = to / from;
        ulong remainder = to % from;
        int shift = 0;
        while (quotient < 1UL << 63 && shift < 127)
        {
            remainder <<= 1;
            quotient <<= 1;
            if (remainder >= from)
            {
                remainder -= from;
                quotient |= 1;
            }

            shift++;
        }

        scale._multiplier = quotient;
        scale._shift = shift;
    }

    /// <summary>The factor.</summary>
    public readonly ulong Multiplier => _multiplier;

    /// <summary>How many bits the product is shifted right.</summary>
    public readonly int Shift => _shift;

    /// <summary>Converts; a result that does not fit is the largest value.</summary>
    public readonly ulong Apply(ulong ticks)
    {
        // 64 x 64 bits by halves: Math.BigMul is a call into the class library where the processor's MULX may not be assumed.
        ulong ticksLow = (uint)ticks;
        ulong ticksHigh = ticks >> 32;
        ulong multiplierLow = (uint)_multiplier;
        ulong multiplierHigh = _multiplier >> 32;
        ulong lowLow = ticksLow * multiplierLow;
        ulong highLow = ticksHigh * multiplierLow;
        ulong lowHigh = ticksLow * multiplierHigh;
        ulong middle = (lowLow >> 32) + (uint)highLow + (uint)lowHigh;
        ulong high = (ticksHigh * multiplierHigh) + (highLow >> 32) + (lowHigh >> 32) + (middle >> 32);
        ulong low = (middle << 32) | (uint)lowLow;

        if (_shift >= 64)
            return high >> (_shift - 64);
        if (_shift == 0)
            return high == 0 ? low : ulong.MaxValue;
        return (high >> _shift) == 0 ? (high << (64 - _shift)) | (low >> _shift) : ulong.MaxValue;
    }
}
