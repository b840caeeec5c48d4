using System.Runtime.InteropServices;

namespace Troupe.Smp.Host;

/// <summary>Linux's memory calls, which our kernel serves too (man 2 mmap): for the self-test, which makes them long.</summary>
public static unsafe partial class LinuxMemory
{
    /// <summary>Bytes of a page.</summary>
    public const int PageSize = 4096;

    /// <summary>What may be done with memory.</summary>
    public const int None = 0, Read = 1, ReadWrite = 3;

    private const int PrivateAnonymous = 0x22;
    private const int AdviceDontNeed = 4;

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint MapCall(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int UnmapCall(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int ProtectCall(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int AdviseCall(nint address, nuint length, int advice);

    /// <summary>Maps private memory.</summary>
    /// <exception cref="OutOfMemoryException">The commit limit.</exception>
    public static nint Map(long length, int protection)
    {
        nint address = MapCall(0, (nuint)length, protection, PrivateAnonymous, -1, 0);
        return address > 0 ? address : throw new OutOfMemoryException($"{length} bytes cannot be mapped.");
    }

    /// <summary>Unmaps a range.</summary>
    public static void Unmap(nint address, long length) => Require(UnmapCall(address, (nuint)length), "unmapped");

    /// <summary>Changes what may be done with a range.</summary>
    public static void Protect(nint address, long length, int protection) => Require(ProtectCall(address, (nuint)length, protection), "protected");

    /// <summary>Gives a range's frames back; it reads as zeros.</summary>
    public static void Discard(nint address, long length) => Require(AdviseCall(address, (nuint)length, AdviceDontNeed), "discarded");

    /// <summary>Writes to every page of a range, so that each has a frame.</summary>
    public static void Touch(nint address, long length)
    {
        for (long at = 0; at < length; at += PageSize)
        {
            *(byte*)(address + at) = 1;
        }
    }

    private static void Require(int result, string what)
    {
        if (result != 0)
        {
            throw new OutOfMemoryException($"The range cannot be {what}.");
        }
    }
}
