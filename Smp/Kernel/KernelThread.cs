using System.Runtime.InteropServices;

namespace Troupe.Smp.Kernel;

/// <summary>Where a thread is in its life. Written only as the transitions of docs/scheduling.md say.</summary>
public enum ThreadState
{
    /// <summary>The block is on the free list.</summary>
    Free = 0,

    /// <summary>On exactly one run queue.</summary>
    Ready = 1,

    /// <summary>Current on exactly one processor.</summary>
    Running = 2,

    /// <summary>In a futex bucket, asleep until a deadline, or both.</summary>
    Blocked = 3,

    /// <summary>Gone; the processor that ran it last frees the block once it has left it.</summary>
    Exited = 4,
}

/// <summary>Scheduling bands: shares of a processor, never strict (docs/scheduling.md).</summary>
public enum Band
{
    /// <summary>Actor workers.</summary>
    High = 0,

    /// <summary>Everything else: the runtime's and the application's own threads.</summary>
    Normal = 1,

    /// <summary>Detached workers; gets at least 5 % of each processor.</summary>
    Low = 2,
}

/// <summary>The registers of an interrupted thread, in the order in which entry.S pushes them; the last five are what <c>iretq</c> pops.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Registers
{
    /// <summary>General registers, last pushed first.</summary>
    public ulong R15, R14, R13, R12, Rbp, Rbx, R11, R10, R9, R8, Rax, Rcx, Rdx, Rsi, Rdi;

    /// <summary>Interrupt vector, or <c>0x100</c> for a system call; and the processor's error code.</summary>
    public ulong Vector, ErrorCode;

    /// <summary>What <c>iretq</c> pops.</summary>
    public ulong Rip, Cs, Rflags, Rsp, Ss;
}

/// <summary>
/// One thread: a page, type-stable (a block is reused for threads only and never unmapped, and
/// <see cref="WaitSequence"/> never goes back), so that a stale pointer may be looked at under the lock that validates it.
/// </summary>
/// <remarks>
/// Ownership: the fields of a group belong to whoever holds the lock named there. Offsets 0, 256 and 1024 are known to entry.S.
/// There is no kernel stack per thread: at entry the registers and the extended state are saved here, so from the moment a
/// thread is put on a queue and that queue's lock is released, another processor may run it; the old one must not touch it.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = Size)]
public unsafe struct KernelThread
{
    /// <summary>Bytes: one page.</summary>
    public const int Size = 4096;

    /// <summary>Offset of <see cref="Registers"/>; entry.S has the same number.</summary>
    public const int RegistersOffset = 256;

    /// <summary>Offset of the XSAVE area (SDM vol. 1, 13.4; 64-byte aligned): 3072 bytes hold x87, SSE, AVX and AVX-512 (2,688).</summary>
    public const int ExtendedStateOffset = 1024;

    /// <summary>FS base: the C library's thread pointer.</summary>
    [FieldOffset(0)] public ulong FsBase;

    // ---- queue links: owned by the run queue or futex bucket the thread is on (never both)

    /// <summary>Next in the run queue or futex bucket.</summary>
    [FieldOffset(8)] public KernelThread* Next;

    /// <summary>Previous in the run queue or futex bucket.</summary>
    [FieldOffset(16)] public KernelThread* Previous;

    // ---- identity and scheduling

    /// <summary>Thread id as Linux's gettid has it; never reused while another thread has it.</summary>
    [FieldOffset(24)] public int Id;

    /// <summary>A <see cref="ThreadState"/>; atomic where docs/scheduling.md says so.</summary>
    [FieldOffset(28)] public int State;

    /// <summary>A <see cref="Kernel.Band"/>.</summary>
    [FieldOffset(32)] public int Band;

    /// <summary>The processor that runs the thread or ran it last: first choice when it wakes.</summary>
    [FieldOffset(36)] public int Processor;

    /// <summary>Bit n set: may run on processor n (sched_setaffinity).</summary>
    [FieldOffset(40)] public ulong Affinity;

    // ---- waiting: owned by the futex bucket's lock while Blocked

    /// <summary>The futex word's address, or 0 when not in a bucket.</summary>
    [FieldOffset(48)] public ulong FutexAddress;

