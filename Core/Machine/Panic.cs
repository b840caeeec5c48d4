using Troupe.Core.Machine.Xen;
using Troupe.Core.Memory;

namespace Troupe.Core.Machine;

/// <summary>
/// The end: stops the other processors, prints what is known to the console and ends the guest with a code of its own.
/// Works from any state: it takes no lock that it could wait for and touches no memory it has not checked.
/// </summary>
/// <remarks>Return addresses are printed raw, one a line as <c>  at 0x…</c>; `troupe run` turns them into names, files and lines.</remarks>
public static unsafe class Panic
{
    /// <summary>QEMU's isa-debug-exit port of our launcher; a write ends the emulator with status (value &lt;&lt; 1) | 1.</summary>
    private const ushort DebugExitPort = 0xF4;

    /// <summary>The value that a panic leaves there: status 199.</summary>
    public const byte ExitCode = 99;

    private const int TraceRecordsPrinted = 24;
    private const int FramesPrinted = 32;
    private const int StackWordsScanned = 512;

    // 0, or one more than the processor whose panic it is.
    private static int _owner;

    private static ulong _lastWords, _lastWordsRoom;

    /// <summary>Whether <see cref="Exit"/> asks a hypervisor that can be asked to start the guest anew.</summary>
    public static bool RestartsAtExit { get; set; }

    /// <summary>Has a panic begin with what the program has not said yet (<see cref="LastWords{TMemory}"/>): at an address, with room for so many bytes.</summary>
    public static void SetLastWords(ulong address, ulong room)
    {
        _lastWords = address;
        _lastWordsRoom = room;
    }

    /// <summary>Ends the guest for a broken promise of the kernel's own code.</summary>
    public static void Now(ReadOnlySpan<byte> cause) => Now(cause, null, 0);

    /// <summary>Ends the guest, printing a number beside the cause.</summary>
    public static void Now(ReadOnlySpan<byte> cause, ulong value)
    {
        Begin(cause);
        KernelConsole.WriteHexadecimal(value);
        Finish(null, 0);
    }

    /// <summary>Ends the guest.</summary>
    /// <param name="cause">What happened.</param>
    /// <param name="registers">15 general registers, vector, error code, and the five of iretq; or null.</param>
    /// <param name="address">CR2 of a page fault, else 0.</param>
    public static void Now(ReadOnlySpan<byte> cause, ulong* registers, ulong address)
    {
        Begin(cause);
        Finish(registers, address);
    }

    /// <summary>Ends the guest in order, with the program's exit code.</summary>
    public static void Exit(byte code)
    {
        if (PanicOwner<ProcessorMemory>.IsAnothers(ref _owner, Instructions.ProcessorIndex()))
        {
            // The panic ends the guest, once it has said why.
            Instructions.Halt();
        }

        if (XenConsole.IsOpen)
        {
            // A domain has no exit code: whoever wants it reads the console.
            KernelConsole.Write("[kernel] exit code "u8);
            KernelConsole.WriteDecimal(code);
            KernelConsole.Write("\n"u8);
            XenDomain<KernelHypercalls>.ShutDown(RestartsAtExit ? XenShutdownReason.Reboot : XenShutdownReason.PowerOff);
        }

        Instructions.Out32(DebugExitPort, code);

        // No such device: nothing else to tell, so stop here.
        KernelConsole.Write("[kernel] halted\n"u8);
        StopOthers();
        Instructions.Halt();
    }

    private static void Begin(ReadOnlySpan<byte> cause)
    {
        switch (PanicOwner<ProcessorMemory>.Claim(ref _owner, Instructions.ProcessorIndex()))
        {
            case PanicStanding.Other:
                // The first one prints and ends the guest; two texts at once would be none.
                Instructions.Halt();
                break;
            case PanicStanding.Nested:
                KernelConsole.Write("\n(panic in the panic: "u8);
                KernelConsole.Write(cause);
                KernelConsole.Write(")\n"u8);
                End();
                break;
        }

        StopOthers();
        KernelConsole.Seize();
        PrintLastWords();
        KernelConsole.Write("\nKERNEL PANIC: "u8);
        KernelConsole.Write(cause);
    }

