using Troupe.Core.Memory;

namespace Troupe.Core.Machine;

/// <summary>
/// Nanoseconds since boot, never going back on any processor: the TSC by its calibrated frequency, or kvmclock. Where neither
/// promises one time on all processors (kvmclock without its stable flag), the largest value handed out is remembered.
/// </summary>
public static unsafe class MonotonicClock<TPhysical, TRegisters, TCounter, TMemory>
    where TPhysical : struct, IPhysicalMemory
    where TRegisters : struct, IModelSpecificRegisters
    where TCounter : struct, ITimeStampCounter
    where TMemory : struct, IMemory
{
    private static ClockScale _toNanoseconds;
    private static ClockScale _toTimeStamps;
    private static ulong _start; // TSC, or kvmclock's nanoseconds, at time zero
    private static bool _isKvmClock;
    private static bool _isStable;
    private static long _largest;

    /// <summary>Time from the TSC; it counts from <paramref name="start"/>.</summary>
    public static void UseTimeStampCounter(ulong frequency, ulong start)
    {
        SetScales(frequency);
        _start = start;
        _isStable = true;
        _isKvmClock = false;
    }

    /// <summary>Time from kvmclock, which is enabled on this processor and will be on every other before it asks for the time.</summary>
    /// <param name="frequency">Of the TSC, for deadlines.</param>
    /// <param name="processor">The calling processor.</param>
    public static void UseKvmClock(ulong frequency, int processor)
    {
        SetScales(frequency);
        _start = KvmClock<TPhysical, TRegisters, TCounter>.Now(processor);
        _isStable = KvmClock<TPhysical, TRegisters, TCounter>.IsStable(processor);
        _isKvmClock = true;
    }

    /// <summary>The time, asked by this processor.</summary>
    public static long Now(int processor)
    {
        if (!_isKvmClock)
        {
            ulong now = TCounter.ReadOrdered();
            // Another processor's counter may stand a little before ours at time zero.
            return now > _start ? (long)_toNanoseconds.Apply(now - _start) : 0;
        }

        ulong time = KvmClock<TPhysical, TRegisters, TCounter>.Now(processor);
        long elapsed = time > _start ? (long)(time - _start) : 0;
        return _isStable ? elapsed : NeverBack(elapsed);
    }

    /// <summary>Lets the program read this clock by itself, where it is the plain time-stamp counter: kvmclock's record is each processor's own.</summary>
    public static void Publish(UserClock* clock)
    {
        if (_isKvmClock)
            return;
        clock->Shift = (ulong)_toNanoseconds.Shift;
        clock->Start = _start;
        clock->Multiplier = _toNanoseconds.Multiplier;
    }

    /// <summary>Nanoseconds as ticks of the TSC: for deadlines.</summary>
    public static ulong ToTimeStamps(ulong nanoseconds) => _toTimeStamps.Apply(nanoseconds);

    /// <summary>Ticks of the TSC as nanoseconds.</summary>
    public static ulong ToNanoseconds(ulong timeStamps) => _toNanoseconds.Apply(timeStamps);

    private static void SetScales(ulong frequency)
    {
        ClockScale.Create(ref _toNanoseconds, frequency, ClockScale.NanosecondsPerSecond);
        ClockScale.Create(ref _toTimeStamps, ClockScale.NanosecondsPerSecond, frequency);
    }

    private static long NeverBack(long time)
    {
        long seen = TMemory.LoadAcquire(ref _largest);
        while (time > seen)
        {
            long found = TMemory.CompareExchange(ref _largest, time, seen);
            if (found == seen)
                return time;
            seen = found;
        }

        return seen;
    }
}
