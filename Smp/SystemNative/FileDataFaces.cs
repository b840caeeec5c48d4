// dotnet/runtime's src/native/libs/System.Native/pal_io.h: the bytes of files, and what is asked of an open file.
using System.Runtime.InteropServices;

namespace Troupe.Smp.SystemNative;

/// <summary>Calls by descriptor whose C versions stay linked, for the kernel's files. Every one hands on to whoever serves the descriptor.</summary>
internal static unsafe class FileDataFaces
{
    private const string Library = "libSystem.Native";

    // errno.h of Linux.
    private const int NotSupported = 95;

    // linux/magic.h, EXT4_SUPER_MAGIC: the class library locks files on it.
    private const uint Ext4Magic = 0xEF53;

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Write")]
    private static int Write(nint descriptor, byte* data, int count)
    {
        if (FileServices.Of(descriptor) is not { } files)
            return WriteOfKernel(descriptor, data, count);
        try
        {
            return (int)FileServices.Answer(files.Write(descriptor, new ReadOnlySpan<byte>(data, count)));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_PWrite")]
    private static int WriteAt(nint descriptor, byte* data, int count, long to)
    {
        if (FileServices.Of(descriptor) is not { } files)
            return WriteAtOfKernel(descriptor, data, count, to);
        try
        {
            return (int)FileServices.Answer(files.Write(descriptor, new ReadOnlySpan<byte>(data, count), to));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_PReadV")]
    private static long ReadVectors(nint descriptor, NativeVector* vectors, int count, long from)
    {
        if (FileServices.Of(descriptor) is not { } files)
            return ReadVectorsOfKernel(descriptor, vectors, count, from);
        try
        {
            return FileServices.Answer(ReadEach(files, descriptor, new ReadOnlySpan<NativeVector>(vectors, count), from));
        }
        catch (Exception exception)
        {
            return FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_PWriteV")]
    private static long WriteVectors(nint descriptor, NativeVector* vectors, int count, long to)
    {
        if (FileServices.Of(descriptor) is not { } files)
            return WriteVectorsOfKernel(descriptor, vectors, count, to);
        try
        {
            return FileServices.Answer(WriteEach(files, descriptor, new ReadOnlySpan<NativeVector>(vectors, count), to));
        }
        catch (Exception exception)
        {
            return FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FTruncate")]
    private static int SetLength(nint descriptor, long length)
    {
        if (FileServices.Of(descriptor) is not { } files)
            return SetLengthOfKernel(descriptor, length);
        try
        {
            return (int)FileServices.Answer(files.SetLength(descriptor, length));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FSync")]
    private static int Synchronize(nint descriptor)
    {
        if (FileServices.Of(descriptor) is not { } files)
            return SynchronizeOfKernel(descriptor);
        try
        {
            return (int)FileServices.Answer(files.Synchronize(descriptor));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    // Room is taken by what is written. Who asks for it before is told, and goes on without.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FAllocate")]
    private static int Allocate(nint descriptor, long offset, long length)
    {
        if (FileServices.Of(descriptor) is not { } files)
            return AllocateOfKernel(descriptor, offset, length);
        try
        {
            return (int)FileServices.Answer(-NotSupported);
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    // man 2 fcntl: such locks are a process's, and never in its own way.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_LockFileRegion")]
    private static int LockRegion(nint descriptor, long offset, long length, short kind)
    {
        if (FileServices.Of(descriptor) is not { } files)
            return LockRegionOfKernel(descriptor, offset, length, kind);
        try
        {
            return (int)FileServices.Answer(0);
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetFileSystemType")]
    private static uint GetFileSystemType(nint descriptor)
    {
        if (FileServices.Of(descriptor) is not { } files)
            return GetFileSystemTypeOfKernel(descriptor);
        try
        {
            return (uint)FileServices.Answer(Ext4Magic);
        }
        catch (Exception exception)
        {
            return (uint)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FChMod")]
    private static int SetMode(nint descriptor, int mode)
    {
        if (FileServices.Of(descriptor) is not { } files)
            return SetModeOfKernel(descriptor, mode);
        try
        {
            return (int)FileServices.Answer(files.SetMode(descriptor, mode));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FUTimens")]
    private static int SetTimes(nint descriptor, NativeTime* times)
    {
        if (FileServices.Of(descriptor) is not { } files)
            return SetTimesOfKernel(descriptor, times);
        try
        {
            return (int)FileServices.Answer(files.SetTimes(descriptor, times[0].ToDate(), times[1].ToDate()));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_CopyFile")]
    private static int Copy(nint source, nint destination, long length)
    {
        if ((FileServices.Of(source) ?? FileServices.Of(destination)) is not { } files)
            return CopyOfKernel(source, destination, length);
        try
        {
            return (int)FileServices.Answer(files.Copy(source, destination, length));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    private static long ReadEach(IFileCalls files, nint descriptor, ReadOnlySpan<NativeVector> vectors, long from)
    {
        long done = 0;
        foreach (NativeVector vector in vectors)
        {
            int wanted = (int)Math.Min(vector.Count, int.MaxValue);
            long count = files.Read(descriptor, new Span<byte>(vector.Base, wanted), from + done);
            if (count < 0)
                return done > 0 ? done : count;
            done += count;
            if (count < wanted)
                break;
        }

        return done;
    }

    private static long WriteEach(IFileCalls files, nint descriptor, ReadOnlySpan<NativeVector> vectors, long to)
    {
        long done = 0;
        foreach (NativeVector vector in vectors)
        {
            int wanted = (int)Math.Min(vector.Count, int.MaxValue);
            long count = files.Write(descriptor, new ReadOnlySpan<byte>(vector.Base, wanted), to + done);
            if (count < 0)
                return done > 0 ? done : count;
            done += count;
            if (count < wanted)
                break;
        }

        return done;
    }

    [DllImport(Library, EntryPoint = "__real_SystemNative_Write")]
    private static extern int WriteOfKernel(nint descriptor, byte* data, int count);

    [DllImport(Library, EntryPoint = "__real_SystemNative_PWrite")]
    private static extern int WriteAtOfKernel(nint descriptor, byte* data, int count, long to);

    [DllImport(Library, EntryPoint = "__real_SystemNative_PReadV")]
    private static extern long ReadVectorsOfKernel(nint descriptor, NativeVector* vectors, int count, long from);

    [DllImport(Library, EntryPoint = "__real_SystemNative_PWriteV")]
    private static extern long WriteVectorsOfKernel(nint descriptor, NativeVector* vectors, int count, long to);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FTruncate")]
    private static extern int SetLengthOfKernel(nint descriptor, long length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FSync")]
    private static extern int SynchronizeOfKernel(nint descriptor);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FAllocate")]
    private static extern int AllocateOfKernel(nint descriptor, long offset, long length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_LockFileRegion")]
    private static extern int LockRegionOfKernel(nint descriptor, long offset, long length, short kind);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetFileSystemType")]
    private static extern uint GetFileSystemTypeOfKernel(nint descriptor);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FChMod")]
    private static extern int SetModeOfKernel(nint descriptor, int mode);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FUTimens")]
    private static extern int SetTimesOfKernel(nint descriptor, NativeTime* times);

    [DllImport(Library, EntryPoint = "__real_SystemNative_CopyFile")]
    private static extern int CopyOfKernel(nint source, nint destination, long length);
}
