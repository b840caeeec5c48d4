using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel.Processors;

/// <summary>
/// Looks after processors that no longer come by: one that stays in the kernel for 5 s is sent an NMI by another, which prints where
/// it is, and all trace rings are printed. A program that spins is no hang: the timer interrupts it, when somebody waits.
/// </summary>
/// <remarks>
/// Each processor writes its own block's <see cref="PerProcessor.Entries"/> and <see cref="PerProcessor.InKernel"/>; the watch table
/// belongs to whoever holds <c>_checking</c>. Checked from timer interrupts, so a single processor that hangs is not seen:
/// nobody is left to look.
/// </remarks>
internal static unsafe class Watchdog
{
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

    /// <summary>From a timer interrupt.</summary>
    internal static void Check(long now)
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
            bool inside = ProcessorMemory.LoadAcquire(ref other->InKernel) != 0;
            if (!inside || entries != _table.Entries[i])
            {
                _table.Entries[i] = entries;
                _table.Since[i] = now;
                _table.Reported[i] = 0;
            }
            else if (now - _table.Since[i] > Limit && _table.Reported[i] == 0)
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
        KernelConsole.Write(" makes no progress\n  at "u8);
        KernelConsole.WriteHexadecimal(registers->Rip);
        KernelConsole.Write("\n"u8);
        BackTrace.Print(registers->Rbp, registers->Rsp, 16, 256);
        Panic.PrintTraceRings();
    }
}