    /// <summary>FUTEX_WAIT_BITSET's mask.</summary>
    [FieldOffset(56)] public uint FutexBitset;

    /// <summary>Goes up by one with every wait, across reuse of the block: tells a stale timer from this wait's.</summary>
    [FieldOffset(60)] public int WaitSequence;

    // ---- timer: owned by the lock of TimerProcessor's timer queue

    /// <summary>When the wait ends, in nanoseconds since boot; <see cref="long.MaxValue"/>: never.</summary>
    [FieldOffset(64)] public long Deadline;

    /// <summary>The timer queue's heap: later deadlines below, to the left.</summary>
    [FieldOffset(72)] public KernelThread* TimerLeft;

    /// <summary>Later deadlines below, to the right.</summary>
    [FieldOffset(80)] public KernelThread* TimerRight;

    /// <summary>An earlier deadline above; null at the root.</summary>
    [FieldOffset(88)] public KernelThread* TimerParent;

    /// <summary>Whose timer queue holds the thread, or -1.</summary>
    [FieldOffset(96)] public int TimerProcessor;

    /// <summary>Threads on the way down to the right, this one included.</summary>
    [FieldOffset(100)] public int TimerRank;

    // ---- signals

    /// <summary>Bit n-1: signal n is pending. Set atomically by any processor.</summary>
    [FieldOffset(104)] public long PendingSignals;

    /// <summary>Blocked signals; written by the thread's own system calls.</summary>
    [FieldOffset(112)] public ulong SignalMask;

    /// <summary>CLONE_CHILD_CLEARTID: zeroed and woken on exit.</summary>
    [FieldOffset(120)] public ulong ClearChildThreadId;

    /// <summary>sigaltstack: base, size and flags.</summary>
    [FieldOffset(128)] public ulong AlternateStack;

    /// <summary>Bytes of the alternate stack.</summary>
    [FieldOffset(136)] public ulong AlternateStackSize;

    // ---- accounting

    /// <summary>Nanoseconds of processor time used.</summary>
    [FieldOffset(144)] public long ProcessorTime;

    /// <summary>When the thread was last put on a processor, nanoseconds since boot.</summary>
    [FieldOffset(152)] public long RunningSince;

    // ---- a long system call's progress (docs/traps.md: such calls run in bounded pieces)

    /// <summary>How far a restartable call has come; 0 outside one.</summary>
    [FieldOffset(160)] public ulong CallProgress;

    /// <summary>Where the memory lies that a restartable call is making; 0 outside one.</summary>
    [FieldOffset(232)] public ulong CallAddress;

    /// <summary>All threads, for signals by id and for the panic path: links owned by the thread table's lock.</summary>
    [FieldOffset(168)] public KernelThread* TableNext;

    /// <summary>First bytes of the thread's name (prctl PR_SET_NAME), zero-terminated: 16 bytes.</summary>
    [FieldOffset(176)] public fixed byte Name[16];

    // ---- run queue: owned by the lock of the queue the thread is on, or by the processor that runs it

    /// <summary>The band in whose list the thread stands while Ready: <see cref="Band"/> may already say otherwise.</summary>
    [FieldOffset(192)] public int QueuedBand;

    /// <summary>One more than the index of the run queue the thread is in, or 0. Set under that queue's lock only, so that under a queue's lock it says for certain whether the thread is in it.</summary>
    [FieldOffset(196)] public int QueuedOn;

    /// <summary>Nanoseconds used of the present quantum; a preempted thread keeps what is left of it.</summary>
    [FieldOffset(200)] public long SliceUsed;

    /// <summary>When the thread joined its run queue, nanoseconds since boot.</summary>
    [FieldOffset(208)] public long ReadySince;

    /// <summary>Address of the word that refers to the name of the actor that the thread runs, or 0 (<c>HostCall.ShowRunningActor</c>).</summary>
    [FieldOffset(216)] public ulong RunningActor;

    /// <summary>A system call to run again when the thread resumes, plus one; 0: none (waits inside the kernel, docs/traps.md).</summary>
    [FieldOffset(224)] public ulong RestartCall;

    /// <summary>Saved registers.</summary>
    [FieldOffset(RegistersOffset)] public Registers Registers;
}
