using System.Runtime;
using Troupe.Core.Machine;
using Troupe.Core.Machine.Memory;
using Troupe.Smp.Kernel.Processors;
using Troupe.Smp.Kernel.Signals;
using Troupe.Smp.Kernel.SystemCalls;

namespace Troupe.Smp.Kernel;

/// <summary>
/// What entry.S calls: every way into the kernel half and the one way out (docs/traps.md). Interrupts are off from here to the
/// return to a thread. The thread's registers and extended state are saved, so once it has been put on a queue it is another
/// processor's and must not be touched.
/// </summary>
internal static unsafe class KernelEntry
{
    private const ulong WriteFault = 2, PresentFault = 1, FetchFault = 16;

    /// <summary>A system call, exception or interrupt of a thread; answers the thread to resume.</summary>
    [RuntimeExport("kernel_entry")]
    internal static KernelThread* Enter(KernelThread* thread)
    {
        PerProcessor* processor = Instructions.ProcessorBlock();
        processor->EnteredAt = Instructions.ReadTimeStampCounter();
        processor->Entries++;
        ulong vector = thread->Registers.Vector;
        int cause;
        if (vector == Vectors.SystemCall)
        {
            cause = InterruptsOff.CauseOfCall(thread->Registers.Rax);
            processor->SystemCalls++;
            TraceRing.Write(processor, TraceKind.SystemCall, thread->Id, thread->Registers.Rax, thread->Registers.Rdi);
            Finish(thread, Dispatcher.Call(thread));
        }
        else if (vector <= Vectors.LastException)
        {
            cause = InterruptsOff.FirstVector + (int)vector;
            Exception(processor, thread, vector);
        }
        else
        {
            cause = InterruptsOff.FirstVector + (int)vector;
            processor->Interrupts++;
            TraceRing.Write(processor, TraceKind.Interrupt, thread->Id, vector, thread->Registers.Rip);
            InterruptDispatch.Take(processor, (byte)vector);
        }

        KernelThread* next = Leave(processor, thread);
        InterruptsOff.Note((InterruptsOff*)processor->InterruptsOff, cause, Instructions.ReadTimeStampCounter() - processor->EnteredAt);
        return next;
    }

    /// <summary>A fault of the kernel's own that no fix-up explains.</summary>
    [RuntimeExport("kernel_fault")]
    internal static void Fault(Registers* registers) =>
        Panic.Now(registers->Vector == Vectors.SystemCall ? "a system call from within the kernel"u8 : "fault in the kernel"u8, (ulong*)registers, Instructions.ReadCr2());

    /// <summary>Picks up where the boot processor and every other one first leave the kernel.</summary>
    internal static KernelThread* LeaveFirst(PerProcessor* processor) => Leave(processor, null);

    /// <summary>The one way out: whoever is due, with signals delivered and the timer armed.</summary>
    private static KernelThread* Leave(PerProcessor* processor, KernelThread* before)
    {
        while (true)
        {
            KernelThread* next = Threads.PickNext();
            if (next == processor->Idle)
            {
                Become(processor, next, before);
                LocalTimer.Arm(processor);
                return next;
            }

            if (next->RestartCall != 0)
            {
                RestartCall(next);
            }

            // Not between two pieces of a long call: a handler that made such a call itself would go on from the other's place.
            if (next->CallProgress == 0 && SignalDelivery.IsPending(next))
            {
                SignalDelivery.Deliver(next);
                continue;
            }

            Become(processor, next, before);
            LocalTimer.Arm(processor);
            return next;
        }
    }

    private static void Become(PerProcessor* processor, KernelThread* next, KernelThread* before)
    {
        processor->Current = next;
        if (next != before)
        {
            TraceRing.Write(processor, TraceKind.Switch, next->Id, before == null ? 0 : (ulong)before->Id, next->Registers.Rip);
        }
    }

    // A wait inside the kernel is over, however it ended: the call looks again. SYSCALL is two bytes long.
    private static void RestartCall(KernelThread* thread)
    {
        thread->Registers.Rax = thread->RestartCall - 1;
        thread->Registers.Rip -= 2;
        thread->RestartCall = 0;
    }

    private static void Finish(KernelThread* thread, long outcome)
    {
        switch (outcome)
        {
            case Outcome.Blocked or Outcome.Exited or Outcome.RegistersSet:
                return;
            case Outcome.Again:
                thread->Registers.Rip -= 2;
                return;
            case Outcome.Yielded:
                thread->Registers.Rax = 0;
                Threads.Yield();
                return;
            default:
                thread->Registers.Rax = (ulong)outcome;
                return;
        }
    }

    private static void Exception(PerProcessor* processor, KernelThread* thread, ulong vector)
    {
        if (thread == processor->Idle)
        {
            Panic.Now("exception in the idle thread"u8, (ulong*)&thread->Registers, Instructions.ReadCr2());
        }

        if (vector != Vectors.PageFault)
        {
            SignalDelivery.RaiseException(thread);
            return;
        }

        ulong address = Instructions.ReadCr2();
        ulong error = thread->Registers.ErrorCode;
        TraceRing.Write(processor, TraceKind.PageFault, thread->Id, address, error);
        MemoryAccess access = (error & FetchFault) != 0 ? MemoryAccess.Execute : (error & WriteFault) != 0 ? MemoryAccess.Write : MemoryAccess.Read;
        if (KernelMemory.ResolveFault(address, access))
        {
            processor->PageFaults++;
            return;
        }

        SignalDelivery.RaisePageFault(thread, address, (error & PresentFault) != 0);
    }
}
