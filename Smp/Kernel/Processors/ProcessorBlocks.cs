using Troupe.Core.Machine;
using Troupe.Core.Machine.Traps;

namespace Troupe.Smp.Kernel.Processors;

/// <summary>The blocks and stacks of all processors. Filled by the boot processor before the processor they belong to starts.</summary>
internal static unsafe class ProcessorBlocks
{
    /// <summary>Pages of each stack; the page below the first is a guard.</summary>
    private const ulong KernelStackPages = 8, TrapStackPages = 4;

    private static BlockTable _blocks;

    private unsafe struct BlockTable
    {
        internal fixed ulong Items[IProcessors.Maximum];
    }

    /// <summary>A processor's block.</summary>
    internal static PerProcessor* Get(int index) => (PerProcessor*)_blocks.Items[index];

    /// <summary>The first processor's block lies in the image; it is in use already.</summary>
    internal static void AdoptBootProcessor(ulong interruptTable)
    {
        var block = (PerProcessor*)ImageSymbols.BootProcessor();
        block->Self = block;
        block->Index = 0;
        block->StackTop = ImageSymbols.BootStackTop();
        block->InKernel = 1;
        block->TimerDeadline = long.MaxValue;
        _blocks.Items[0] = (ulong)block;
        ulong stacks = ImageSymbols.BootTrapStacks();
        ulong size = TrapStackPages * KernelMemory.FrameSize;
        block->FaultEnd = stacks + size;
        DescriptorTables.Fill(block, stacks + (size * 2), stacks + (size * 3), stacks + (size * 4));
        DescriptorTables.Load(block);
        DescriptorTables.FillInterruptTable(interruptTable);
        Instructions.LoadIdt(interruptTable);
        DescriptorTables.EnableSystemCalls();
    }

    /// <summary>Makes the block of another processor; null where memory is short.</summary>
    internal static PerProcessor* Create(int index, uint apicId)
    {
        ulong page = KernelMemory.AllocateFrame();
        ulong kernelStack = KernelMemory.AllocateStack(KernelStackPages);
        ulong fault = KernelMemory.AllocateStack(TrapStackPages);
        ulong nonMaskable = KernelMemory.AllocateStack(TrapStackPages);
        ulong doubleFault = KernelMemory.AllocateStack(TrapStackPages);
        ulong machineCheck = KernelMemory.AllocateStack(TrapStackPages);
        if (page == 0 || kernelStack == 0 || fault == 0 || nonMaskable == 0 || doubleFault == 0 || machineCheck == 0)
        {
            return null;
        }

        var block = (PerProcessor*)page;
        block->Self = block;
        block->Index = index;
        block->ApicId = apicId;
        block->StackTop = kernelStack;
        block->InKernel = 1;
        block->FaultEnd = fault;
        block->TimerDeadline = long.MaxValue;
        DescriptorTables.Fill(block, nonMaskable, doubleFault, machineCheck);
        _blocks.Items[index] = page;
        return block;
    }

    /// <summary>Gives a processor its trace ring, which it enters in the directory that debuggers read, and its record of stays with interrupts off.</summary>
    internal static bool TryAddRecords(PerProcessor* block)
    {
        ulong ring = KernelMemory.AllocateContiguous(2);
        ulong stays = KernelMemory.AllocateContiguous(InterruptsOff.Size / KernelMemory.FrameSize);
        if (ring == 0 || stays == 0)
        {
            return false;
        }

        Instructions.Zero(stays, InterruptsOff.Size);
        block->InterruptsOff = (void*)stays;
        Instructions.Zero(ring, 2 * KernelMemory.FrameSize);
        block->Trace = (TraceRing*)ring;
        ulong* directory = (ulong*)ImageSymbols.TraceRings();
        directory[0] = TraceRing.DirectoryMagic;
        directory[1 + block->Index] = ring;
        return true;
    }
}
