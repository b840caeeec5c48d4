# Into the kernel and out of it: system calls, interrupts, exceptions.
# Specification: Intel SDM vol. 3, 6.14 (64-bit interrupt handling, IST), 5.8.8 (SYSCALL); vol. 1, 13 (XSAVE).
#
# There is no kernel stack per thread. IST1 points at the end of the running thread's register frame, so the processor
# itself pushes into the thread's block (and never touches the red zone); a system call lays the same frame by hand.
# C# then runs on the processor's stack with interrupts off and answers with the thread to resume.
# While the kernel runs, IST1 points at the processor's fault frame instead: a fault inside the kernel lands there and is
# either one of the few in the fix-up table or the end.

    .include "layout.inc"
    .section .rodata.fixup, "aR", @progbits
    .balign 8
fixup_table:                         # pairs (instruction that may fault, where to go on), ended by a zero

    .section .text.entry, "axR", @progbits

    .globl system_call_entry
    .type system_call_entry, @function
system_call_entry:                   # RCX = return address, R11 = flags; IF, TF, DF, AC cleared by SFMASK
    mov %rsp, %gs:PROCESSOR_SCRATCH
    mov %gs:PROCESSOR_FRAME_END, %rsp
    push $SELECTOR_DATA
    push %gs:PROCESSOR_SCRATCH
    push %r11
    push $SELECTOR_CODE
    push %rcx
    push $0
    push $VECTOR_SYSTEM_CALL
    jmp save_registers

# One stub of 16 bytes a vector. Vectors with an error code (SDM vol. 3, table 6-1): 8, 10-14, 17, 21, 29, 30.
    .balign 16
    .globl interrupt_stubs
interrupt_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    .if !((vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30))
    push $0
    .endif
    push $vector
    .if vector == 2 || vector == 8 || vector == 18
    jmp save_on_own_stack            # NMI, double fault, machine check: they may come anywhere
    .else
    jmp save_registers
    .endif
    .set vector, vector + 1
    .endr

    .macro PUSH_GENERAL
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push %rax
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    .endm

    .macro POP_GENERAL
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
    .endm

save_registers:
    cld                              # an interrupt may come amid a copy that runs downwards
    PUSH_GENERAL
    cmpl $0, %gs:PROCESSOR_IN_KERNEL
    jne fault_in_kernel
    movl $1, %gs:PROCESSOR_IN_KERNEL
    mov %gs:PROCESSOR_TSS, %rax
    mov %gs:PROCESSOR_FAULT_END, %rcx
    mov %rcx, TSS_IST1(%rax)
    mov %rsp, %rdi
    cmpl $0, processor_has_xsave(%rip)
    je 1f
    movl $-1, %eax
    movl $-1, %edx
    xsave64 FRAME_TO_EXTENDED_STATE(%rdi)
    jmp 2f
1:  fxsave64 FRAME_TO_EXTENDED_STATE(%rdi)
2:  mov %gs:PROCESSOR_STACK_TOP, %rsp
    sub $THREAD_REGISTERS, %rdi      # the thread
    xorl %ebp, %ebp
    call kernel_entry                # (thread) -> thread to resume

    .globl resume_thread
resume_thread:                       # RAX = thread
    lea THREAD_REGISTERS(%rax), %rbx
    mov THREAD_FS_BASE(%rax), %rcx
    cmpl $0, processor_has_fsgsbase(%rip)
    je 1f
    wrfsbase %rcx
    jmp 2f
1:  mov %rcx, %rax
    mov %rcx, %rdx
    shr $32, %rdx
    movl $MSR_FS_BASE, %ecx
    wrmsr
2:  cmpl $0, processor_has_xsave(%rip)
    je 3f
    movl $-1, %eax
    movl $-1, %edx
    xrstor64 FRAME_TO_EXTENDED_STATE(%rbx)
    jmp 4f
3:  fxrstor64 FRAME_TO_EXTENDED_STATE(%rbx)
4:  lea REGISTERS_SIZE(%rbx), %rcx
    mov %gs:PROCESSOR_TSS, %rax
    mov %rcx, TSS_IST1(%rax)
    mov %rcx, %gs:PROCESSOR_FRAME_END
    movl $0, %gs:PROCESSOR_IN_KERNEL
    mov %rbx, %rsp
    POP_GENERAL
    add $16, %rsp                    # vector and error code
    iretq

    .globl instruction_resume
    .type instruction_resume, @function
instruction_resume:                  # (thread): the boot processor's first way out
    mov %rdi, %rax
    jmp resume_thread

