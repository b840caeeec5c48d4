using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel.SystemCalls;

/// <summary>clone, clone3, exit, affinity, priority.</summary>
internal static unsafe class ThreadCalls
{
    // include/uapi/linux/sched.h
    private const ulong CloneVm = 0x100, CloneThread = 0x1_0000, CloneSetTls = 0x8_0000, CloneParentSetTid = 0x10_0000, CloneChildClearTid = 0x20_0000;

    private const ulong SetFs = 0x1002, GetFs = 0x1003;
    private const ulong SetName = 15, GetName = 16;
    private const ulong NameLength = 16;

    // getpriority answers 20 - nice, so that it is never negative.
    private const int NiceBias = 20;

    internal static long Clone(KernelThread* parent, ulong flags, ulong stack, ulong parentTid, ulong childTid, ulong tls) =>
        Start(parent, flags, stack, parentTid, childTid, tls);

    internal static long Clone3(KernelThread* parent, ulong arguments, ulong size)
    {
        // struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls
        const ulong Smallest = 64;
        if (size < Smallest)
        {
            return Errno.InvalidArgument;
        }

        if (!UserMemory.TryRead64(arguments, out ulong flags) || !UserMemory.TryRead64(arguments + 16, out ulong childTid)
            || !UserMemory.TryRead64(arguments + 24, out ulong parentTid) || !UserMemory.TryRead64(arguments + 40, out ulong stack)
            || !UserMemory.TryRead64(arguments + 48, out ulong stackSize) || !UserMemory.TryRead64(arguments + 56, out ulong tls))
        {
            return Errno.BadAddress;
        }

        return Start(parent, flags, stack + stackSize, parentTid, childTid, tls);
    }

    internal static long Exit(KernelThread* thread)
    {
        Threads.Exit(thread);
        return Outcome.Exited;
    }

    internal static long ExitGroup(ulong code)
    {
        Machine.EndProgram((int)code);
        return 0;
    }

    internal static long SetThreadIdAddress(KernelThread* thread, ulong address)
    {
        thread->ClearChildThreadId = address;
        return thread->Id;
    }

    internal static long ArchitectureControl(KernelThread* thread, ulong code, ulong address)
    {
        switch (code)
        {
            case SetFs:
                thread->FsBase = address;
                return 0;
            case GetFs:
                return UserMemory.TryWrite64(address, thread->FsBase) ? 0 : Errno.BadAddress;
            default:
                return Errno.InvalidArgument;
        }
    }

    internal static long ProcessControl(KernelThread* thread, ulong option, ulong argument)
    {
        switch (option)
        {
            case SetName:
                if (!UserMemory.TryRead(thread->Name, argument, NameLength))
                {
                    return Errno.BadAddress;
                }

                thread->Name[NameLength - 1] = 0;
                return 0;
            case GetName:
                return UserMemory.TryWrite(argument, thread->Name, NameLength) ? 0 : Errno.BadAddress;
            default:
                return Errno.InvalidArgument;
        }
    }

    internal static long SetAffinity(KernelThread* caller, ulong id, ulong size, ulong mask)
    {
        ulong wanted = 0;
        if (!UserMemory.TryRead(&wanted, mask, size < 8 ? size : 8))
        {
            return Errno.BadAddress;
        }

        wanted &= Machine.AllProcessors;
        return wanted == 0 ? Errno.InvalidArgument : Threads.SetAffinity(caller, (int)id, wanted);
    }

    internal static long GetAffinity(KernelThread* caller, ulong id, ulong size, ulong mask)
    {
        if (size < 8)
        {
            return Errno.InvalidArgument;
        }

        return Threads.TryGetAffinity(caller, (int)id, out ulong affinity)
            ? UserMemory.TryWrite64(mask, affinity) ? 8 : Errno.BadAddress
            : Errno.NoSuchProcess;
    }

    internal static long SetPriority(KernelThread* caller, ulong which, ulong id, ulong nice) =>
        which != 0 ? Errno.InvalidArgument : Threads.SetBand(caller, (int)id, Bands.FromNice((int)nice));

    internal static long GetPriority(KernelThread* caller, ulong which, ulong id) =>
        which != 0 ? Errno.InvalidArgument
        : Threads.TryGetBand(caller, (int)id, out int band) ? NiceBias - Bands.ToNice(band)
        : Errno.NoSuchProcess;

    internal static long GetProcessor(ulong processor, ulong node)
    {
        bool written = (processor == 0 || UserMemory.TryWrite32(processor, (uint)Instructions.ProcessorIndex()))
            && (node == 0 || UserMemory.TryWrite32(node, 0));
        return written ? 0 : Errno.BadAddress;
    }

    private static long Start(KernelThread* parent, ulong flags, ulong stack, ulong parentTid, ulong childTid, ulong tls)
    {
        if ((flags & (CloneVm | CloneThread)) != (CloneVm | CloneThread))
        {
            // fork: there is one address space and one program.
            return Errno.NotImplemented;
        }

        KernelThread* child = Threads.Create(parent, stack, (flags & CloneSetTls) != 0 ? tls : parent->FsBase);
        if (child == null)
        {
            return Errno.TryAgain;
        }

        int id = child->Id;
        child->ClearChildThreadId = (flags & CloneChildClearTid) != 0 ? childTid : 0;
        if ((flags & CloneParentSetTid) != 0 && !UserMemory.TryWrite32(parentTid, (uint)id))
        {
            Threads.Abandon(child);
            return Errno.BadAddress;
        }

        Threads.Start(child);
        return id;
    }
}