    private static void PrintLastWords()
    {
        ulong count = LastWords<KernelMappedMemory>.Find(_lastWords, _lastWordsRoom, out ulong first);
        if (count != 0)
        {
            // Some of it may be on the console already.
            KernelConsole.Write("\n[kernel] not said yet:\n"u8);
        }

        for (ulong i = 0; i < count; i++)
        {
            byte next = LastWords<KernelMappedMemory>.Read(_lastWords, _lastWordsRoom, first + i);
            KernelConsole.Write(&next, 1);
        }
    }

    private static void StopOthers()
    {
        if (KernelUpcalls.StopOthers != null)
        {
            KernelUpcalls.StopOthers();
        }
    }

    private static void Finish(ulong* registers, ulong address)
    {
        PerProcessor* processor = Instructions.ProcessorBlock();
        KernelConsole.Write("\n"u8);
        PrintProcessor(processor->Index);
        ulong framePointer = Instructions.FramePointer();
        ulong stackPointer = framePointer;
        if (registers != null)
        {
            PrintRegisters(registers, address);
            KernelConsole.Write("  at "u8);
            KernelConsole.WriteHexadecimal(registers[17]);
            KernelConsole.Write("\n"u8);
            framePointer = registers[4];
            stackPointer = registers[20];
        }

        BackTrace.Print(framePointer, stackPointer, FramesPrinted, StackWordsScanned);
        for (int i = 0; i < KernelProcessors.Count; i++)
        {
            if (i != processor->Index)
            {
                PrintProcessor(i);
            }
        }

        TraceRing.Write(processor, TraceKind.Panic, 0, registers == null ? 0 : registers[17], address);
        PrintTraceRings();
        KernelConsole.Write("KERNEL PANIC END\n"u8);
        End();
    }

    private static void End()
    {
        if (XenConsole.IsOpen)
        {
            XenDomain<KernelHypercalls>.ShutDown(XenShutdownReason.Crash);
        }

        Instructions.Out32(DebugExitPort, ExitCode);
        Instructions.Halt();
    }

    /// <summary>Prints the last records of every processor's trace ring.</summary>
    public static void PrintTraceRings()
    {
        ulong* directory = (ulong*)ImageSymbols.TraceRings();
        for (int i = 0; i < IProcessors.Maximum; i++)
        {
            var ring = (TraceRing*)directory[1 + i];
            if (ring != null)
            {
                KernelConsole.Write("trace of processor "u8);
                KernelConsole.WriteDecimal((ulong)i);
                KernelConsole.Write(":\n"u8);
                TraceRing.Print(ring, TraceRecordsPrinted, KernelClock.Frequency / 1_000_000);
            }
        }
    }

    private static void PrintProcessor(int index)
    {
        KernelConsole.Write("  processor "u8);
        KernelConsole.WriteDecimal((ulong)index);
        if (KernelUpcalls.DescribeThread != null)
        {
            KernelUpcalls.DescribeThread(index);
        }

        KernelConsole.Write("\n"u8);
    }

    private static void PrintRegisters(ulong* registers, ulong address)
    {
        Name("  vector "u8, registers[15]);
        Name(" error "u8, registers[16]);
        Name(" address "u8, address);
        Name("\n  rip "u8, registers[17]);
        Name(" flags "u8, registers[19]);
        Name(" rsp "u8, registers[20]);
        Name(" rbp "u8, registers[4]);
        Name("\n  rax "u8, registers[10]);
        Name(" rbx "u8, registers[5]);
        Name(" rcx "u8, registers[11]);
        Name(" rdx "u8, registers[12]);
        Name(" rsi "u8, registers[13]);
        Name(" rdi "u8, registers[14]);
        Name("\n  r8 "u8, registers[9]);
        Name(" r9 "u8, registers[8]);
        Name(" r10 "u8, registers[7]);
        Name(" r11 "u8, registers[6]);
        Name(" r12 "u8, registers[3]);
        Name(" r13 "u8, registers[2]);
        Name(" r14 "u8, registers[1]);
        Name(" r15 "u8, registers[0]);
        KernelConsole.Write("\n"u8);
    }

    private static void Name(ReadOnlySpan<byte> name, ulong value)
    {
        KernelConsole.Write(name);
        KernelConsole.WriteHexadecimal(value);
    }
}
