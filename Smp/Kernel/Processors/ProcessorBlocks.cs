using Troupe.Core.Machine;
using Troupe.Core.Machine.Traps;

namespace Troupe.Smp.Kernel.Processors;

/// <summary>The blocks and stacks of all processors. Filled by the boot processor before the processor they belong to starts.</summary>
internal static unsafe class ProcessorBlocks
{
    /// <summary>Stacks of the first processor beside its kernel stack: faults in the kernel, NMI, double fault, machine check.</summary>
    internal const int BootTrapStacks = 4;

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
        block->FaultEnd = BootTrapStackGuard(1);
        DescriptorTables.Fill(block, BootTrapStackGuard(2), BootTrapStackGuard(3), BootTrapStackGuard(4));
        DescriptorTables.Load(block);
        DescriptorTables.FillInterruptTable(interruptTable);
        Instructions.LoadIdt(interruptTable);
        DescriptorTables.EnableSystemCalls();
    }

    /// <summary>The guard page below one of the first processor's trap stacks, which is also the end of the stack before; they lie in the image (boot.S).</summary>
    internal static ulong BootTrapStackGuard(int index) =>
        ImageSymbols.BootTrapStacks() + ((ulong)index * (ProcessorParts.TrapStackPages + 1) * KernelMemory.FrameSize);

    /// <summary>Makes the block of another processor, with its trace ring and idle thread; null where memory is short.</summary>
    internal static PerProcessor* Create(int index, uint apicId)
    {
        ProcessorParts parts = default;
        if (!ProcessorParts.TryAllocate<ProcessorMemorySource>(ref parts))
        {
            return null;
        }

        Instructions.Zero(parts.Block, KernelMemory.FrameSize);
        var block = (PerProcessor*)parts.Block;
        block->Self = block;
        block->Index = index;
        block->ApicId = apicId;
        block->StackTop = parts.KernelStack;
        block->InKernel = 1;
        block->FaultEnd = parts.Fault;
        block->TimerDeadline = long.MaxValue;
        DescriptorTables.Fill(block, parts.NonMaskable, parts.DoubleFault, parts.MachineCheck);
        Threads.SetIdle(block, parts.IdleThread);
        AddRecords(block, parts.TraceRing, parts.InterruptsOff);
        _blocks.Items[index] = parts.Block;
        return block;
    }

    /// <summary>Gives the first processor its records.</summary>
    internal static void AddBootRecords(PerProcessor* block)
    {
        ulong ring = KernelMemory.AllocateContiguous(ProcessorParts.TraceRingFrames);
        ulong stays = KernelMemory.AllocateContiguous(ProcessorParts.InterruptsOffFrames);
        if (ring == 0 || stays == 0)
        {
            Panic.Now("not enough memory for the records of the first processor"u8);
        }

        AddRecords(block, ring, stays);
    }

    /// <summary>Gives a processor its trace ring, which it enters in the directory that debuggers read, and its record of stays with interrupts off.</summary>
    private static void AddRecords(PerProcessor* block, ulong ring, ulong stays)
    {
        Instructions.Zero(stays, InterruptsOff.Size);
        block->InterruptsOff = (void*)stays;
        Instructions.Zero(ring, ProcessorParts.TraceRingFrames * KernelMemory.FrameSize);
        block->Trace = (TraceRing*)ring;
        ulong* directory = (ulong*)ImageSymbols.TraceRings();
        directory[0] = TraceRing.DirectoryMagic;
        directory[1 + block->Index] = ring;
    }

    private readonly struct ProcessorMemorySource : IProcessorMemory
    {
        public static ulong Allocate(ulong frames) => KernelMemory.AllocateContiguous(frames);

        public static void Free(ulong start, ulong frames) => KernelMemory.FreeContiguous(start, frames);

        public static ulong AllocateStack(ulong pages) => KernelMemory.AllocateStack(pages);

        public static void FreeStack(ulong end, ulong pages) => KernelMemory.FreeStack(end, pages);
    }
}
