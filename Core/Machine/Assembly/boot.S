# From the PVH entry to C#.
# Specification: Xen's docs/misc/pvh (x86/HVM direct boot ABI): 32-bit protected mode, flat segments, paging off,
# interrupts off, EBX = physical address of hvm_start_info. QEMU, Xen PVH, Firecracker and cloud-hypervisor enter here.

    .include "layout.inc"

    .section .note.Xen, "aR", @note
    .balign 4
    .long 4, 8, 18                   # name size, descriptor size, XEN_ELFNOTE_PHYS32_ENTRY (xen/include/public/elfnote.h)
    .asciz "Xen"
    .quad pvh_entry

    .section .text.boot, "axR", @progbits
    .code32
    .globl pvh_entry
pvh_entry:
    cli
    cld
    movl $boot_stack_top, %esp
    movl %ebx, boot_start_info

    # Identity map of the first 4 GiB with 2 MiB pages: enough for the image, the start info and the devices.
    # C# replaces it by one with permissions (docs/memory.md).
    movl $boot_page_directory_pointers + 3, boot_page_map
    movl $boot_page_directories + 3, %eax
    movl $boot_page_directory_pointers, %edi
1:  movl %eax, (%edi)
    addl $0x1000, %eax
    addl $8, %edi
    cmpl $boot_page_directory_pointers + 32, %edi
    jne 1b
    movl $boot_page_directories, %edi
    movl $0x83, %eax                 # present, writable, large
2:  movl %eax, (%edi)
    addl $8, %edi
    addl $0x200000, %eax
    jnc 2b                           # until the address wraps at 4 GiB

    movl $boot_page_map, %eax
    movl %eax, %cr3
    movl $CR4_BASE, %eax
    movl %eax, %cr4
    movl $MSR_EFER, %ecx
    rdmsr
    orl $EFER_SCE_LME_NXE, %eax
    wrmsr
    movl $CR0_LONG_MODE, %eax
    movl %eax, %cr0
    lgdt boot_gdt_pointer
    ljmp $SELECTOR_CODE, $boot_long_mode

    .code64
boot_long_mode:
    movl $SELECTOR_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movl $boot_stack_top, %esp

    # What this processor can do decides how entry.S saves extended state and writes the FS base.
    movl $1, %eax
    cpuid
    shrl $26, %ecx                   # XSAVE (SDM vol. 2, CPUID.1:ECX[26])
    andl $1, %ecx
    movl %ecx, processor_has_xsave
    xorl %eax, %eax
    cpuid
    cmpl $7, %eax
    jb 1f
    movl $7, %eax
    xorl %ecx, %ecx
    cpuid
    andl $1, %ebx                    # FSGSBASE (CPUID.7:EBX[0])
    movl %ebx, processor_has_fsgsbase
1:  call processor_enable_features

    movl $boot_processor, %eax
    xorl %edx, %edx
    movl $MSR_GS_BASE, %ecx
    wrmsr
    movq $boot_stack_top, %gs:PROCESSOR_STACK_TOP

    movl boot_start_info(%rip), %edi
    xorl %ebp, %ebp
    call kernel_main                 # Smp/Kernel; does not return
    ud2

# Extended state and FSGSBASE, the same on every processor.
    .globl processor_enable_features
processor_enable_features:
    fninit
    cmpl $0, processor_has_xsave(%rip)
    je 1f
    mov %cr4, %rax
    bts $CR4_OSXSAVE_BIT, %rax
    mov %rax, %cr4
    push %rbx
    movl $0xD, %eax                  # CPUID.D.0:EAX = supported bits of XCR0
    xorl %ecx, %ecx
    cpuid
    pop %rbx
    andl $XCR0_SUPPORTED, %eax
    xorl %edx, %edx
    xorl %ecx, %ecx
    xsetbv
1:  cmpl $0, processor_has_fsgsbase(%rip)
    je 2f
    mov %cr4, %rax
    bts $CR4_FSGSBASE_BIT, %rax
    mov %rax, %cr4
2:  ret

# The ELF entry point. The same file runs as a Linux process (ring 3): then the C library starts it as ever.
    .globl image_entry
    .type image_entry, @function
image_entry:
    mov %cs, %eax
    testl $3, %eax
    jnz _start
1:  hlt                              # a loader without PVH: nothing is set up, so nothing can be said
    jmp 1b

    .section .data.boot, "awR", @progbits
    .balign 16
    .globl boot_gdt, processor_has_xsave, processor_has_fsgsbase
boot_gdt:
    .quad 0
    .quad 0x00AF9B000000FFFF         # 0x08: 64-bit code
    .quad 0x00CF93000000FFFF         # 0x10: data
    .quad 0, 0                       # 0x18: TSS, filled by C# in each processor's copy
boot_gdt_pointer:
    .word 39
    .quad boot_gdt
    .balign 8
boot_start_info:        .quad 0
processor_has_xsave:    .long 0
processor_has_fsgsbase: .long 0

    .section .bss.boot, "awR", @nobits
    .balign 4096
    .globl boot_page_map, boot_stack_guard, boot_stack_top, boot_processor, boot_interrupt_table, boot_trap_stacks
boot_page_map:                .skip 4096
boot_page_directory_pointers: .skip 4096
boot_page_directories:        .skip 4 * 4096
boot_stack_guard:             .skip 4096     # unmapped by C#
boot_stack:                   .skip 32768
boot_stack_top:
boot_processor:               .skip 4096     # PerProcessor of processor 0
boot_interrupt_table:         .skip 4096
boot_trap_stacks:             .skip 4 * (4096 + 16384) # faults in the kernel, NMI, double fault, machine check; C# unmaps the page below each

    .section .note.GNU-stack, "", @progbits
