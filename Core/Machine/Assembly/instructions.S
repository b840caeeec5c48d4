# Single instructions that C# cannot say, and addresses that only the linker knows.
# Calling convention: System V AMD64. The C# side is Instructions.cs; names there without the prefix.

    .include "layout.inc"

    .section .text.instructions, "axR", @progbits

    .macro FUNCTION name
    .globl instruction_\name
    .type instruction_\name, @function
    .balign 16
instruction_\name:
    .endm

    .macro ADDRESS name, symbol
    FUNCTION \name
    movl $\symbol, %eax              # the image is linked below 2 GiB
    ret
    .endm

FUNCTION out8                        # (port, value)
    movl %edi, %edx
    movl %esi, %eax
    outb %al, %dx
    ret
FUNCTION in8
    movl %edi, %edx
    inb %dx, %al
    movzbl %al, %eax
    ret
FUNCTION out16
    movl %edi, %edx
    movl %esi, %eax
    outw %ax, %dx
    ret
FUNCTION in16
    movl %edi, %edx
    inw %dx, %ax
    movzwl %ax, %eax
    ret
FUNCTION out32
    movl %edi, %edx
    movl %esi, %eax
    outl %eax, %dx
    ret
FUNCTION in32
    movl %edi, %edx
    inl %dx, %eax
    ret

FUNCTION read_msr
    movl %edi, %ecx
    rdmsr
    shl $32, %rdx
    or %rdx, %rax
    ret
FUNCTION write_msr                   # (register, value)
    movl %edi, %ecx
    movl %esi, %eax
    mov %rsi, %rdx
    shr $32, %rdx
    wrmsr
    ret
FUNCTION cpuid                       # (leaf, subleaf, result: EAX EBX ECX EDX)
    push %rbx
    mov %rdx, %r8
    movl %edi, %eax
    movl %esi, %ecx
    cpuid
    movl %eax, (%r8)
    movl %ebx, 4(%r8)
    movl %ecx, 8(%r8)
    movl %edx, 12(%r8)
    pop %rbx
    ret
FUNCTION read_time_stamp_counter
    rdtsc
    shl $32, %rdx
    or %rdx, %rax
    ret
FUNCTION rdrand                      # (destination) -> 1 if it delivered
    rdrand %rax
    jmp 1f
FUNCTION rdseed
    rdseed %rax
1:  setc %cl
    mov %rax, (%rdi)
    movzbl %cl, %eax
    ret

FUNCTION read_cr2
    mov %cr2, %rax
    ret
FUNCTION read_cr3
    mov %cr3, %rax
    ret
FUNCTION write_cr3
    mov %rdi, %cr3
    ret
FUNCTION flush_all                   # global translations too: CR4.PGE off and on (SDM vol. 3, 4.10.4.1)
    mov %cr4, %rax
    mov %rax, %rcx
    andb $0x7F, %cl
    mov %rcx, %cr4
    mov %rax, %cr4
    ret
FUNCTION flush_private               # all but the global ones, which the kernel's identity map is made of
    mov %cr3, %rax
    mov %rax, %cr3
    ret
FUNCTION invalidate_page
    invlpg (%rdi)
    ret

FUNCTION load_idt                    # (base): 256 gates of 16 bytes
    sub $24, %rsp
    movw $4095, 6(%rsp)
    mov %rdi, 8(%rsp)
    lidt 6(%rsp)
    add $24, %rsp
    ret
FUNCTION load_gdt                    # (pointer to limit and base): the selectors in use keep their meaning
    lgdt (%rdi)
    ret
FUNCTION load_task_register
    ltr %di
    ret

FUNCTION processor_block             # this processor's PerProcessor
    mov %gs:PROCESSOR_SELF, %rax
    ret
FUNCTION processor_index
    movl %gs:PROCESSOR_INDEX, %eax
    ret
FUNCTION pause
    pause
    ret
FUNCTION halt                        # for good
    cli
    hlt
    jmp instruction_halt
FUNCTION take_no_interrupt           # this processor, any more: nothing has a priority above 15 (SDM vol. 3, 11.8.3.1), and only an NMI has none
    mov $15, %eax
    mov %rax, %cr8
    ret
FUNCTION wait_for_interrupt          # only where no thread is current: panic and early boot
    sti
    hlt
    cli
    ret
FUNCTION frame_pointer
    mov %rbp, %rax
    ret
FUNCTION zero                        # (address, bytes: a multiple of 32)
    pxor %xmm0, %xmm0
    add %rdi, %rsi
1:  movdqu %xmm0, (%rdi)             # no rep stos: hundreds of times slower in emulation
    movdqu %xmm0, 16(%rdi)
    add $32, %rdi
    cmp %rsi, %rdi
    jb 1b
    ret
FUNCTION copy                        # (destination, source, bytes: a multiple of 8), no overlap, no fault
    add %rdi, %rdx
1:  cmp %rdx, %rdi
    jae 2f
    mov (%rsi), %rax
    mov %rax, (%rdi)
    add $8, %rsi
    add $8, %rdi
    jmp 1b
2:  ret
FUNCTION system_call                 # (number, a0, a1, a2, a3, a4): the troupe's own calls, from managed code in Smp/Host
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    syscall
    ret

FUNCTION hypercall                   # (number, a0, a1, a2): xen/include/public/arch-x86/xen-x86_64.h; preserves what C expects to be preserved
    mov %rdi, %rax
    shl $5, %rax
    add $hypercall_page, %rax        # the image is linked below 2 GiB
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    jmp *%rax

ADDRESS hypercall_page, hypercall_page
ADDRESS image_header, __ehdr_start
ADDRESS image_end, _end
ADDRESS c_runtime_start, _start
ADDRESS interrupt_stubs, interrupt_stubs
ADDRESS system_call_entry, system_call_entry
ADDRESS idle_loop, idle_loop
ADDRESS boot_page_map, boot_page_map
ADDRESS boot_stack_guard, boot_stack_guard
ADDRESS boot_stack_top, boot_stack_top
ADDRESS boot_gdt, boot_gdt
ADDRESS boot_processor, boot_processor
ADDRESS boot_interrupt_table, boot_interrupt_table
ADDRESS boot_trap_stacks, boot_trap_stacks
ADDRESS trampoline_start, trampoline_start
ADDRESS trampoline_end, trampoline_end
ADDRESS trampoline_page_map, trampoline_page_map
ADDRESS trampoline_processor, trampoline_processor
ADDRESS trace_rings, troupe_trace_rings
ADDRESS has_xsave, processor_has_xsave
ADDRESS user_clock, user_clock
ADDRESS root_certificates, root_certificates
ADDRESS image_files, image_files
ADDRESS image_files_end, image_files_end

    # Xen writes its calls here, 32 bytes each, when its register is told the page; nobody else ever jumps into it.
    .section .text.hypercall, "axR", @progbits
    .balign 4096
hypercall_page: .skip 4096, 0xCC

    # The trace rings' directory: 64 pointers and a magic number, found by symbol from a hung guest (docs/debugging.md).
    .section .bss.trace, "awR", @nobits
    .balign 64
    .globl troupe_trace_rings
troupe_trace_rings: .skip 8 + 64 * 8

    .section .note.GNU-stack, "", @progbits
