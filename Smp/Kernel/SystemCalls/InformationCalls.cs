using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel.SystemCalls;

/// <summary>uname, sysinfo, limits, usage, randomness: what the runtime asks about the machine.</summary>
internal static unsafe class InformationCalls
{
    // include/uapi/asm-generic/resource.h
    private const ulong StackLimit = 3, OpenFilesLimit = 7;
    private const ulong Unlimited = ~0UL;

    /// <summary>Bytes of a thread's stack unless its creator says otherwise: glibc asks for RLIMIT_STACK. Linux says 8 MiB; the reserve costs page tables here.</summary>
    internal const ulong DefaultStackSize = 1536 * 1024;

    private const ulong OpenFiles = 1024;
    private const ulong NameField = 65;

    internal static long UnixName(ulong destination)
    {
        if (!UserMemory.TryZero(destination, NameField * 6))
        {
            return Errno.BadAddress;
        }

        // The C library refuses to start on a kernel older than it was built for (3.2).
        bool written = Put(destination, "Linux"u8)
            && Put(destination + NameField, "troupe"u8)
            && Put(destination + (NameField * 2), "6.1.0-troupe"u8)
            && Put(destination + (NameField * 3), "Troupe"u8)
            && Put(destination + (NameField * 4), "x86_64"u8);
        return written ? 0 : Errno.BadAddress;
    }

    internal static long SystemInformation(ulong destination)
    {
        // struct sysinfo: uptime, loads[3], total, free, shared, buffer, swap total and free, procs, ..., unit at 104.
        const ulong Size = 112, Total = 32, Free = 40, Unit = 104;
        bool written = UserMemory.TryZero(destination, Size)
            && UserMemory.TryWrite64(destination, (ulong)(KernelClock.Now / 1_000_000_000))
            && UserMemory.TryWrite64(destination + Total, KernelMemory.TotalBytes)
            && UserMemory.TryWrite64(destination + Free, KernelMemory.FreeBytes)
            && UserMemory.TryWrite32(destination + Unit, 1);
        return written ? 0 : Errno.BadAddress;
    }

    internal static long ResourceLimit(ulong resource, ulong destination)
    {
        if (destination == 0)
        {
            return 0;
        }

        ulong limit = resource switch { StackLimit => DefaultStackSize, OpenFilesLimit => OpenFiles, _ => Unlimited };
        return UserMemory.TryWrite64(destination, limit) && UserMemory.TryWrite64(destination + 8, limit) ? 0 : Errno.BadAddress;
    }

    internal static long ResourceUsage(KernelThread* thread, ulong who, ulong destination)
    {
        const ulong Size = 144, SystemTime = 16, MaximumResident = 32;
        const ulong OfThread = 1;
        long time = (who == OfThread ? Threads.ProcessorTime(thread) : Threads.TotalProcessorTime) / 1000;
        bool written = UserMemory.TryZero(destination, Size)
            && UserMemory.TryWrite64(destination, (ulong)(time / 1_000_000))
            && UserMemory.TryWrite64(destination + 8, (ulong)(time % 1_000_000))
            && UserMemory.TryWrite64(destination + SystemTime, 0)
            && UserMemory.TryWrite64(destination + MaximumResident, KernelMemory.PeakBytes / 1024);
        return written ? 0 : Errno.BadAddress;
    }

    internal static long WorkingDirectory(ulong destination, ulong size)
    {
        ushort root = '/';
        return size < 2 ? Errno.OutOfRange : UserMemory.TryWrite(destination, &root, 2) ? 2 : Errno.BadAddress;
    }

    internal static long Random(ulong destination, ulong bytes)
    {
        // Interrupts are off meanwhile; whoever wants more asks again, as after a short read from any file.
        // Linux gives 256 bytes at once always, and callers rely on it (man 2 getrandom).
        const ulong LongestPiece = 1024;
        ulong wanted = bytes < LongestPiece ? bytes : LongestPiece;
        byte* block = KernelMemory.Scratch;
        for (ulong done = 0; done < wanted;)
        {
            ulong piece = wanted - done < 64 ? wanted - done : 64;
            KernelEntropy.Fill(block, (int)piece);
            if (!UserMemory.TryWrite(destination + done, block, piece))
            {
                return Errno.BadAddress;
            }

            done += piece;
        }

        return (long)wanted;
    }

    private static bool Put(ulong destination, ReadOnlySpan<byte> text)
    {
        fixed (byte* first = &System.Runtime.InteropServices.MemoryMarshal.GetReference(text))
        {
            return UserMemory.TryWrite(destination, first, (ulong)text.Length);
        }
    }
}
