using System.Runtime.InteropServices;

namespace Troupe.Core.Machine;

/// <summary>
/// A processor's own block; its GS base points here. Written by that processor only, except where a field says otherwise.
/// The first fields are known to Assembly/layout.inc.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
public unsafe struct PerProcessor
{
    /// <summary>Bytes: one page, with the descriptor table and task state segment in it.</summary>
    public const int Size = 4096;

    /// <summary>End of the running thread's register frame.</summary>
    [FieldOffset(0)] public ulong FrameEnd;

    /// <summary>The interrupted RSP for the length of three instructions.</summary>
    [FieldOffset(8)] public ulong Scratch;

    /// <summary>The kernel stack.</summary>
    [FieldOffset(16)] public ulong StackTop;

    /// <summary>Index, from 0.</summary>
    [FieldOffset(24)] public int Index;

    /// <summary>Address of the task state segment.</summary>
    [FieldOffset(32)] public ulong TaskState;

    /// <summary>End of the area in which faults inside the kernel land.</summary>
    [FieldOffset(40)] public ulong FaultEnd;

    /// <summary>Not 0 from entry to resume.</summary>
    [FieldOffset(48)] public int InKernel;

    /// <summary>The address of this block.</summary>
    [FieldOffset(56)] public PerProcessor* Self;

    /// <summary>Limit and base for LGDT: 10 bytes.</summary>
    [FieldOffset(64)] public fixed byte GdtPointer[16];

    /// <summary>Local APIC id.</summary>
    [FieldOffset(80)] public uint ApicId;

    /// <summary>Time-stamp counter at the last entry into the kernel: how long interrupts were off is measured from here.</summary>
    [FieldOffset(88)] public ulong EnteredAt;

    /// <summary>How long interrupts were off here (a Troupe.Smp.Kernel.InterruptsOff).</summary>
    [FieldOffset(96)] public void* InterruptsOff;

    /// <summary>Time-stamp counter up to which the idle thread polls for an interrupt before it halts.</summary>
    [FieldOffset(104)] public ulong PollUntil;

    /// <summary>Entries into the kernel: what the watchdog of another processor compares.</summary>
    [FieldOffset(112)] public long Entries;

    /// <summary>This processor's trace ring.</summary>
    [FieldOffset(120)] public TraceRing* Trace;

    /// <summary>The thread that runs here (a Troupe.Smp.Kernel.KernelThread).</summary>
    [FieldOffset(128)] public void* Current;

    /// <summary>The thread that runs here when no other does.</summary>
    [FieldOffset(136)] public void* Idle;

    /// <summary>A thread that exited here and whose block is freed once this processor has left it.</summary>
    [FieldOffset(144)] public void* Departed;

    /// <summary>When the local timer will interrupt, nanoseconds since boot; <see cref="long.MaxValue"/>: not armed.</summary>
    [FieldOffset(152)] public long TimerDeadline;

    /// <summary>Set when the processor is up; read by the one that starts it.</summary>
    [FieldOffset(160)] public int Online;

    /// <summary>Interrupts taken.</summary>
    [FieldOffset(168)] public long Interrupts;

    /// <summary>System calls made.</summary>
    [FieldOffset(176)] public long SystemCalls;

    /// <summary>Page faults resolved.</summary>
    [FieldOffset(184)] public long PageFaults;

    /// <summary>The global descriptor table: null, code, data, task state (two entries).</summary>
    [FieldOffset(512)] public fixed ulong Gdt[5];

    /// <summary>The task state segment: 104 bytes.</summary>
    [FieldOffset(768)] public fixed byte Tss[104];
}
