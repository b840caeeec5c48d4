# Start of a secondary processor: real mode to C#.
# Specification: Intel SDM vol. 3, 9.4 (MP initialisation). C# copies this page to TRAMPOLINE below 1 MiB, fills the word
# for CR3 at its end, makes it executable and read-only, and sends INIT and SIPI with the page's number as vector.

    .include "layout.inc"
    .set TRAMPOLINE, 0x8000          # Troupe.Smp.Kernel.SecondaryProcessors.TrampolineAddress

    .section .text.boot, "axR", @progbits
    .globl trampoline_start, trampoline_end, trampoline_page_map, trampoline_processor
    .code16
trampoline_start:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    lgdtl TRAMPOLINE + (trampoline_gdt_pointer - trampoline_start)
    movl $CR4_BASE, %eax
    movl %eax, %cr4
    movl TRAMPOLINE + (trampoline_page_map - trampoline_start), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    rdmsr
    orl $EFER_SCE_LME_NXE, %eax
    wrmsr
    movl $CR0_LONG_MODE, %eax
    movl %eax, %cr0
    ljmpl $SELECTOR_CODE, $trampoline_long_mode
    .balign 8
trampoline_gdt_pointer:
    .word 39
    .long boot_gdt
    .balign 8
trampoline_page_map:  .quad 0        # CR3, below 4 GiB
trampoline_end:

    .code64
trampoline_long_mode:
    movl $SELECTOR_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    mov trampoline_processor(%rip), %rax
    mov %rax, %rdx
    shr $32, %rdx
    movl $MSR_GS_BASE, %ecx
    wrmsr
    mov %gs:PROCESSOR_STACK_TOP, %rsp
    call processor_enable_features
    lgdt %gs:PROCESSOR_GDT_POINTER
    movl $SELECTOR_TSS, %eax
    ltr %ax
    xorl %ebp, %ebp
    call kernel_secondary_main       # Smp/Kernel; returns the thread to run
    jmp resume_thread

    .section .data.boot, "awR", @progbits
    .balign 8
trampoline_processor: .quad 0        # the starting processor's PerProcessor; one starts at a time

    .section .note.GNU-stack, "", @progbits
