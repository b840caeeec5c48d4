using System.Runtime;
using System.Runtime.CompilerServices;

namespace Troupe.Core.Machine;

/// <summary>What the processor can do and C# cannot say: each method is a symbol of Assembly/*.S, called without a transition.</summary>
/// <remarks>Present in an image only; hosted code that calls one fails with a missing method.</remarks>
public static unsafe class Instructions
{
    private const MethodImplOptions Assembly = MethodImplOptions.InternalCall;

    /// <summary>Writes a byte to an I/O port.</summary>
    [RuntimeImport("*", "instruction_out8")]
    [MethodImpl(Assembly)]
    public static extern void Out8(ushort port, byte value);

    /// <summary>Reads a byte from an I/O port.</summary>
    [RuntimeImport("*", "instruction_in8")]
    [MethodImpl(Assembly)]
    public static extern byte In8(ushort port);

    /// <summary>Writes 16 bits to an I/O port.</summary>
    [RuntimeImport("*", "instruction_out16")]
    [MethodImpl(Assembly)]
    public static extern void Out16(ushort port, ushort value);

    /// <summary>Reads 16 bits from an I/O port.</summary>
    [RuntimeImport("*", "instruction_in16")]
    [MethodImpl(Assembly)]
    public static extern ushort In16(ushort port);

    /// <summary>Writes 32 bits to an I/O port.</summary>
    [RuntimeImport("*", "instruction_out32")]
    [MethodImpl(Assembly)]
    public static extern void Out32(ushort port, uint value);

    /// <summary>Reads 32 bits from an I/O port.</summary>
    [RuntimeImport("*", "instruction_in32")]
    [MethodImpl(Assembly)]
    public static extern uint In32(ushort port);

    /// <summary>Reads a model-specific register; one that does not exist ends in a panic.</summary>
    [RuntimeImport("*", "instruction_read_msr")]
    [MethodImpl(Assembly)]
    public static extern ulong ReadMsr(uint register);

    /// <summary>Writes a model-specific register.</summary>
    [RuntimeImport("*", "instruction_write_msr")]
    [MethodImpl(Assembly)]
    public static extern void WriteMsr(uint register, ulong value);

    /// <summary>Executes CPUID.</summary>
    [RuntimeImport("*", "instruction_cpuid")]
    [MethodImpl(Assembly)]
    public static extern void Cpuid(uint leaf, uint subleaf, CpuidResult* result);

    /// <summary>Reads the time-stamp counter; not a serialising instruction.</summary>
    [RuntimeImport("*", "instruction_read_time_stamp_counter")]
    [MethodImpl(Assembly)]
    public static extern ulong ReadTimeStampCounter();

    /// <summary>A random word from the processor; 1 if it delivered one.</summary>
    [RuntimeImport("*", "instruction_rdrand")]
    [MethodImpl(Assembly)]
    public static extern byte RdRand(ulong* destination);

    /// <summary>A seed word from the processor; 1 if it delivered one.</summary>
    [RuntimeImport("*", "instruction_rdseed")]
    [MethodImpl(Assembly)]
    public static extern byte RdSeed(ulong* destination);

    /// <summary>Makes a call of Xen; only where there is one, and once the page of calls is filled.</summary>
    [RuntimeImport("*", "instruction_hypercall")]
    [MethodImpl(Assembly)]
    public static extern long Hypercall(ulong number, ulong first, ulong second, ulong third);

    /// <summary>The address of the last page fault.</summary>
    [RuntimeImport("*", "instruction_read_cr2")]
    [MethodImpl(Assembly)]
    public static extern ulong ReadCr2();

    /// <summary>The physical address of the page map.</summary>
    [RuntimeImport("*", "instruction_read_cr3")]
    [MethodImpl(Assembly)]
    public static extern ulong ReadCr3();

    /// <summary>Installs a page map.</summary>
    [RuntimeImport("*", "instruction_write_cr3")]
    [MethodImpl(Assembly)]
    public static extern void WriteCr3(ulong value);

    /// <summary>Drops every translation, global ones too.</summary>
    [RuntimeImport("*", "instruction_flush_all")]
    [MethodImpl(Assembly)]
    public static extern void FlushAll();

    /// <summary>Drops every translation that is not global.</summary>
    [RuntimeImport("*", "instruction_flush_private")]
    [MethodImpl(Assembly)]
    public static extern void FlushPrivate();

    /// <summary>Drops the translation of one page.</summary>
    [RuntimeImport("*", "instruction_invalidate_page")]
    [MethodImpl(Assembly)]
    public static extern void InvalidatePage(ulong address);

    /// <summary>Installs the interrupt descriptor table of 256 gates.</summary>
    [RuntimeImport("*", "instruction_load_idt")]
    [MethodImpl(Assembly)]
    public static extern void LoadIdt(ulong table);

    /// <summary>Installs the global descriptor table.</summary>
    [RuntimeImport("*", "instruction_load_gdt")]
    [MethodImpl(Assembly)]
    public static extern void LoadGdt(ulong pointer);

    /// <summary>Installs the task state segment.</summary>
    [RuntimeImport("*", "instruction_load_task_register")]
    [MethodImpl(Assembly)]
    public static extern void LoadTaskRegister(ushort selector);

    /// <summary>This processor's block.</summary>
    [RuntimeImport("*", "instruction_processor_block")]
    [MethodImpl(Assembly)]
    public static extern PerProcessor* ProcessorBlock();

    /// <summary>This processor's index.</summary>
    [RuntimeImport("*", "instruction_processor_index")]
    [MethodImpl(Assembly)]
    public static extern int ProcessorIndex();

    /// <summary>The spin-wait hint.</summary>
    [RuntimeImport("*", "instruction_pause")]
    [MethodImpl(Assembly)]
    public static extern void Pause();

    /// <summary>Stops this processor for good.</summary>
    [RuntimeImport("*", "instruction_halt")]
    [MethodImpl(Assembly)]
    public static extern void Halt();

    /// <summary>Halts with interrupts on until one came; only where no thread is current.</summary>
    [RuntimeImport("*", "instruction_wait_for_interrupt")]
    [MethodImpl(Assembly)]
    public static extern void WaitForInterrupt();

    /// <summary>The caller's frame pointer.</summary>
    [RuntimeImport("*", "instruction_frame_pointer")]
    [MethodImpl(Assembly)]
    public static extern ulong FramePointer();

    /// <summary>Zeroes memory; <paramref name="bytes"/> is a multiple of 32.</summary>
    [RuntimeImport("*", "instruction_zero")]
    [MethodImpl(Assembly)]
    public static extern void Zero(ulong address, ulong bytes);

    /// <summary>Copies memory that does not overlap and cannot fault; <paramref name="bytes"/> is a multiple of 8.</summary>
    [RuntimeImport("*", "instruction_copy")]
    [MethodImpl(Assembly)]
    public static extern void Copy(ulong destination, ulong source, ulong bytes);

    /// <summary>Copies; a fault stops it. Returns the bytes not copied.</summary>
    [RuntimeImport("*", "instruction_copy_user")]
    [MethodImpl(Assembly)]
    public static extern ulong CopyWithFixup(ulong destination, ulong source, ulong bytes);

    /// <summary>Reads an aligned 32-bit word; all ones in 64 bits when that faults.</summary>
    [RuntimeImport("*", "instruction_load_user")]
    [MethodImpl(Assembly)]
    public static extern ulong LoadWithFixup(ulong address);

    /// <summary>Leaves the kernel to a thread; does not return.</summary>
    [RuntimeImport("*", "instruction_resume")]
    [MethodImpl(Assembly)]
    public static extern void Resume(void* thread);
}
