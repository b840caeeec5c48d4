using System.Runtime.InteropServices;

namespace Troupe.Smp.Host;

/// <summary>Linux's thread calls, which our kernel serves too: the same code hosted and in the guest (man 2 sched_setaffinity, setpriority, futex).</summary>
public static unsafe partial class LinuxThread
{
    /// <summary>The nice value of the high band.</summary>
    public const int HighPriority = -10;

    /// <summary>The nice value of the low band.</summary>
    public const int LowPriority = 10;

    // man 2 clock_getres, "per-thread clocks": the complement of the thread's id, and what kind of clock it is.
    private const int ThreadClock = 6;

    // man 2 sched_setaffinity: the C library's set has room for so many processors.
    private const int MaskBytes = 128;

    // asm/unistd_64.h.
    private const long FutexCall = 202, SetSchedulingAttributesCall = 314, GetSchedulingAttributesCall = 315;

    // include/uapi/linux/futex.h
    private const long WaitPrivate = 128, WakePrivate = 129, RequeuePrivate = 131;

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nuint size, byte* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nuint size, byte* mask);

    [LibraryImport("libc", EntryPoint = "getpriority")]
    private static partial int GetPriority(int which, uint id);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, long* time);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint id, int priority);

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int GetId();

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long SystemCall(long number, int* address, long operation, long value, long* timeout);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long SystemCall(long number, int* address, long operation, long value, long second, int* target);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long SystemCall(long number, long thread, SchedulingAttributes* attributes, long flags);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long SystemCall(long number, long thread, SchedulingAttributes* attributes, long size, long flags);

    /// <summary>The nice value of the process: that of its first thread.</summary>
    public static int ProcessPriority => GetPriority(0, (uint)Environment.ProcessId);

    /// <summary>A thread's nice value, by its <see cref="CurrentId"/>; 0: the calling one's.</summary>
    public static int PriorityOf(long thread) => GetPriority(0, (uint)thread);

    /// <summary>The processors that the calling thread may run on.</summary>
    public static int[] AllowedProcessors() => AllowedProcessors(0);

    /// <summary>The processors that a thread may run on, by its <see cref="CurrentId"/>; 0: the calling one's. All there are, if the kernel does not say.</summary>
    public static int[] AllowedProcessors(long thread)
    {
        byte* mask = stackalloc byte[MaskBytes];
        new Span<byte>(mask, MaskBytes).Clear();
        int[] allowed = GetAffinity((int)thread, MaskBytes, mask) < 0
            ? []
            : [.. Enumerable.Range(0, MaskBytes * 8).Where(processor => (mask[processor / 8] & (1 << (processor % 8))) != 0)];
        return allowed.Length > 0 ? allowed : [.. Enumerable.Range(0, Environment.ProcessorCount)];
    }

    /// <summary>Says where a thread may run, by its <see cref="CurrentId"/>; 0: the calling one. False: refused.</summary>
    public static bool TrySetAffinity(long thread, params ReadOnlySpan<int> processors)
    {
        byte* mask = stackalloc byte[MaskBytes];
        new Span<byte>(mask, MaskBytes).Clear();
        foreach (int processor in processors)
        {
            mask[processor / 8] |= (byte)(1 << (processor % 8));
        }

        return SetAffinity((int)thread, MaskBytes, mask) == 0;
    }

    /// <summary>Sets a thread's nice value, by its <see cref="CurrentId"/>; 0: the calling one's. False: refused, and the old one stays.</summary>
    public static bool TrySetPriority(long thread, int priority) => SetPriority(0, (uint)thread, priority) == 0;

    /// <summary>
    /// Sets a thread's nice value, by its <see cref="CurrentId"/> (0: the calling one's), and the slice it asks for. A thread with a short slice takes the
    /// processor from one with a longer when it is woken; it has no larger share (Linux 6.12; earlier kernels take no notice of slices, ours has none).
    /// </summary>
    /// <param name="thread">The thread.</param>
    /// <param name="priority">Its nice value.</param>
    /// <param name="slice">The kernel allows 0.1 to 100 ms, and takes the nearest; zero: the kernel's own.</param>
    /// <returns>False: refused, and the old values stay.</returns>
    internal static bool TrySetSlice(long thread, int priority, TimeSpan slice)
    {
        SchedulingAttributes attributes = new()
        {
            Size = (uint)sizeof(SchedulingAttributes),
            Nice = priority,
            Runtime = (ulong)slice.Ticks * 100,
        };
        return SystemCall(SetSchedulingAttributesCall, thread, &attributes, 0) == 0;
    }

    /// <summary>A thread's slice, by its <see cref="CurrentId"/> (0: the calling one's); null: the kernel does not say (Linux before 6.12, ours).</summary>
    internal static TimeSpan? SliceOf(long thread)
    {
        SchedulingAttributes attributes = default;
        return SystemCall(GetSchedulingAttributesCall, thread, &attributes, sizeof(SchedulingAttributes), 0) == 0 && attributes.Runtime != 0
            ? new TimeSpan((long)(attributes.Runtime / 100))
            : null;
    }

    /// <summary>The processor time that a thread of this process has had; null: there is no such thread.</summary>
    public static TimeSpan? ProcessorTime(long thread)
    {
        long* time = stackalloc long[2];
        return GetTime((~(int)thread << 3) | ThreadClock, time) == 0 ? new TimeSpan((time[0] * TimeSpan.TicksPerSecond) + (time[1] / 100)) : null;
    }

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

    /// <summary>struct sched_attr, the first version (man 2 sched_setattr). Policy 0 is SCHED_OTHER.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SchedulingAttributes
    {
        internal uint Size;
        internal uint Policy;
        internal ulong Flags;
        internal int Nice;
        internal uint Priority;
        internal ulong Runtime;
        internal ulong Deadline;
        internal ulong Period;
    }
}
