# clock_gettime as a call instead of a trap, as Linux's vDSO has it (man 7 vdso): the linker binds the program's calls of the C library's
# function to the one here (--wrap, Tools/Build/Troupe.App.targets). Assembly because the collector may look at a thread in the middle
# of it: compiled C# would pass for a managed frame, with a caller in C behind it that the collector cannot read.

    .include "layout.inc"

    .set CLOCK_REALTIME, 0           # include/uapi/linux/time.h
    .set CLOCK_REALTIME_COARSE, 5
    .set CLOCK_BOOTTIME, 7
    .set PROCESSOR_TIMES, 0b1100     # CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID: the kernel's to tell
    .set WALL_TIMES, (1 << CLOCK_REALTIME) | (1 << CLOCK_REALTIME_COARSE)
    .set NANOSECONDS_PER_SECOND, 1000000000

    .section .text.clock, "axR", @progbits
    .globl __wrap_clock_gettime
    .type __wrap_clock_gettime, @function
    .balign 16
__wrap_clock_gettime:                # (clock, timespec) -> 0; the arithmetic of ClockScale.Apply on the kernel's own numbers
    mov user_clock+CLOCK_MULTIPLIER(%rip), %r8
    test %r8, %r8
    jz __real_clock_gettime
    cmpl $CLOCK_BOOTTIME, %edi
    ja __real_clock_gettime
    movl $PROCESSOR_TIMES, %eax
    bt %edi, %eax
    jc __real_clock_gettime
    lfence                           # not before what came before (SDM vol. 2, RDTSC)
    rdtsc
    shl $32, %rdx
    or %rdx, %rax
    xorl %r9d, %r9d
    sub user_clock+CLOCK_START(%rip), %rax
    cmovc %r9, %rax                  # another processor's counter may stand a little before ours at time zero
    mul %r8
    movl user_clock+CLOCK_SHIFT(%rip), %ecx
    testb $64, %cl
    jz 1f
    mov %rdx, %rax
    xorl %edx, %edx
1:  shrd %cl, %rdx, %rax             # by the count modulo 64
    movl $WALL_TIMES, %ecx
    bt %edi, %ecx
    jnc 2f
    add user_clock+CLOCK_WALL(%rip), %rax
2:  xorl %edx, %edx
    movl $NANOSECONDS_PER_SECOND, %ecx
    div %rcx
    mov %rax, (%rsi)
    mov %rdx, 8(%rsi)
    xorl %eax, %eax
    ret

    # Troupe.Core.Machine.UserClock; zero, and so not used, until the kernel fills it: never where the image runs as a Linux process.
    .section .bss.clock, "awR", @nobits
    .balign 64
    .globl user_clock
user_clock: .skip CLOCK_SIZE

    .section .note.GNU-stack, "", @progbits
