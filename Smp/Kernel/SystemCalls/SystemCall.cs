namespace Troupe.Smp.Kernel.SystemCalls;

/// <summary>The numbers of the calls we serve: Linux x86-64 (arch/x86/entry/syscalls/syscall_64.tbl), and our own from <see cref="FirstOwn"/>.</summary>
internal static class SystemCall
{
    internal const ulong Read = 0, Write = 1, Open = 2, Close = 3, Stat = 4, FileStat = 5, LinkStat = 6, Poll = 7, Seek = 8;
    internal const ulong MemoryMap = 9, MemoryProtect = 10, MemoryUnmap = 11, Break = 12;
    internal const ulong SignalAction = 13, SignalMask = 14, SignalReturn = 15;
    internal const ulong DeviceControl = 16, PositionedRead = 17, PositionedWrite = 18, WriteVector = 20, Access = 21;
    internal const ulong Yield = 24, MemoryRemap = 25, MemoryInCore = 27, MemoryAdvise = 28;
    internal const ulong Nanosleep = 35, GetProcessId = 39, Clone = 56, Exit = 60, UnixName = 63, FileControl = 72, FileLock = 73;
    internal const ulong GetWorkingDirectory = 79, ReadLink = 89, GetResourceLimit = 97, GetResourceUsage = 98, SystemInformation = 99;
    internal const ulong GetUserId = 102, GetGroupId = 104, GetEffectiveUserId = 107, GetEffectiveGroupId = 108;
    internal const ulong SignalAlternateStack = 131, FileSystemStat = 137, GetPriority = 140, SetPriority = 141, ProcessControl = 157, ArchitectureControl = 158;
    internal const ulong GetThreadId = 186, ThreadKill0 = 200, Time = 201, Futex = 202, SetAffinity = 203, GetAffinity = 204;
    internal const ulong GetDirectoryEntries = 217, SetThreadIdAddress = 218, ClockGet = 228, ClockResolution = 229, ClockSleep = 230;
    internal const ulong ExitGroup = 231, ThreadKill = 234, GetMemoryPolicy = 239, OpenAt = 257, NewFileStatAt = 262, ReadLinkAt = 267, FileAccessAt = 269;
    internal const ulong SetRobustList = 273, Pipe2 = 293, ResourceLimit64 = 302, GetProcessor = 309, GetRandom = 318, MemoryBarrier = 324;
    internal const ulong ExtendedStat = 332, RestartableSequences = 334, Clone3 = 435, FileAccessAt2 = 439;

    /// <summary>Calls of Smp/Host into the kernel half start here; Linux is far from it.</summary>
    internal const ulong FirstOwn = 0x1000;
}
