using System.Runtime.InteropServices;
using Troupe.Core.Machine;
using Troupe.Core.Memory;
using Troupe.Smp.Kernel.Waiting;

namespace Troupe.Smp.Kernel.Scheduling;

/// <summary>
/// One processor's part of the scheduler. The queue, the timers and <see cref="Mode"/> are reached by all; the rest belongs to
/// the processor itself. Zero-initialised memory, aligned to <see cref="Size"/> so that processors share no cache line.
/// </summary>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="TProcessors">The platform seam.</typeparam>
[StructLayout(LayoutKind.Sequential, Size = Size)]
public unsafe struct SchedulerProcessor<TMemory, TProcessors>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
{
    /// <summary>Bytes of one element.</summary>
    public const int Size = 512;

    /// <summary>Who waits for this processor.</summary>
    public RunQueue<TMemory, TProcessors> Queue;

    /// <summary>The timers of the threads that went to sleep on this processor.</summary>
    public TimerQueue<TMemory, TProcessors> Timers;

    /// <summary>A <see cref="ProcessorMode"/>.</summary>
    public int Mode;

    /// <summary>Not zero: the processor must call PickNext before it returns to a thread.</summary>
    public int Attention;

    /// <summary>The thread on the processor; null between giving it up and picking the next.</summary>
    public KernelThread* Current;

    /// <summary>What runs when nothing else does.</summary>
    public KernelThread* Idle;

    /// <summary>A thread that has exited and whose registers the processor still stands on.</summary>
    public KernelThread* Exiting;

    /// <summary>A thread that has exited and that the processor has left: its block can go.</summary>
    public KernelThread* Departed;

    /// <summary>When to look for imbalance next.</summary>
    public long NextBalance;

    /// <summary>When the processor went idle.</summary>
    public long IdleSince;

    /// <summary>For how long to poll before it halts.</summary>
    public IdlePoll Poll;

    /// <summary>Not zero: the current thread called sched_yield.</summary>
    public int Yielding;

    /// <summary>Counters.</summary>
    public SchedulerCounters Counters;
}