# A fault while the kernel ran. The frame is the processor's fault frame; the kernel's stack is as it was.
fault_in_kernel:
    mov %rsp, %rdi
    mov 136(%rdi), %rax              # Registers.Rip
    lea fixup_table(%rip), %rcx
1:  cmpq $0, (%rcx)
    je 2f
    cmp (%rcx), %rax
    je 3f
    add $16, %rcx
    jmp 1b
3:  mov 8(%rcx), %rax
    mov %rax, 136(%rdi)
    POP_GENERAL
    add $16, %rsp
    iretq
2:  mov %gs:PROCESSOR_FAULT_END, %rsp
    sub $512, %rsp                   # below the frame: the fault area has room for the panic's own calls
    and $-16, %rsp
    call kernel_fault                # (registers); does not return
    ud2

save_on_own_stack:                   # IST2..4: frame on a stack of its own
    cld
    PUSH_GENERAL
    mov %rsp, %rdi
    mov %rsp, %rbx
    sub $3072 + 64, %rsp
    and $-64, %rsp
    cmpl $0, processor_has_xsave(%rip)
    je 1f
    # The header of a fresh XSAVE area must be zero (SDM vol. 1, 13.4.2).
    xorl %eax, %eax
    mov %rax, 512(%rsp)
    mov %rax, 520(%rsp)
    mov %rax, 528(%rsp)
    mov %rax, 536(%rsp)
    mov %rax, 544(%rsp)
    mov %rax, 552(%rsp)
    mov %rax, 560(%rsp)
    mov %rax, 568(%rsp)
    movl $-1, %eax
    movl $-1, %edx
    xsave64 (%rsp)
    mov %rsp, %r12
    call kernel_critical             # (registers)
    movl $-1, %eax
    movl $-1, %edx
    xrstor64 (%r12)
    jmp 2f
1:  fxsave64 (%rsp)
    mov %rsp, %r12
    call kernel_critical
    fxrstor64 (%r12)
2:  mov %rbx, %rsp
    POP_GENERAL
    add $16, %rsp
    iretq

# The idle thread. It polls first, as long as PerProcessor.PollUntil says: an interrupt that comes in that time need not wait for the processor to
# be woken, which under a hypervisor takes longer than many a device does (docs/scheduling.md). Nothing is looked at: whatever makes a thread ready for
# an idle processor interrupts it, and the interrupt does not come back here if there is one. So none can be slept through, whether it comes before the
# halt or in it. No PAUSE: emulation leaves the translated code at each and takes the lock that devices take to get in.
    .globl idle_loop
    .type idle_loop, @function
idle_loop:
    sti
1:  mov $64, %ecx                    # rounds between looks at the clock, which emulation calls out for
2:  dec %ecx
    jnz 2b
    rdtsc
    shl $32, %rdx
    or %rdx, %rax
    cmp %gs:PROCESSOR_POLL_UNTIL, %rax
    jb 1b
    hlt
    jmp idle_loop

# ---- user memory: the only instructions of the kernel that may fault

    .macro FIXUP at, to
    .pushsection .rodata.fixup, "aR", @progbits
    .quad \at, \to
    .popsection
    .endm

    .globl instruction_copy_user
    .type instruction_copy_user, @function
instruction_copy_user:               # (destination, source, bytes) -> bytes not copied
    mov %rdx, %rcx
    shr $3, %rcx
    jz 2f
1:
copy_user_load_8:
    mov (%rsi), %rax
copy_user_store_8:
    mov %rax, (%rdi)
    add $8, %rsi
    add $8, %rdi
    sub $8, %rdx
    dec %rcx
    jnz 1b
2:  test %rdx, %rdx
    jz 4f
3:
copy_user_load_1:
    movb (%rsi), %al
copy_user_store_1:
    movb %al, (%rdi)
    inc %rsi
    inc %rdi
    dec %rdx
    jnz 3b
4:
copy_user_failed:
    mov %rdx, %rax
    ret
    FIXUP copy_user_load_8, copy_user_failed
    FIXUP copy_user_store_8, copy_user_failed
    FIXUP copy_user_load_1, copy_user_failed
    FIXUP copy_user_store_1, copy_user_failed

    .globl instruction_load_user
    .type instruction_load_user, @function
instruction_load_user:               # (address of an aligned 32-bit word) -> its value, or -1 in 64 bits when it faults
load_user_word:
    movl (%rdi), %eax
    ret
load_user_failed:
    mov $-1, %rax
    ret
    FIXUP load_user_word, load_user_failed

    .section .rodata.fixup, "aR", @progbits
    .quad 0, 0

    .section .note.GNU-stack, "", @progbits
