using System.Runtime;
using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel.Processors;

/// <summary>NMI, double fault and machine check: they come at any instruction, on stacks of their own, and may take no lock.</summary>
internal static unsafe class CriticalInterrupts
{
    private static int _stopping;

    /// <summary>What entry.S calls.</summary>
    [RuntimeExport("kernel_critical")]
    internal static void Enter(Registers* registers)
    {
        switch (registers->Vector)
        {
            case Vectors.NonMaskable:
                if (ProcessorMemory.LoadAcquire(ref _stopping) != 0)
                {
                    Instructions.Halt();
                }

                Watchdog.OnNonMaskable(registers);
                break;
            case Vectors.DoubleFault:
                Panic.Now("double fault: most likely a kernel stack ran into its guard page"u8, (ulong*)registers, Instructions.ReadCr2());
                break;
            default:
                Panic.Now("machine check"u8, (ulong*)registers, 0);
                break;
        }
    }

    /// <summary>Halts every other processor for good.</summary>
    internal static void StopOthers()
    {
        ProcessorMemory.StoreRelease(ref _stopping, 1);
        if (KernelProcessors.Count > 1)
        {
            LocalInterrupts.SendNmiToOthers();
        }
    }
}
