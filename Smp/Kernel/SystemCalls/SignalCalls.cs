using Troupe.Smp.Kernel.Signals;

namespace Troupe.Smp.Kernel.SystemCalls;

/// <summary>rt_sigaction, rt_sigprocmask, rt_sigreturn, sigaltstack, tgkill.</summary>
internal static unsafe class SignalCalls
{
    private const ulong Block = 0, Unblock = 1, SetMask = 2;

    // SIGKILL and SIGSTOP cannot be blocked.
    private const ulong Unblockable = (1UL << 8) | (1UL << 18);

    // SS_DISABLE (include/uapi/linux/signal.h)
    private const ulong Disable = 2;

    internal static long Action(ulong signal, ulong action, ulong previous)
    {
        if (signal is 0 or > SignalActions.Highest || (action != 0 && signal is 9 or 19))
        {
            return Errno.InvalidArgument;
        }

        ulong* entry = SignalActions.Entry((int)signal);
        if (previous != 0 && !UserMemory.TryWrite(previous, entry, 32))
        {
            return Errno.BadAddress;
        }

        if (action != 0)
        {
            if (!UserMemory.TryRead64(action, out ulong handler) || !UserMemory.TryRead64(action + 8, out ulong flags)
                || !UserMemory.TryRead64(action + 16, out ulong restorer) || !UserMemory.TryRead64(action + 24, out ulong mask))
            {
                return Errno.BadAddress;
            }

            SignalActions.Set((int)signal, handler, flags, restorer, mask & ~Unblockable);
        }

        return 0;
    }

    internal static long Mask(KernelThread* thread, ulong how, ulong set, ulong previous)
    {
        if (previous != 0 && !UserMemory.TryWrite64(previous, thread->SignalMask))
        {
            return Errno.BadAddress;
        }

        if (set == 0)
        {
            return 0;
        }

        if (!UserMemory.TryRead64(set, out ulong mask))
        {
            return Errno.BadAddress;
        }

        mask &= ~Unblockable;
        switch (how)
        {
            case Block: thread->SignalMask |= mask; return 0;
            case Unblock: thread->SignalMask &= ~mask; return 0;
            case SetMask: thread->SignalMask = mask; return 0;
            default: return Errno.InvalidArgument;
        }
    }

    internal static long Return(KernelThread* thread)
    {
        if (!SignalFrame.TryPop(thread))
        {
            SignalDelivery.RaisePageFault(thread, thread->Registers.Rsp, mapped: false);
        }

        return Outcome.RegistersSet;
    }

    internal static long AlternateStack(KernelThread* thread, ulong stack, ulong previous)
    {
        if (previous != 0)
        {
            if (!UserMemory.TryWrite64(previous, thread->AlternateStack)
                || !UserMemory.TryWrite64(previous + 8, thread->AlternateStackSize == 0 ? Disable : 0)
                || !UserMemory.TryWrite64(previous + 16, thread->AlternateStackSize))
            {
                return Errno.BadAddress;
            }
        }

        if (stack == 0)
        {
            return 0;
        }

        if (!UserMemory.TryRead64(stack, out ulong address) || !UserMemory.TryRead64(stack + 8, out ulong flags) || !UserMemory.TryRead64(stack + 16, out ulong size))
        {
            return Errno.BadAddress;
        }

        bool disabled = ((uint)flags & Disable) != 0;
        thread->AlternateStack = disabled ? 0 : address;
        thread->AlternateStackSize = disabled ? 0 : size;
        return 0;
    }

    internal static long Kill(ulong threadId, ulong signal)
    {
        if (signal > SignalActions.Highest)
        {
            return Errno.InvalidArgument;
        }

        return Threads.SendSignal((int)threadId, (int)signal) ? 0 : Errno.NoSuchProcess;
    }
}
