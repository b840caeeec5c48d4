using System.Runtime;
using System.Runtime.CompilerServices;

namespace Troupe.Core.Machine;

/// <summary>Addresses that only the linker knows: each method returns that of a symbol.</summary>
public static unsafe class ImageSymbols
{
    private const MethodImplOptions Assembly = MethodImplOptions.InternalCall;

    /// <summary>The page that Xen fills with its calls.</summary>
    [RuntimeImport("*", "instruction_hypercall_page")]
    [MethodImpl(Assembly)]
    public static extern ulong HypercallPage();

    /// <summary>The ELF header.</summary>
    [RuntimeImport("*", "instruction_image_header")]
    [MethodImpl(Assembly)]
    public static extern ulong ImageHeader();

    /// <summary>The end of the image, .bss included.</summary>
    [RuntimeImport("*", "instruction_image_end")]
    [MethodImpl(Assembly)]
    public static extern ulong ImageEnd();

    /// <summary>The C library's _start.</summary>
    [RuntimeImport("*", "instruction_c_runtime_start")]
    [MethodImpl(Assembly)]
    public static extern ulong CRuntimeStart();

    /// <summary>The stub of vector 0; each has 16 bytes.</summary>
    [RuntimeImport("*", "instruction_interrupt_stubs")]
    [MethodImpl(Assembly)]
    public static extern ulong InterruptStubs();

    /// <summary>Where SYSCALL goes.</summary>
    [RuntimeImport("*", "instruction_system_call_entry")]
    [MethodImpl(Assembly)]
    public static extern ulong SystemCallEntry();

    /// <summary>What idle threads run.</summary>
    [RuntimeImport("*", "instruction_idle_loop")]
    [MethodImpl(Assembly)]
    public static extern ulong IdleLoop();

    /// <summary>The page map built by boot.S.</summary>
    [RuntimeImport("*", "instruction_boot_page_map")]
    [MethodImpl(Assembly)]
    public static extern ulong BootPageMap();

    /// <summary>The page below the boot stack.</summary>
    [RuntimeImport("*", "instruction_boot_stack_guard")]
    [MethodImpl(Assembly)]
    public static extern ulong BootStackGuard();

    /// <summary>The end of the boot stack.</summary>
    [RuntimeImport("*", "instruction_boot_stack_top")]
    [MethodImpl(Assembly)]
    public static extern ulong BootStackTop();

    /// <summary>The template of a processor's descriptor table.</summary>
    [RuntimeImport("*", "instruction_boot_gdt")]
    [MethodImpl(Assembly)]
    public static extern ulong BootGdt();

    /// <summary>The block of processor 0.</summary>
    [RuntimeImport("*", "instruction_boot_processor")]
    [MethodImpl(Assembly)]
    public static extern ulong BootProcessor();

    /// <summary>The code that secondary processors start in.</summary>
    [RuntimeImport("*", "instruction_trampoline_start")]
    [MethodImpl(Assembly)]
    public static extern ulong TrampolineStart();

    /// <summary>Its end.</summary>
    [RuntimeImport("*", "instruction_trampoline_end")]
    [MethodImpl(Assembly)]
    public static extern ulong TrampolineEnd();

    /// <summary>Its word for CR3.</summary>
    [RuntimeImport("*", "instruction_trampoline_page_map")]
    [MethodImpl(Assembly)]
    public static extern ulong TrampolinePageMap();

    /// <summary>Its word for the processor's block.</summary>
    [RuntimeImport("*", "instruction_trampoline_processor")]
    [MethodImpl(Assembly)]
    public static extern ulong TrampolineProcessor();

    /// <summary>The directory of the trace rings.</summary>
    [RuntimeImport("*", "instruction_trace_rings")]
    [MethodImpl(Assembly)]
    public static extern ulong TraceRings();

    /// <summary>What the program tells the time with (<see cref="Machine.UserClock"/>).</summary>
    [RuntimeImport("*", "instruction_user_clock")]
    [MethodImpl(Assembly)]
    public static extern ulong UserClock();

    /// <summary>The certificates that the build put in (TroupeRootCertificates), an <see cref="ImageFile"/>; an empty one where there are none.</summary>
    [RuntimeImport("*", "instruction_root_certificates")]
    [MethodImpl(Assembly)]
    public static extern ulong RootCertificates();

    /// <summary>The table of the files that the build put in (<see cref="ImageFile"/>).</summary>
    [RuntimeImport("*", "instruction_image_files")]
    [MethodImpl(Assembly)]
    public static extern ulong ImageFiles();

    /// <summary>Its end.</summary>
    [RuntimeImport("*", "instruction_image_files_end")]
    [MethodImpl(Assembly)]
    public static extern ulong ImageFilesEnd();

    /// <summary>Not 0 where the processor has XSAVE.</summary>
    [RuntimeImport("*", "instruction_has_xsave")]
    [MethodImpl(Assembly)]
    public static extern ulong HasXsave();

    /// <summary>A page for the interrupt descriptor table.</summary>
    [RuntimeImport("*", "instruction_boot_interrupt_table")]
    [MethodImpl(Assembly)]
    public static extern ulong BootInterruptTable();

    /// <summary>Four times a guard page and a stack of 16 KiB above it, for processor 0: faults in the kernel, NMI, double fault, machine check.</summary>
    [RuntimeImport("*", "instruction_boot_trap_stacks")]
    [MethodImpl(Assembly)]
    public static extern ulong BootTrapStacks();
}
