using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel.Signals;

/// <summary>
/// A handler's frame on the program's stack, as Linux x86-64 lays it out (arch/x86/include/asm/sigframe.h rt_sigframe,
/// include/uapi/asm/sigcontext.h, asm-generic/ucontext.h): return address, ucontext, siginfo; the extended state lies above.
/// The runtime reads and edits the registers in it: this is how a hardware fault becomes a C# exception.
/// </summary>
internal static unsafe class SignalFrame
{
    // Offsets in the frame.
    private const int UserContext = 8;
    private const int MachineContext = UserContext + 40;
    private const int Mask = UserContext + 296;
    private const int Information = UserContext + 304;
    private const int FrameSize = Information + 128;

    // Indices of 8-byte words in the machine context.
    private const int CsGsFs = 18, Error = 19, Trap = 20, OldMask = 21, FaultAddress = 22, ExtendedState = 23;

    // Below the stack pointer the interrupted code may still use 128 bytes (System V AMD64, 3.2.2).
    private const ulong RedZone = 128;

    // Flags a handler may give back: arithmetic, trap, direction, alignment and identification.
    private const ulong UserFlags = 0x24_0DD5;
    private const ulong AlwaysFlags = 0x202;

    /// <summary>What a frame needs to know about its signal.</summary>
    internal struct Cause
    {
        /// <summary>Number, from 1.</summary>
        internal int Signal;

        /// <summary>siginfo's si_code.</summary>
        internal int Code;

        /// <summary>siginfo's si_addr, or si_pid for a sent signal.</summary>
        internal ulong Address;

        /// <summary>The exception's vector and error code.</summary>
        internal ulong Vector, ErrorCode;
    }

    /// <summary>Builds the frame and points the thread at the handler; false where the stack cannot take it.</summary>
    internal static bool TryPush(KernelThread* thread, Cause* cause)
    {
        ulong* action = SignalActions.Entry(cause->Signal);
        Registers* registers = &thread->Registers;
        ulong stack = registers->Rsp - RedZone;
        if ((action[1] & SignalActions.OnStack) != 0 && thread->AlternateStackSize != 0 && !OnAlternateStack(thread, registers->Rsp))
        {
            stack = thread->AlternateStack + thread->AlternateStackSize;
        }

        ulong stateSize = ThreadContext.ExtendedStateSize;
        ulong state = (stack - stateSize) & ~63UL;
        ulong frame = ((state - FrameSize) & ~15UL) - 8;

        // The frame is made here and copied whole; one a processor, since interrupts are off.
        byte* draft = KernelMemory.Scratch;
        Instructions.Zero((ulong)draft, (FrameSize + 31) & ~31);
        *(ulong*)draft = action[2];
        StoreContext(thread, (ulong*)(draft + MachineContext), cause, state);
        *(ulong*)(draft + UserContext) = ThreadContext.HasXsave ? 1UL : 0;
        *(ulong*)(draft + UserContext + 16) = thread->AlternateStack;
        *(ulong*)(draft + UserContext + 32) = thread->AlternateStackSize;
        *(ulong*)(draft + Mask) = thread->SignalMask;
        *(int*)(draft + Information) = cause->Signal;
        *(int*)(draft + Information + 8) = cause->Code;
        *(ulong*)(draft + Information + 16) = cause->Address;
        if (!UserMemory.TryWrite(frame, draft, FrameSize) || !UserMemory.TryWrite(state, ThreadContext.ExtendedState(thread), stateSize))
        {
            return false;
        }

        thread->SignalMask |= action[3];
        if ((action[1] & SignalActions.NoDefer) == 0)
        {
            thread->SignalMask |= 1UL << (cause->Signal - 1);
        }

        registers->Rsp = frame;
        registers->Rip = action[0];
        registers->Rdi = (ulong)cause->Signal;
        registers->Rsi = frame + Information;
        registers->Rdx = frame + UserContext;
        registers->Rax = 0;
        registers->Rflags = AlwaysFlags;
        return true;
    }

    /// <summary>rt_sigreturn: the stack pointer is at the user context. False where the frame cannot be read.</summary>
    internal static bool TryPop(KernelThread* thread)
    {
        Registers* registers = &thread->Registers;
        byte* draft = KernelMemory.Scratch;
        ulong frame = registers->Rsp - UserContext;
        if (!UserMemory.TryRead(draft + UserContext, frame + UserContext, Information - UserContext))
        {
            return false;
        }

        ulong* context = (ulong*)(draft + MachineContext);
        ulong state = context[ExtendedState];
        if (state != 0)
        {
            if (!UserMemory.TryRead(ThreadContext.ExtendedState(thread), state, ThreadContext.ExtendedStateSize))
            {
                return false;
            }

            ThreadContext.SanitizeExtendedState(thread);
        }

        registers->R8 = context[0];
        registers->R9 = context[1];
        registers->R10 = context[2];
        registers->R11 = context[3];
        registers->R12 = context[4];
        registers->R13 = context[5];
        registers->R14 = context[6];
        registers->R15 = context[7];
        registers->Rdi = context[8];
        registers->Rsi = context[9];
        registers->Rbp = context[10];
        registers->Rbx = context[11];
        registers->Rdx = context[12];
        registers->Rax = context[13];
        registers->Rcx = context[14];
        registers->Rsp = context[15];
        registers->Rip = context[16];
        registers->Rflags = (context[17] & UserFlags) | AlwaysFlags;
        thread->SignalMask = *(ulong*)(draft + Mask);
        return true;
    }

    private static bool OnAlternateStack(KernelThread* thread, ulong stack) =>
        stack > thread->AlternateStack && stack <= thread->AlternateStack + thread->AlternateStackSize;

    private static void StoreContext(KernelThread* thread, ulong* context, Cause* cause, ulong state)
    {
        Registers* registers = &thread->Registers;
        context[0] = registers->R8;
        context[1] = registers->R9;
        context[2] = registers->R10;
        context[3] = registers->R11;
        context[4] = registers->R12;
        context[5] = registers->R13;
        context[6] = registers->R14;
        context[7] = registers->R15;
        context[8] = registers->Rdi;
        context[9] = registers->Rsi;
        context[10] = registers->Rbp;
        context[11] = registers->Rbx;
        context[12] = registers->Rdx;
        context[13] = registers->Rax;
        context[14] = registers->Rcx;
        context[15] = registers->Rsp;
        context[16] = registers->Rip;
        context[17] = registers->Rflags;

        // The program believes in ring 3: Linux's user code segment.
        context[CsGsFs] = 0x33;
        context[Error] = cause->ErrorCode;
        context[Trap] = cause->Vector;
        context[OldMask] = thread->SignalMask;
        context[FaultAddress] = cause->Address;
        context[ExtendedState] = state;
    }
}
