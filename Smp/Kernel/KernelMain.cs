using System.Runtime;
using Troupe.Core.Machine;
using Troupe.Smp.Kernel.Files;
using Troupe.Smp.Kernel.Processors;
using Troupe.Smp.Kernel.Signals;
using Troupe.Smp.Kernel.Start;
using Troupe.Smp.Kernel.SystemCalls;
using Troupe.Smp.Kernel.Xen;

namespace Troupe.Smp.Kernel;

/// <summary>From boot.S to the program's first instruction: the order of docs/boot.md, one line a step.</summary>
internal static unsafe class KernelMain
{
    /// <summary>Called on the boot stack with interrupts off; the first thread leaves through entry.S.</summary>
    /// <param name="startInfo">Physical address of the PVH start info.</param>
    [RuntimeExport("kernel_main")]
    internal static void Main(ulong startInfo)
    {
        KernelConsole.Initialize();
        ProcessorBlocks.AdoptBootProcessor(ImageSymbols.BootInterruptTable());
        KernelProcessors.SetCount(1);

        MachineDescription* machine = KernelScratch.Machine;
        CpuFeatures* features = KernelScratch.Features;
        if (!MachineDiscovery<KernelPhysicalMemory>.Discover(startInfo, machine))
        {
            Panic.Now("no memory map: not started through PVH"u8, startInfo);
        }

        CpuFeatures.Detect<KernelCpuid>(features);
        XenGuest.OpenConsole(features);
        CommandLine.Take(machine->CommandLine);
        LocalInterrupts.Initialize(features);
        MemorySetup.Build(machine, features, startInfo);
        ThreadContext.Initialize();

        PerProcessor* processor = Instructions.ProcessorBlock();
        ProcessorBlocks.AddBootRecords(processor);
        DeviceSetup.Start(machine, features);
        BaseAddresses.Assign(machine);
        processor->ApicId = LocalInterrupts.Identifier;
        MachineDescription.PlaceBootstrapProcessorFirst(machine, processor->ApicId);

        KernelEntropy.Initialize(features);
        SignalActions.Initialize(KernelMemory.RequireFrame());
        Dispatcher.Initialize(KernelMemory.RequireFrame());
        OpenFiles.Initialize(KernelMemory.RequireFrame());
        KernelMemory.StartAddressSpace();
        Threads.Initialize(processor);
        KernelUpcalls.Interrupt = &InterruptDispatch.Send;
        KernelUpcalls.AnswerShootdown = &AnswerShootdown;
        KernelUpcalls.DescribeThread = &Threads.Describe;
        KernelUpcalls.StopOthers = &CriticalInterrupts.StopOthers;

        KernelThread* first = FirstThread.Create(KernelScratch.CommandLine);
        Threads.StartProcessor(processor, first);
        int online = SecondaryProcessors.StartAll(machine);
        if (!CommandLine.Quiet)
        {
            Banner(online);
        }

        Instructions.Resume(KernelEntry.LeaveFirst(processor));
    }

    private static void AnswerShootdown() => KernelMemory.TlbShootdown->Answer();

    private static void Banner(int online)
    {
        KernelConsole.Write("[kernel] "u8);
        KernelConsole.WriteDecimal((ulong)online);
        KernelConsole.Write(online == 1 ? " processor, "u8 : " processors, "u8);
        KernelConsole.WriteDecimal(KernelMemory.TotalBytes >> 20);
        KernelConsole.Write(" MiB free, clock "u8);
        KernelConsole.WriteDecimal(KernelClock.Frequency / 1_000_000);
        KernelConsole.Write(" MHz, up after "u8);
        KernelConsole.WriteDecimal((ulong)KernelClock.Now / 1000);
        KernelConsole.Write(" us\n"u8);
    }
}
