using System.Runtime.InteropServices;

namespace Troupe.Core.Machine;

/// <summary>What a trace record says.</summary>
public enum TraceKind : ushort
{
    /// <summary>Never written.</summary>
    None = 0,

    /// <summary>A thread was put on the processor. First: the thread it replaces; second: instruction pointer.</summary>
    Switch = 1,

    /// <summary>An interrupt. First: vector; second: instruction pointer.</summary>
    Interrupt = 2,

    /// <summary>A system call. First: number; second: its first argument.</summary>
    SystemCall = 3,

    /// <summary>A thread was made ready. First: its id; second: the processor it went to.</summary>
    Wake = 4,

    /// <summary>A page fault. First: address; second: error code.</summary>
    PageFault = 5,

    /// <summary>A signal frame was built. First: signal; second: instruction pointer.</summary>
    Signal = 6,

    /// <summary>A panic. First: instruction pointer, if it came from a fault; second: address. The thread is not told.</summary>
    Panic = 7,

    /// <summary>A TLB shootdown that began here interrupts another processor. First: which.</summary>
    Shootdown = 8,
}

/// <summary>One record: 32 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct TraceRecord
{
    /// <summary>Time-stamp counter.</summary>
    public ulong Time;

    /// <summary>What happened.</summary>
    public TraceKind Kind;

    /// <summary>Where.</summary>
    public ushort Processor;

    /// <summary>The thread that ran.</summary>
    public int Thread;

    /// <summary>Meaning by kind.</summary>
    public ulong First, Second;
}

/// <summary>
/// A processor's last events: always on, fixed-size records. Only its own processor writes, with interrupts off, so a record
/// costs seven stores and no atomic; a reader (panic, debugger) may see the oldest record torn, never the others.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct TraceRing
{
    /// <summary>Records a ring holds: with the head they fill two pages but 32 bytes.</summary>
    public const int Capacity = 254;

    /// <summary>First word of the directory <c>troupe_trace_rings</c>: "TroupeTR" in memory order.</summary>
    public const ulong DirectoryMagic = 0x5254_6570_756F_7254;

    /// <summary>Records ever written; the next goes to this modulo <see cref="Capacity"/>.</summary>
    public ulong Head;

    private ulong _next, _reserved1, _reserved2;
    private TraceRecord _first;

    /// <summary>Adds a record.</summary>
    public static void Write(PerProcessor* processor, TraceKind kind, int thread, ulong first, ulong second)
    {
        TraceRing* ring = processor->Trace;
        if (ring is null)
        {
            return;
        }

        TraceRecord* record = &ring->_first + ring->_next;
        ring->_next = ring->_next + 1 == Capacity ? 0 : ring->_next + 1;
        record->Time = Instructions.ReadTimeStampCounter();
        record->Kind = kind;
        record->Processor = (ushort)processor->Index;
        record->Thread = thread;
        record->First = first;
        record->Second = second;
        ring->Head++;
    }

    /// <summary>Prints the last <paramref name="count"/> records, oldest first.</summary>
    public static void Print(TraceRing* ring, int count, ulong cyclesPerMicrosecond)
    {
        ulong available = ring->Head < Capacity ? ring->Head : Capacity;
        ulong wanted = (ulong)count < available ? (ulong)count : available;
        ulong index = ring->_next >= wanted ? ring->_next - wanted : ring->_next + Capacity - wanted;
        for (ulong i = 0; i < wanted; i++)
        {
            TraceRecord* record = &ring->_first + index;
            KernelConsole.Write("  "u8);
            KernelConsole.WriteDecimal(cyclesPerMicrosecond == 0 ? record->Time : record->Time / cyclesPerMicrosecond);
            KernelConsole.Write(" us processor "u8);
            KernelConsole.WriteDecimal(record->Processor);
            KernelConsole.Write(" thread "u8);
            KernelConsole.WriteDecimal((ulong)record->Thread);
            WriteKind(record->Kind);
            KernelConsole.WriteHexadecimal(record->First);
            KernelConsole.Write(" "u8);
            KernelConsole.WriteHexadecimal(record->Second);
            KernelConsole.Write("\n"u8);
            index = index + 1 == Capacity ? 0 : index + 1;
        }
    }

    private static void WriteKind(TraceKind kind)
    {
        switch (kind)
        {
            case TraceKind.Switch: KernelConsole.Write(" switch-from "u8); break;
            case TraceKind.Interrupt: KernelConsole.Write(" interrupt "u8); break;
            case TraceKind.SystemCall: KernelConsole.Write(" system-call "u8); break;
            case TraceKind.Wake: KernelConsole.Write(" wake "u8); break;
            case TraceKind.PageFault: KernelConsole.Write(" page-fault "u8); break;
            case TraceKind.Signal: KernelConsole.Write(" signal "u8); break;
            case TraceKind.Panic: KernelConsole.Write(" panic "u8); break;
            case TraceKind.Shootdown: KernelConsole.Write(" shootdown "u8); break;
            default: KernelConsole.Write(" ? "u8); break;
        }
    }
}
