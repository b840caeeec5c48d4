using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel.Signals;

/// <summary>
/// Signals good enough for the runtime: sent to threads by tgkill (the garbage collector's suspension, abort) and raised by
/// hardware faults. Pending ones are delivered where the kernel returns to the thread.
/// </summary>
/// <remarks>
/// Protocol of a send: set the pending bit (atomic, full fence), then look at the thread. Running elsewhere: interrupt that
/// processor, whose way back to the thread looks at the bit. Blocked: cancel the wait with EINTR. A thread that blocks looks at
/// its pending bits after it has published its wait (full fence between), so one of the two sees the other.
/// </remarks>
internal static unsafe class SignalDelivery
{
    /// <summary>Linux's numbers (include/uapi/asm-generic/signal.h).</summary>
    internal const int Illegal = 4, BreakpointTrap = 5, Abort = 6, BusError = 7, FloatingPoint = 8, Kill = 9, Segmentation = 11, ChildStatus = 17, Continue = 18, Urgent = 23, WindowChange = 28;

    // siginfo codes: SI_TKILL, SEGV_MAPERR, SEGV_ACCERR, FPE_INTDIV, SI_KERNEL.
    private const int SentByThread = -6, NotMapped = 1, NoPermission = 2, IntegerDivide = 1, FromKernel = 0x80;

    internal const int ProcessId = 1;

    /// <summary>Whether something could be delivered to the thread now.</summary>
    internal static bool IsPending(KernelThread* thread) =>
        ((ulong)ProcessorMemory.LoadAcquire(ref thread->PendingSignals) & ~thread->SignalMask) != 0;

    /// <summary>Sends a signal to a thread.</summary>
    internal static void Send(KernelThread* thread, int signal)
    {
        ulong handler = SignalActions.Handler(signal);
        if (handler == SignalActions.Ignore || (handler == SignalActions.Default && signal is ChildStatus or Continue or Urgent or WindowChange))
        {
            return;
        }

        AtomicBits.Set(ref thread->PendingSignals, 1L << (signal - 1));
        Threads.Nudge(thread);
    }

    /// <summary>Builds a frame for the lowest pending signal that is not blocked; the way back to a thread calls it until none is left.</summary>
    internal static void Deliver(KernelThread* thread)
    {
        ulong deliverable = (ulong)ProcessorMemory.LoadAcquire(ref thread->PendingSignals) & ~thread->SignalMask;
        int signal = 1;
        while ((deliverable & 1) == 0)
        {
            deliverable >>= 1;
            signal++;
        }

        AtomicBits.Clear(ref thread->PendingSignals, 1L << (signal - 1));
        SignalFrame.Cause cause = default;
        cause.Signal = signal;
        cause.Code = SentByThread;
        cause.Address = ProcessId;
        Push(thread, &cause);
    }

    /// <summary>A page fault that no mapping explains.</summary>
    internal static void RaisePageFault(KernelThread* thread, ulong address, bool mapped)
    {
        SignalFrame.Cause cause = default;
        cause.Signal = Segmentation;
        cause.Code = mapped ? NoPermission : NotMapped;
        cause.Address = address;
        cause.Vector = thread->Registers.Vector;
        cause.ErrorCode = thread->Registers.ErrorCode;
        Push(thread, &cause);
    }

    /// <summary>Any other exception of the program.</summary>
    internal static void RaiseException(KernelThread* thread)
    {
        SignalFrame.Cause cause = default;
        cause.Vector = thread->Registers.Vector;
        cause.ErrorCode = thread->Registers.ErrorCode;
        cause.Address = thread->Registers.Rip;
        switch (thread->Registers.Vector)
        {
            case 0: cause.Signal = FloatingPoint; cause.Code = IntegerDivide; break;
            case 1 or 3: cause.Signal = BreakpointTrap; cause.Code = FromKernel; break;
            case 6: cause.Signal = Illegal; cause.Code = 2; break;
            case 16 or 19: cause.Signal = FloatingPoint; cause.Code = 0; break;
            default: cause.Signal = Segmentation; cause.Code = FromKernel; cause.Address = 0; break;
        }

        Push(thread, &cause);
    }

    private static void Push(KernelThread* thread, SignalFrame.Cause* cause)
    {
        TraceRing.Write(Instructions.ProcessorBlock(), TraceKind.Signal, thread->Id, (ulong)cause->Signal, thread->Registers.Rip);
        bool blocked = cause->Code > 0 && (thread->SignalMask >> (cause->Signal - 1) & 1) != 0;
        if (SignalActions.Handler(cause->Signal) <= SignalActions.Ignore || blocked)
        {
            Unhandled(thread, cause);
        }
        else if (!SignalFrame.TryPush(thread, cause))
        {
            Panic.Now("stack overflow: the thread's stack has no room for a signal frame"u8, (ulong*)&thread->Registers, cause->Address);
        }
    }

    private static void Unhandled(KernelThread* thread, SignalFrame.Cause* cause)
    {
        switch (cause->Signal)
        {
            case Abort: Panic.Now("the program aborted (SIGABRT)"u8, (ulong*)&thread->Registers, 0); break;
            case Segmentation: Panic.Now("unhandled memory fault (SIGSEGV)"u8, (ulong*)&thread->Registers, cause->Address); break;
            case FloatingPoint: Panic.Now("unhandled arithmetic fault (SIGFPE)"u8, (ulong*)&thread->Registers, 0); break;
            case Illegal: Panic.Now("unhandled illegal instruction (SIGILL)"u8, (ulong*)&thread->Registers, 0); break;
            default: Panic.Now("unhandled signal"u8, (ulong*)&thread->Registers, (ulong)cause->Signal); break;
        }
    }
}
