namespace Troupe.Smp.Kernel.SystemCalls;

/// <summary>Linux's error numbers (include/uapi/asm-generic/errno-base.h, errno.h), negated as a system call returns them.</summary>
internal static class Errno
{
    internal const long OperationNotPermitted = -1;
    internal const long NoEntry = -2;
    internal const long NoSuchProcess = -3;
    internal const long Interrupted = -4;
    internal const long InputOutput = -5;
    internal const long BadFile = -9;
    internal const long TryAgain = -11;
    internal const long NoMemory = -12;
    internal const long AccessDenied = -13;
    internal const long BadAddress = -14;
    internal const long Exists = -17;
    internal const long NotADirectory = -20;
    internal const long InvalidArgument = -22;
    internal const long TooManyFiles = -24;
    internal const long NotATerminal = -25;
    internal const long IllegalSeek = -29;
    internal const long BrokenPipe = -32;
    internal const long OutOfRange = -34;
    internal const long NotImplemented = -38;
    internal const long NotSupported = -95;
    internal const long TimedOut = -110;
}
