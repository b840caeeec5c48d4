using System.Runtime.InteropServices;

namespace Troupe.Smp.Host;

/// <summary>Linux's thread calls, which our kernel serves too: the same code hosted and in the guest (man 2 sched_setaffinity, setpriority, futex).</summary>
public static unsafe partial class LinuxThread
{
    /// <summary>The nice value of the high band.</summary>
    public const int HighPriority = -10;

    /// <summary>The nice value of the low band.</summary>
    public const int LowPriority = 10;

    private const long FutexCall = 202;
    private const long WaitPrivate = 128, WakePrivate = 129, RequeuePrivate = 131;

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nuint size, ulong* mask);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint id, int priority);

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetId();

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long SystemCall(long number, int* address, long operation, long value, long* timeout);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long SystemCall(long number, int* address, long operation, long value, long second, int* target);

    /// <summary>Binds the calling thread to a processor (of the first 64).</summary>
    public static void SetAffinity(int processor)
    {
        ulong mask = 1UL << processor;
        if (SetAffinity(0, sizeof(ulong), &mask) != 0)
        {
            throw new InvalidOperationException($"The worker of processor {processor} cannot be bound to it.");
        }
    }

    /// <summary>Sets the calling thread's nice value; refused (hosted, without the right to) means the old one stays.</summary>
    public static void SetPriority(int priority) => _ = SetPriority(0, 0, priority);

    /// <summary>Sets another thread's nice value, by its <see cref="CurrentId"/>; refused means the old one stays.</summary>
    public static void SetPriority(long thread, int priority) => _ = SetPriority(0, (uint)thread, priority);

    /// <summary>The calling thread's id.</summary>
    public static long CurrentId => GetId();

    /// <summary>Waits while the word holds a value, until woken, interrupted or the time is over.</summary>
    public static void WaitOnWord(ref int word, int value, TimeSpan timeout)
    {
        long* time = stackalloc long[2];
        bool forever = timeout == Timeout.InfiniteTimeSpan;
        time[0] = timeout.Ticks / TimeSpan.TicksPerSecond;
        time[1] = timeout.Ticks % TimeSpan.TicksPerSecond * 100;
        fixed (int* address = &word)
        {
            SystemCall(FutexCall, address, WaitPrivate, value, forever ? null : time);
        }
    }

    /// <summary>Wakes one that waits on the word.</summary>
    internal static void WakeWord(ref int word)
    {
        fixed (int* address = &word)
        {
            SystemCall(FutexCall, address, WakePrivate, 1, null);
        }
    }

    /// <summary>Wakes all that wait on the word.</summary>
    /// <returns>How many.</returns>
    public static int WakeAll(ref int word)
    {
        fixed (int* address = &word)
        {
            return (int)SystemCall(FutexCall, address, WakePrivate, int.MaxValue, null);
        }
    }

    /// <summary>Makes all that wait on one word wait on another, waking none.</summary>
    /// <returns>How many.</returns>
    public static int RequeueAll(ref int word, ref int other)
    {
        fixed (int* address = &word, target = &other)
        {
            return (int)SystemCall(FutexCall, address, RequeuePrivate, 0, int.MaxValue, target);
        }
    }
}
