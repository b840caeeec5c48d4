using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel.SystemCalls;

/// <summary>From a number to its family. What is not here answers ENOSYS and is logged once.</summary>
internal static unsafe class Dispatcher
{
    private static ulong* _logged;

    /// <summary>A page whose bits remember which unknown calls were logged.</summary>
    internal static void Initialize(ulong page) => _logged = (ulong*)page;

    /// <summary>Arguments are in RDI, RSI, RDX, R10, R8, R9 (System V AMD64, A.2).</summary>
    internal static long Call(KernelThread* thread)
    {
        Registers* registers = &thread->Registers;
        ulong first = registers->Rdi, second = registers->Rsi, third = registers->Rdx, fourth = registers->R10, fifth = registers->R8, sixth = registers->R9;
        switch (registers->Rax)
        {
            case SystemCall.Futex: return FutexCalls.Futex(thread, first, second, third, fourth, fifth, sixth);
            case SystemCall.Yield: return Outcome.Yielded;
            case SystemCall.ClockGet: return TimeCalls.ClockGet(first, second);
            case SystemCall.MemoryAdvise: return MemoryCalls.Advise(thread, first, second, third);
            case SystemCall.MemoryMap: return MemoryCalls.Map(thread, first, second, third, fourth);
            case SystemCall.MemoryUnmap: return MemoryCalls.Unmap(thread, first, second);
            case SystemCall.MemoryProtect: return MemoryCalls.Protect(thread, first, second, third);
            case SystemCall.MemoryBarrier: return MemoryCalls.Barrier(first);
            case SystemCall.Break: return MemoryCalls.Break(first);
            case SystemCall.MemoryInCore: return MemoryCalls.InCore(first, second, third);
            case SystemCall.MemoryRemap: return Errno.NoMemory;

            case SystemCall.Read: return FileCalls.Read(thread, first, second, third);
            case SystemCall.PositionedRead: return FileCalls.PositionedRead(first, second, third, fourth);
            case SystemCall.Write: return FileCalls.Write(first, second, third);
            case SystemCall.PositionedWrite: return FileCalls.Write(first, second, third);
            case SystemCall.WriteVector: return FileCalls.WriteVector(first, second, third);
            case SystemCall.Open: return FileCalls.Open(first, second);
            case SystemCall.OpenAt: return FileCalls.Open(second, third);
            case SystemCall.Close: return FileCalls.Close(first);
            case SystemCall.Seek: return FileCalls.Seek(first, second, third);
            case SystemCall.Stat or SystemCall.LinkStat: return FileCalls.StatPath(first, second);
            case SystemCall.FileStat: return FileCalls.StatFile(first, second);
            case SystemCall.NewFileStatAt: return FileCalls.StatAt(first, second, third, fourth);
            case SystemCall.Access: return FileCalls.Access(first);
            case SystemCall.FileAccessAt or SystemCall.FileAccessAt2: return FileCalls.Access(second);
            case SystemCall.DeviceControl: return FileCalls.DeviceControl(first);
            case SystemCall.FileControl: return FileCalls.Control(first, second);
            case SystemCall.FileLock: return FileCalls.Lock(first);
            case SystemCall.Poll: return FileCalls.Poll(third);
            case SystemCall.Pipe2: return FileCalls.Pipe(first);
            case SystemCall.ReadLink: return Errno.NoEntry;
            case SystemCall.ReadLinkAt: return Errno.NoEntry;
            case SystemCall.GetDirectoryEntries: return FileCalls.DirectoryEntries(first, second, third);
            case SystemCall.GetWorkingDirectory: return InformationCalls.WorkingDirectory(first, second);
            case SystemCall.FileSystemStat: return Errno.NotImplemented;
            case SystemCall.ExtendedStat: return Errno.NotImplemented;

            case SystemCall.SignalAction: return SignalCalls.Action(first, second, third);
            case SystemCall.SignalMask: return SignalCalls.Mask(thread, first, second, third);
            case SystemCall.SignalReturn: return SignalCalls.Return(thread);
            case SystemCall.SignalAlternateStack: return SignalCalls.AlternateStack(thread, first, second);
            case SystemCall.ThreadKill: return SignalCalls.Kill(second, third);
            case SystemCall.ThreadKill0: return SignalCalls.Kill(first, second);

            case SystemCall.Clone: return ThreadCalls.Clone(thread, first, second, third, fourth, fifth);
            case SystemCall.Clone3: return ThreadCalls.Clone3(thread, first, second);
            case SystemCall.Exit: return ThreadCalls.Exit(thread);
            case SystemCall.ExitGroup: return ThreadCalls.ExitGroup(first);
            case SystemCall.GetThreadId: return thread->Id;
            case SystemCall.GetProcessId: return Signals.SignalDelivery.ProcessId;
            case SystemCall.SetThreadIdAddress: return ThreadCalls.SetThreadIdAddress(thread, first);
            case SystemCall.ArchitectureControl: return ThreadCalls.ArchitectureControl(thread, first, second);
            case SystemCall.ProcessControl: return ThreadCalls.ProcessControl(thread, first, second);
            case SystemCall.SetAffinity: return ThreadCalls.SetAffinity(thread, first, second, third);
            case SystemCall.GetAffinity: return ThreadCalls.GetAffinity(thread, first, second, third);
            case SystemCall.SetPriority: return ThreadCalls.SetPriority(thread, first, second, third);
            case SystemCall.GetPriority: return ThreadCalls.GetPriority(thread, first, second);
            case SystemCall.SetRobustList: return 0;
            case SystemCall.RestartableSequences: return Errno.NotImplemented;
            case SystemCall.GetProcessor: return ThreadCalls.GetProcessor(first, second);

            case SystemCall.Nanosleep: return TimeCalls.Sleep(0, 0, first);
            case SystemCall.ClockSleep: return TimeCalls.Sleep(first, second, third);
            case SystemCall.ClockResolution: return TimeCalls.Resolution(second);
            case SystemCall.Time: return TimeCalls.Seconds(first);

            case SystemCall.UnixName: return InformationCalls.UnixName(first);
            case SystemCall.SystemInformation: return InformationCalls.SystemInformation(first);
            case SystemCall.ResourceLimit64: return InformationCalls.ResourceLimit(second, fourth);
            case SystemCall.GetResourceLimit: return InformationCalls.ResourceLimit(first, second);
            case SystemCall.GetResourceUsage: return InformationCalls.ResourceUsage(thread, first, second);
            case SystemCall.GetRandom: return InformationCalls.Random(first, second);
            case SystemCall.GetUserId or SystemCall.GetGroupId or SystemCall.GetEffectiveUserId or SystemCall.GetEffectiveGroupId: return 0;
            case SystemCall.GetMemoryPolicy: return Errno.NotImplemented;

            default:
                return registers->Rax >= SystemCall.FirstOwn ? OwnCalls.Call(thread) : Unknown(registers->Rax);
        }
    }

    private static long Unknown(ulong number)
    {
        // Socket, epoll and inotify calls come here too: the program's sockets are served by actors (docs/net.md).
        const ulong Known = 4096 * 8;
        if (number < Known)
        {
            long bit = 1L << (int)(number % 64);
            if ((AtomicBits.Set(ref *(long*)(_logged + (number / 64)), bit) & bit) != 0)
            {
                return Errno.NotImplemented;
            }
        }

        KernelConsole.Enter();
        KernelConsole.Write("[kernel] system call "u8);
        KernelConsole.WriteDecimal(number);
        KernelConsole.Write(" is not served\n"u8);
        KernelConsole.Leave();
        return Errno.NotImplemented;
    }
}
