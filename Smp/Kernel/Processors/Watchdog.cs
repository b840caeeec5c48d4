using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel.Processors;

/// <summary>
/// Looks after processors that no longer come by. A busy processor that has not entered the kernel for a second is sent a reschedule
/// interrupt, which a healthy one takes at once (a program that spins is no hang); one that has still not come by after 5 s gets an
/// NMI from another, says where it is, and all trace rings are printed.
/// </summary>
/// <remarks>
/// Each processor writes its own <see cref="PerProcessor.Entries"/>; the watch table belongs to whoever holds <c>_checking</c>. Checked from
/// timer interrupts; a processor that goes idle while another is busy leaves its timer armed for it. A machine whose only processor
/// hangs is not seen: nobody is left to look.
/// </remarks>
internal static unsafe class Watchdog
{
    /// <summary>How long an idle processor sleeps at most while another is busy.</summary>
    internal const long IdleInterval = 2_500_000_000;

    private const long Limit = 5_000_000_000;
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

    /// <summary>Whether a processor other than this one runs a thread.</summary>
    internal static bool IsAnotherBusy(int processor)
    {
        int count = KernelProcessors.Count;
        for (int i = 0; i < count; i++)
        {
            PerProcessor* other = ProcessorBlocks.Get(i);
            if (i != processor && other->Current != other->Idle)
            {
                return true;
            }
        }

        return false;
    }

    // One that hangs in the kernel half, on an interrupt that came while it was idle, is not halted.
    private static bool IsHalted(PerProcessor* processor) =>
        processor->Current == processor->Idle && ProcessorMemory.LoadAcquire(ref processor->InKernel) == 0;

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
            long entries = ProcessorMemory.LoadAcquire(ref other->Entries);
            if (i == processor || IsHalted(other) || entries != _table.Entries[i])
            {
                _table.Entries[i] = entries;
                _table.Since[i] = now;
                _table.Reported[i] = 0;
            }
            else if (now - _table.Since[i] < Limit)
            {
                KernelProcessors.Interrupt(i, ProcessorInterrupt.Reschedule);
            }
            else if (_table.Reported[i] == 0)
            {
                _table.Reported[i] = 1;
                LocalInterrupts.SendNmi(other->ApicId);
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
        KernelConsole.Write(" makes no progress\n  at "u8);
        KernelConsole.WriteHexadecimal(registers->Rip);
        KernelConsole.Write("\n"u8);
        BackTrace.Print(registers->Rbp, registers->Rsp, 16, 256);
        Panic.PrintTraceRings();
    }
}
