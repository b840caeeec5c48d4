using Troupe.Core.Machine;
using Troupe.Core.Machine.Memory;
using Troupe.Smp.Kernel.SystemCalls;
using Troupe.Smp.Kernel.Waiting;

namespace Troupe.Smp.Kernel;

/// <summary>The program's futex words. A word of the kernel itself (a pipe's) is read the same way.</summary>
public readonly struct KernelUserWord : IUserWord
{
    /// <inheritdoc/>
    public static bool TryRead(ulong address, out uint value)
    {
        // Loads are acquire on x86, and the call keeps the compiler from moving any.
        ulong word = Instructions.LoadWithFixup(address);
        value = (uint)word;
        return word != ulong.MaxValue;
    }
}

/// <content>Waiting and waking.</content>
internal static unsafe partial class Threads
{
    /// <summary>FUTEX_WAIT in all its forms.</summary>
    internal static long WaitOnAddress(ulong address, uint expected, uint bits, long deadline)
    {
        while (true)
        {
            WaitStatus status = _futexes.Wait(Instructions.ProcessorIndex(), address, expected, bits, deadline, KernelClock.Now);
            if (status != WaitStatus.Faulted)
            {
                return Answer(status);
            }

            if (!KernelMemory.ResolveFault(address, MemoryAccess.Read))
            {
                return Errno.BadAddress;
            }
        }
    }

    /// <summary>Waits until a word of the kernel's changes, then runs the system call again from its start.</summary>
    internal static long WaitOnKernelWord(KernelThread* thread, ulong address, uint expected)
    {
        // Before the wait is published: afterwards the thread is not ours.
        thread->RestartCall = thread->Registers.Rax + 1;
        WaitStatus status = _futexes.Wait(Instructions.ProcessorIndex(), address, expected, ~0U, long.MaxValue, KernelClock.Now);
        if (status == WaitStatus.Done)
        {
            return Outcome.Blocked;
        }

        thread->RestartCall = 0;
        return Outcome.Again;
    }

    /// <summary>Sleeps until a time.</summary>
    internal static long Sleep(long deadline)
    {
        WaitStatus status = _futexes.Sleep(Instructions.ProcessorIndex(), deadline, KernelClock.Now);
        return status == WaitStatus.TimedOut ? 0 : Answer(status);
    }

    /// <summary>Wakes at most <paramref name="count"/>, a number that the caller keeps small.</summary>
    internal static void Wake(ulong address, int count, uint bits)
    {
        int budget = -1;
        _futexes.WakeSome(address, count, bits, ref budget, out _);
    }

    /// <summary>FUTEX_WAKE, in bounded pieces: how many were woken, and how many may be, stays in the caller's block.</summary>
    internal static long Wake(KernelThread* caller, ulong address, int count, uint bits)
    {
        ulong progress = caller->CallProgress;
        int woken = (int)(progress >> 32);
        int budget = (int)(uint)progress - 1;
        woken += _futexes.WakeSome(address, count - woken, bits, ref budget, out bool isDone);
        caller->CallProgress = isDone ? 0 : ((ulong)(uint)woken << 32) | ((uint)budget + 1);
        return isDone ? woken : Outcome.Again;
    }

    /// <summary>FUTEX_REQUEUE, in bounded pieces.</summary>
    internal static long Requeue(KernelThread* caller, ulong address, ulong target, int wake, int move, bool compare, uint expected)
    {
        var progress = RequeueProgress.Unpack(caller->CallProgress);
        while (true)
        {
            WaitStatus status = _futexes.Requeue(address, target, wake, move, compare, expected, ref progress, out bool isDone);
            if (status == WaitStatus.Done)
            {
                caller->CallProgress = isDone ? 0 : progress.Pack();
                return isDone ? progress.Affected : Outcome.Again;
            }

            if (status != WaitStatus.Faulted)
            {
                return Answer(status);
            }

            if (!KernelMemory.ResolveFault(address, MemoryAccess.Read))
            {
                return Errno.BadAddress;
            }
        }
    }

    private static void CancelWait(KernelThread* thread, long result) => _futexes.CancelWait(thread, result);

    private static void ExpireTimers(int processor, long now) => _futexes.Expire(processor, now);

    private static void InitializeFutexes()
    {
        ulong frames = ((ulong)FutexTable.MemoryRequired + KernelMemory.FrameSize - 1) / KernelMemory.FrameSize;
        ulong memory = KernelMemory.AllocateContiguous(frames);
        if (memory == 0)
        {
            Panic.Now("not enough memory for the futex table"u8);
        }

        Instructions.Zero(memory, frames * KernelMemory.FrameSize);
        _futexes.Initialize((void*)memory, TheScheduler);
    }

    private static long Answer(WaitStatus status) => status switch
    {
        WaitStatus.Done => Outcome.Blocked,
        WaitStatus.ValueChanged => Errno.TryAgain,
        WaitStatus.TimedOut => Errno.TimedOut,
        WaitStatus.Interrupted => Errno.Interrupted,
        _ => Errno.BadAddress,
    };
}
