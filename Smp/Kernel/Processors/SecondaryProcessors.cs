using System.Runtime;
using Troupe.Core.Machine;
using Troupe.Core.Machine.Traps;
using Troupe.Core.Memory;
using Troupe.Smp.Kernel.Start;

namespace Troupe.Smp.Kernel.Processors;

/// <summary>
/// Brings up the other processors, one after another (Intel SDM vol. 3, 9.4.4: INIT, then SIPI). Each is handed a block with
/// stacks before it starts; it announces itself and waits for nothing.
/// </summary>
internal static unsafe class SecondaryProcessors
{
    /// <summary>Where the trampoline is copied: below 1 MiB, page-aligned; trampoline.S has the same number.</summary>
    internal const ulong TrampolineAddress = 0x8000;

    private const long InitDelay = 200_000;
    private const long StartupTimeout = 2_000_000_000;

    /// <summary>Starts all that firmware calls enabled. Answers how many run, the first one included.</summary>
    internal static int StartAll(MachineDescription* machine)
    {
        int online = 1;
        if (machine->ProcessorCount == 1)
        {
            return online;
        }

        KernelMemory.KernelMap->AdmitTrampoline(TrampolineAddress);
        for (int i = 1; i < machine->ProcessorCount && online < IProcessors.Maximum; i++)
        {
            if (TryStart(MachineDescription.Processor(machine, i)->ApicId, online))
            {
                online++;
            }
        }

        KernelMemory.KernelMap->RetireTrampoline(TrampolineAddress);
        return online;
    }

    /// <summary>A processor's first C#: trampoline.S calls it on the processor's own stack.</summary>
    [RuntimeExport("kernel_secondary_main")]
    internal static KernelThread* Main()
    {
        PerProcessor* processor = Instructions.ProcessorBlock();
        Instructions.LoadIdt(ImageSymbols.BootInterruptTable());
        DescriptorTables.EnableSystemCalls();
        LocalInterrupts.Enable(Vectors.Spurious, Vectors.ApicError, KernelScratch.Machine->NonMaskableInput);
        LocalTimer.Configure();
        DeviceSetup.StartProcessorClock(processor->Index);
        KernelMemory.TlbShootdown->EnterRunning();
        Threads.StartProcessor(processor, null);
        ProcessorMemory.StoreRelease(ref processor->Online, 1);

        // The count goes up once the boot processor has seen this; until then nothing is sent here.
        while (KernelProcessors.Count <= processor->Index)
        {
            KernelProcessors.Pause();
        }

        return KernelEntry.LeaveFirst(processor);
    }

    private static bool TryStart(uint apicId, int index)
    {
        PerProcessor* block = ProcessorBlocks.Create(index, apicId);
        if (block == null || !ProcessorBlocks.TryAddRecords(block) || !Threads.TryCreateIdle(block))
        {
            KernelConsole.Write("[kernel] no memory for another processor\n"u8);
            return false;
        }

        *(ulong*)ImageSymbols.TrampolineProcessor() = (ulong)block;
        LocalInterrupts.SendInit(apicId);
        Wait(InitDelay);
        LocalInterrupts.SendStartup(apicId, (byte)(TrampolineAddress >> 12));
        long until = KernelClock.Now + StartupTimeout;
        while (ProcessorMemory.LoadAcquire(ref block->Online) == 0)
        {
            KernelProcessors.Pause();
            if (KernelClock.Now > until)
            {
                // Back to waiting for a start-up message: it must not come up later, with a block that is another's by then.
                LocalInterrupts.SendInit(apicId);
                KernelConsole.Write("[kernel] processor with APIC id "u8);
                KernelConsole.WriteDecimal(apicId);
                KernelConsole.Write(" does not start\n"u8);
                return false;
            }
        }

        KernelProcessors.SetCount(index + 1);
        return true;
    }

    /// <summary>Copies the trampoline under the boot map, in which the page is plain memory; <see cref="StartAll"/> makes it code.</summary>
    internal static void CopyTrampoline(ulong pageMap)
    {
        ulong start = ImageSymbols.TrampolineStart();
        Instructions.Copy(TrampolineAddress, start, (ImageSymbols.TrampolineEnd() - start + 7) & ~7UL);
        *(ulong*)(TrampolineAddress + (ImageSymbols.TrampolinePageMap() - start)) = pageMap;
    }

    private static void Wait(long nanoseconds)
    {
        long until = KernelClock.Now + nanoseconds;
        while (KernelClock.Now < until)
        {
            KernelProcessors.Pause();
        }
    }
}
