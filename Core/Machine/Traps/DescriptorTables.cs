namespace Troupe.Core.Machine.Traps;

/// <summary>
/// Interrupt, global and task descriptors. Intel SDM vol. 3, 6.14.1 (64-bit gates), 7.2.3 (64-bit TSS descriptor), 7.7 (64-bit TSS).
/// One interrupt table for all; each processor has a descriptor table and a task state of its own.
/// </summary>
public static unsafe class DescriptorTables
{
    private const ulong CodeSelector = 8;
    private const ushort TaskSelector = 0x18;

    // Present, 64-bit interrupt gate, privilege 0: interrupts are off in the handler.
    private const ulong InterruptGate = 0x8E;

    private const int NonMaskable = 2, DoubleFault = 8, MachineCheck = 18;

    /// <summary>Fills the 256 gates of a table (one page) with entry.S's stubs.</summary>
    public static void FillInterruptTable(ulong table)
    {
        ulong stubs = ImageSymbols.InterruptStubs();
        for (int vector = 0; vector < 256; vector++)
        {
            // What may strike while the kernel runs, before IST1 is moved, has a stack of its own.
            ulong stack = vector switch { NonMaskable => 2, DoubleFault => 3, MachineCheck => 4, _ => 1 };
            ulong handler = stubs + ((ulong)vector * 16);
            ulong* gate = (ulong*)(table + ((ulong)vector * 16));
            gate[0] = (handler & 0xFFFF) | (CodeSelector << 16) | (stack << 32) | (InterruptGate << 40) | ((handler & 0xFFFF_0000) << 32);
            gate[1] = handler >> 32;
        }
    }

    /// <summary>Fills a processor's descriptor table and task state.</summary>
    /// <param name="processor">The block; its fault area is set.</param>
    /// <param name="nonMaskableEnd">End of the NMI stack.</param>
    /// <param name="doubleFaultEnd">End of the double-fault stack.</param>
    /// <param name="machineCheckEnd">End of the machine-check stack.</param>
    public static void Fill(PerProcessor* processor, ulong nonMaskableEnd, ulong doubleFaultEnd, ulong machineCheckEnd)
    {
        ulong* template = (ulong*)ImageSymbols.BootGdt();
        ulong task = (ulong)processor->Tss;
        for (int i = 0; i < 3; i++)
        {
            processor->Gdt[i] = template[i];
        }

        // Available 64-bit TSS of 104 bytes.
        processor->Gdt[3] = 103 | ((task & 0xFF_FFFF) << 16) | (0x89UL << 40) | ((task >> 24 & 0xFF) << 56);
        processor->Gdt[4] = task >> 32;
        *(ushort*)processor->GdtPointer = 39;
        *(ulong*)(processor->GdtPointer + 2) = (ulong)processor->Gdt;

        *(ulong*)(processor->Tss + 36) = processor->FaultEnd;
        *(ulong*)(processor->Tss + 44) = nonMaskableEnd;
        *(ulong*)(processor->Tss + 52) = doubleFaultEnd;
        *(ulong*)(processor->Tss + 60) = machineCheckEnd;

        // No I/O permission map: ring 0 needs none.
        *(ushort*)(processor->Tss + 102) = 104;
        processor->TaskState = task;
    }

    /// <summary>Loads what <see cref="Fill"/> built on the calling processor.</summary>
    public static void Load(PerProcessor* processor)
    {
        Instructions.LoadGdt((ulong)processor->GdtPointer);
        Instructions.LoadTaskRegister(TaskSelector);
    }

    /// <summary>Points SYSCALL at entry.S. Intel SDM vol. 3, 5.8.8.</summary>
    public static void EnableSystemCalls()
    {
        const uint Star = 0xC000_0081, LStar = 0xC000_0082, SFMask = 0xC000_0084;

        // Trap, interrupt, direction and alignment-check flags are cleared on entry.
        const ulong ClearedFlags = 0x40700;
        Instructions.WriteMsr(Star, CodeSelector << 32);
        Instructions.WriteMsr(LStar, ImageSymbols.SystemCallEntry());
        Instructions.WriteMsr(SFMask, ClearedFlags);
    }
}
