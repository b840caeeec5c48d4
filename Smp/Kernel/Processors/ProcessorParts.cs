namespace Troupe.Smp.Kernel.Processors;

/// <summary>Where the memory of a processor comes from: the kernel's frames, or a test's count.</summary>
public interface IProcessorMemory
{
    /// <summary>Frames that follow each other, or 0.</summary>
    static abstract ulong Allocate(ulong frames);

    /// <summary>Gives such frames back.</summary>
    static abstract void Free(ulong start, ulong frames);

    /// <summary>A stack with a guard page below it; answers its end, or 0.</summary>
    static abstract ulong AllocateStack(ulong pages);

    /// <summary>Gives such a stack back.</summary>
    static abstract void FreeStack(ulong end, ulong pages);
}

/// <summary>The memory that another processor needs before it starts: all of it or nothing.</summary>
public struct ProcessorParts
{
    /// <summary>Pages of each stack; the page below is a guard.</summary>
    public const ulong KernelStackPages = 8, TrapStackPages = 4;

    /// <summary>Frames of a trace ring.</summary>
    public const ulong TraceRingFrames = 2;

    /// <summary>Frames of the record of stays with interrupts off.</summary>
    public const ulong InterruptsOffFrames = Kernel.InterruptsOff.Size / KernelMemory.FrameSize;

    /// <summary>Start of the frames for the processor's block, its idle thread, its trace ring and its record of stays with interrupts off.</summary>
    public ulong Block, IdleThread, TraceRing, InterruptsOff;

    /// <summary>Ends of the kernel stack and of the stacks for faults in the kernel, NMI, double fault and machine check.</summary>
    public ulong KernelStack, Fault, NonMaskable, DoubleFault, MachineCheck;

    /// <summary>Allocates everything; where something is missing, what was there goes back.</summary>
    public static bool TryAllocate<TMemory>(ref ProcessorParts parts)
        where TMemory : struct, IProcessorMemory
    {
        parts.Block = TMemory.Allocate(1);
        parts.IdleThread = TMemory.Allocate(1);
        parts.TraceRing = TMemory.Allocate(TraceRingFrames);
        parts.InterruptsOff = TMemory.Allocate(InterruptsOffFrames);
        parts.KernelStack = TMemory.AllocateStack(KernelStackPages);
        parts.Fault = TMemory.AllocateStack(TrapStackPages);
        parts.NonMaskable = TMemory.AllocateStack(TrapStackPages);
        parts.DoubleFault = TMemory.AllocateStack(TrapStackPages);
        parts.MachineCheck = TMemory.AllocateStack(TrapStackPages);
        if (parts.Block != 0 && parts.IdleThread != 0 && parts.TraceRing != 0 && parts.InterruptsOff != 0 && parts.KernelStack != 0
            && parts.Fault != 0 && parts.NonMaskable != 0 && parts.DoubleFault != 0 && parts.MachineCheck != 0)
        {
            return true;
        }

        Free<TMemory>(parts.Block, 1);
        Free<TMemory>(parts.IdleThread, 1);
        Free<TMemory>(parts.TraceRing, TraceRingFrames);
        Free<TMemory>(parts.InterruptsOff, InterruptsOffFrames);
        FreeStack<TMemory>(parts.KernelStack, KernelStackPages);
        FreeStack<TMemory>(parts.Fault, TrapStackPages);
        FreeStack<TMemory>(parts.NonMaskable, TrapStackPages);
        FreeStack<TMemory>(parts.DoubleFault, TrapStackPages);
        FreeStack<TMemory>(parts.MachineCheck, TrapStackPages);
        return false;
    }

    private static void Free<TMemory>(ulong start, ulong frames)
        where TMemory : struct, IProcessorMemory
    {
        if (start != 0)
        {
            TMemory.Free(start, frames);
        }
    }

    private static void FreeStack<TMemory>(ulong end, ulong pages)
        where TMemory : struct, IProcessorMemory
    {
        if (end != 0)
        {
            TMemory.FreeStack(end, pages);
        }
    }
}
