using Troupe.Smp.Kernel;

namespace Troupe.Smp.Host;

/// <summary>The names of what leads into the kernel half, by <see cref="InterruptsOff"/>'s numbers.</summary>
internal static class EntryCause
{
    /// <summary>A system call's name as Linux has it (arch/x86/entry/syscalls/syscall_64.tbl), or what a vector is for (docs/traps.md).</summary>
    internal static string Name(int cause) => cause switch
    {
        < InterruptsOff.FirstVector => $"{SystemCall(cause)} ({cause})",
        < InterruptsOff.FirstOwnCall => $"{Vector(cause - InterruptsOff.FirstVector)} (vector 0x{cause - InterruptsOff.FirstVector:X2})",
        < InterruptsOff.OtherSystemCall => $"{OwnCall(cause - InterruptsOff.FirstOwnCall + HostCall.MapDevice)} (0x{cause - InterruptsOff.FirstOwnCall + HostCall.MapDevice:X})",
        _ => "a call that is not served",
    };

    private static string SystemCall(int number) => number switch
    {
        0 => "read",
        1 => "write",
        2 => "open",
        3 => "close",
        4 => "stat",
        5 => "fstat",
        6 => "lstat",
        7 => "poll",
        8 => "lseek",
        9 => "mmap",
        10 => "mprotect",
        11 => "munmap",
        12 => "brk",
        13 => "rt_sigaction",
        14 => "rt_sigprocmask",
        15 => "rt_sigreturn",
        16 => "ioctl",
        17 => "pread64",
        18 => "pwrite64",
        20 => "writev",
        21 => "access",
        24 => "sched_yield",
        27 => "mincore",
        28 => "madvise",
        35 => "nanosleep",
        39 => "getpid",
        56 => "clone",
        60 => "exit",
        63 => "uname",
        72 => "fcntl",
        98 => "getrusage",
        99 => "sysinfo",
        131 => "sigaltstack",
        140 => "getpriority",
        141 => "setpriority",
        157 => "prctl",
        158 => "arch_prctl",
        186 => "gettid",
        200 => "tkill",
        202 => "futex",
        203 => "sched_setaffinity",
        204 => "sched_getaffinity",
        218 => "set_tid_address",
        228 => "clock_gettime",
        230 => "clock_nanosleep",
        231 => "exit_group",
        234 => "tgkill",
        257 => "openat",
        262 => "newfstatat",
        273 => "set_robust_list",
        293 => "pipe2",
        302 => "prlimit64",
        309 => "getcpu",
        318 => "getrandom",
        324 => "membarrier",
        435 => "clone3",
        _ => "system call",
    };

    private static string Vector(int vector) => vector switch
    {
        0 => "divide error",
        6 => "illegal instruction",
        13 => "general protection",
        14 => "page fault",
        < 32 => "exception",
        0xF0 => "timer",
        0xF1 => "reschedule",
        0xF2 => "TLB shootdown",
        >= 0x30 and <= 0xEF => "device",
        _ => "interrupt",
    };

    private static string OwnCall(long number) => number switch
    {
        HostCall.MapDevice => "MapDevice",
        HostCall.AllocateDma => "AllocateDma",
        HostCall.FreeDma => "FreeDma",
        HostCall.OpenLine => "OpenLine",
        HostCall.OpenMessage => "OpenMessage",
        HostCall.Unmask => "Unmask",
        HostCall.Mask => "Mask",
        HostCall.CloseInterrupt => "CloseInterrupt",
        HostCall.WorkerBlocks => "WorkerBlocks",
        HostCall.MachineFact => "MachineFact",
        HostCall.ContributeEntropy => "ContributeEntropy",
        HostCall.ShowRunningActor => "ShowRunningActor",
        _ => "own call",
    };
}
