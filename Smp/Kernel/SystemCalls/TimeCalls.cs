using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel.SystemCalls;

/// <summary>clock_gettime, clock_nanosleep and their like.</summary>
internal static unsafe class TimeCalls
{
    // include/uapi/linux/time.h
    private const ulong RealTime = 0, ProcessTime = 2, ThreadTime = 3, RealTimeCoarse = 5, International = 11;
    private const ulong AbsoluteTime = 1;

    // include/linux/posix-timers.h: a clock of another thread is the complement of its id, and what kind of clock it is in three bits.
    private const int ClockKindBits = 3, ThreadClock = 6;
    private const long Billion = 1_000_000_000;

    internal static long ClockGet(ulong clock, ulong destination)
    {
        int id = (int)clock;
        if (id < 0)
        {
            return (id & ((1 << ClockKindBits) - 1)) == ThreadClock && Threads.TryGetProcessorTime(~(id >> ClockKindBits), out long time)
                ? Store(destination, time) ? 0 : Errno.BadAddress
                : Errno.InvalidArgument;
        }

        long now = clock switch
        {
            RealTime or RealTimeCoarse or International => WallClock.Now,
            ThreadTime => Threads.ProcessorTime(Threads.Current),
            ProcessTime => Threads.TotalProcessorTime,
            _ => KernelClock.Now,
        };
        return Store(destination, now) ? 0 : Errno.BadAddress;
    }

    internal static long Resolution(ulong destination) => destination == 0 || Store(destination, 1) ? 0 : Errno.BadAddress;

    internal static long Seconds(ulong destination)
    {
        ulong seconds = (ulong)(WallClock.Now / Billion);
        return destination == 0 || UserMemory.TryWrite64(destination, seconds) ? (long)seconds : Errno.BadAddress;
    }

    internal static long Sleep(ulong clock, ulong flags, ulong request)
    {
        if (!TryReadTime(request, out long time))
        {
            return Errno.BadAddress;
        }

        if (time < 0)
        {
            return Errno.InvalidArgument;
        }

        long deadline = (flags & AbsoluteTime) == 0 ? AddToNow(time) : clock == RealTime ? WallClock.ToMonotonic(time) : time;
        if (deadline <= KernelClock.Now)
        {
            return Outcome.Yielded;
        }

        return Threads.Sleep(deadline);
    }

    /// <summary>Reads a timespec as nanoseconds; negative where it is not a valid time.</summary>
    internal static bool TryReadTime(ulong source, out long nanoseconds)
    {
        if (!UserMemory.TryRead64(source, out ulong seconds) || !UserMemory.TryRead64(source + 8, out ulong rest))
        {
            nanoseconds = 0;
            return false;
        }

        nanoseconds = (long)seconds < 0 || rest >= (ulong)Billion ? -1
            : seconds > (ulong)(long.MaxValue / Billion) - 1 ? long.MaxValue
            : ((long)seconds * Billion) + (long)rest;
        return true;
    }

    /// <summary>A time from now that cannot overflow.</summary>
    internal static long AddToNow(long nanoseconds)
    {
        long now = KernelClock.Now;
        return nanoseconds > long.MaxValue - now ? long.MaxValue : now + nanoseconds;
    }

    private static bool Store(ulong destination, long nanoseconds) =>
        UserMemory.TryWrite64(destination, (ulong)(nanoseconds / Billion)) && UserMemory.TryWrite64(destination + 8, (ulong)(nanoseconds % Billion));
}
