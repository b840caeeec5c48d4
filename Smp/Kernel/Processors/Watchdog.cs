using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel.Processors;

/// <summary>
/// Looks after processors that no longer come by. One that has something to do, a thread that runs or one that waits, and has not entered the kernel for a second is sent a reschedule
/// interrupt, which a healthy one takes at once (a program that spins is no hang); one that has still not come by after 5 s gets an NMI from another, says where it is, and all trace rings
/// are printed. So an interrupt that got lost on its way to a processor that is halted is sent again, and a processor that takes none any more is found.
/// </summary>
/// <remarks>
/// Each processor writes its own <see cref="PerProcessor.Entries"/>; the watch table belongs to whoever holds <c>_checking</c>. Checked from
/// timer interrupts; a processor that goes idle while another has something to do leaves its timer armed for it. A machine whose only processor
/// hangs is not seen: nobody is left to look.
/// </remarks>
internal static unsafe class Watchdog
{
    /// <summary>How long an idle processor sleeps at most while another has something to do.</summary>
    internal const long IdleInterval = 2_500_000_000;

    private const long Interval = 1_000_000_000;

    private unsafe struct WatchTable
    {
        internal fixed long Entries[IProcessors.Maximum];
        internal fixed long Since[IProcessors.Maximum];
        internal fixed int Reported[IProcessors.Maximum];
    }

    private static WatchTable _table;
    private static int _checking;
    private static long _next;

    /// <summary>Whether a processor other than this one has something to do.</summary>
    internal static bool IsAnotherAtWork(int processor)
    {
        int count = KernelProcessors.Count;
        for (int i = 0; i < count; i++)
        {
            PerProcessor* other = ProcessorBlocks.Get(i);
            if (i != processor && (other->Current != other->Idle || Threads.Waiting(i) != 0))
            {
                return true;
            }
        }

        return false;
    }

    // One that hangs in the kernel half, on an interrupt that came while it was idle, is not at rest; nor is one that sleeps although a thread waits for it.
    private static bool IsAtRest(int processor, PerProcessor* block) =>
        block->Current == block->Idle && ProcessorMemory.LoadAcquire(ref block->InKernel) == 0 && Threads.Waiting(processor) == 0;

    /// <summary>From a timer interrupt.</summary>
    internal static void Check(int processor, long now)
    {
        if (now < ProcessorMemory.LoadAcquire(ref _next) || ProcessorMemory.Exchange(ref _checking, 1) != 0)
        {
            return;
        }

        ProcessorMemory.StoreRelease(ref _next, now + Interval);
        int count = KernelProcessors.Count;
        for (int i = 0; i < count; i++)
        {
            PerProcessor* other = ProcessorBlocks.Get(i);
            bool isFine = i == processor || IsAtRest(i, other);
            switch (ProgressWatch.Look(isFine, ProcessorMemory.LoadAcquire(ref other->Entries), now, ref _table.Entries[i], ref _table.Since[i], _table.Reported[i] != 0))
            {
                case WatchStep.None:
                    _table.Reported[i] = 0;
                    break;
                case WatchStep.Nudge:
                    KernelProcessors.Interrupt(i, ProcessorInterrupt.Reschedule);
                    break;
                case WatchStep.Report:
                    // One that does not leave this processor is tried again at the next look.
                    _table.Reported[i] = LocalInterrupts.SendNmi(other->ApicId) ? 1 : 0;
                    break;
                default:
                    break;
            }
        }

        ProcessorMemory.StoreRelease(ref _checking, 0);
    }

    /// <summary>The processor that hangs says where, and prints the rings.</summary>
    internal static void OnNonMaskable(Registers* registers)
    {
        KernelConsole.Write("\n[kernel] processor "u8);
        KernelConsole.WriteDecimal((ulong)Instructions.ProcessorIndex());
        Threads.Describe(Instructions.ProcessorIndex());
        KernelConsole.Write(", "u8);
        KernelConsole.WriteDecimal((ulong)Threads.Waiting(Instructions.ProcessorIndex()));
        KernelConsole.Write(" waiting, makes no progress\n  at "u8);
        KernelConsole.WriteHexadecimal(registers->Rip);
        KernelConsole.Write("\n"u8);
        BackTrace.Print(registers->Rbp, registers->Rsp, 16, 256);
        Panic.PrintTraceRings();
    }
}
