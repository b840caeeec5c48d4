namespace Troupe.Smp.Kernel.SystemCalls;

/// <summary>futex: the operations that glibc and the runtime use (include/uapi/linux/futex.h). There is one address space, so private and shared are the same.</summary>
internal static unsafe class FutexCalls
{
    private const ulong Wait = 0, Wake = 1, Requeue = 3, CompareRequeue = 4, WaitBitset = 9, WakeBitset = 10;
    private const ulong Private = 128, ClockRealTime = 256;
    private const uint EveryBit = ~0U;

    internal static long Futex(KernelThread* thread, ulong address, ulong operation, ulong value, ulong timeout, ulong second, ulong third)
    {
        if ((address & 3) != 0)
        {
            return Errno.InvalidArgument;
        }

        switch (operation & ~(Private | ClockRealTime))
        {
            case Wait: return DoWait(address, (uint)value, EveryBit, timeout, relative: true, wall: false);
            case WaitBitset: return DoWait(address, (uint)value, (uint)third, timeout, relative: false, wall: (operation & ClockRealTime) != 0);
            case Wake: return Threads.Wake(thread, address, Count(value), EveryBit);
            case WakeBitset: return Threads.Wake(thread, address, Count(value), (uint)third);
            case Requeue: return Threads.Requeue(thread, address, second, Count(value), Count(timeout), compare: false, 0);
            case CompareRequeue: return Threads.Requeue(thread, address, second, Count(value), Count(timeout), compare: true, (uint)third);
            default: return Errno.NotImplemented;
        }
    }

    private static int Count(ulong value) => value > int.MaxValue ? int.MaxValue : (int)value;

    private static long DoWait(ulong address, uint expected, uint bits, ulong timeout, bool relative, bool wall)
    {
        if (bits == 0)
        {
            return Errno.InvalidArgument;
        }

        long deadline = long.MaxValue;
        if (timeout != 0)
        {
            if (!TimeCalls.TryReadTime(timeout, out long time))
            {
                return Errno.BadAddress;
            }

            if (time < 0)
            {
                return Errno.InvalidArgument;
            }

            deadline = relative ? TimeCalls.AddToNow(time) : wall ? WallClock.ToMonotonic(time) : time;
        }

        return Threads.WaitOnAddress(address, expected, bits, deadline);
    }
}
