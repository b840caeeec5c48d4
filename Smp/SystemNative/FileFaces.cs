// dotnet/runtime's src/native/libs/System.Native/pal_io.h: files that are opened, read, and asked about.
using System.Runtime.InteropServices;
using System.Text;

namespace Troupe.Smp.SystemNative;

/// <summary>
/// Calls whose C versions stay linked, for the kernel's files (the linker's --wrap, as <see cref="DescriptorFaces"/>). What is opened is decided by its name once,
/// and by its descriptor after that: a file about the network (<see cref="NetworkTexts"/>), one that is served (<see cref="IFileCalls"/>), or the kernel's.
/// </summary>
internal static unsafe class FileFaces
{
    private const string Library = "libSystem.Native";
    private const int LongestPath = 256;

    // errno.h of Linux.
    private const int NoEntry = 2;
    private const int BadDescriptor = 9;
    private const int AccessDenied = 13;
    private const int InvalidArgument = 22;
    private const int TooManyFiles = 24;

    // A regular file that everybody may read; as below /proc, its length is not told before it is read.
    private const int RegularReadable = 0x8124;

    // Another than that of the kernel's files, which is 0.
    private const long ServedDevice = 1;

    // pal_io.h: PAL_O_ACCESS_MODE_MASK.
    private const int AccessMode = 0xF;

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Open")]
    private static nint Open(byte* path, int flags, int mode)
    {
        if (!MayBeOurs(path))
            return FileServices.Of(path, out string name) is { } files ? OpenServed(files, name, flags, mode) : OpenFile(path, flags, mode);
        try
        {
            if (SocketServices.Calls?.ReadFile(NameOf(path)) is not { } octets)
                return Refuse(NoEntry);
            if ((flags & AccessMode) != 0)
                return Refuse(AccessDenied);
            nint descriptor = NetworkTexts.Open(octets);
            return descriptor < 0 ? Refuse(TooManyFiles) : descriptor;
        }
        catch (Exception exception)
        {
            SocketServices.Failed(exception);
            return Refuse(NoEntry);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Stat")]
    private static int Stat(byte* path, NativeFileStatus* status)
    {
        if (MayBeOurs(path))
            return StatByName(path, status);
        return FileServices.Of(path, out string name) is { } files ? StatServed(files, name, followsLink: true, status) : StatFile(path, status);
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_LStat")]
    private static int LinkStat(byte* path, NativeFileStatus* status)
    {
        if (MayBeOurs(path))
            return StatByName(path, status);
        return FileServices.Of(path, out string name) is { } files ? StatServed(files, name, followsLink: false, status) : LinkStatFile(path, status);
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FStat")]
    private static int DescriptorStat(nint descriptor, NativeFileStatus* status)
    {
        if (FileServices.Of(descriptor) is { } files)
            return StatServed(files, descriptor, status);
        if (!NetworkTexts.Owns(descriptor))
            return DescriptorStatFile(descriptor, status);
        return NetworkTexts.Find(descriptor) is null ? Refuse(BadDescriptor) : Describe(status);
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Read")]
    private static int Read(nint descriptor, byte* buffer, int count)
    {
        if (FileServices.Of(descriptor) is { } files)
            return ReadServed(files, descriptor, new Span<byte>(buffer, count), null);
        if (!NetworkTexts.Owns(descriptor))
            return ReadFile(descriptor, buffer, count);
        return NetworkTexts.Find(descriptor) is { } text ? text.Read(new Span<byte>(buffer, count)) : Refuse(BadDescriptor);
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_PRead")]
    private static int PositionedRead(nint descriptor, byte* buffer, int count, long from)
    {
        if (FileServices.Of(descriptor) is { } files)
            return ReadServed(files, descriptor, new Span<byte>(buffer, count), from);
        if (!NetworkTexts.Owns(descriptor))
            return PositionedReadFile(descriptor, buffer, count, from);
        return NetworkTexts.Find(descriptor) is { } text ? text.Read(new Span<byte>(buffer, count), from) : Refuse(BadDescriptor);
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_LSeek")]
    private static long Seek(nint descriptor, long offset, int origin)
    {
        if (FileServices.Of(descriptor) is { } files)
            return SeekServed(files, descriptor, offset, origin);
        if (!NetworkTexts.Owns(descriptor))
            return SeekFile(descriptor, offset, origin);
        if (NetworkTexts.Find(descriptor) is not { } text)
            return Refuse(BadDescriptor);
        long position = text.Seek(offset, origin);
        return position < 0 ? Refuse(InvalidArgument) : position;
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FLock")]
    private static int LockFile(nint descriptor, int operation)
    {
        if (FileServices.Of(descriptor) is not { } files)
            // Nobody writes what is about the network, so whoever locks it has it.
            return NetworkTexts.Owns(descriptor) ? 0 : LockFileOfKernel(descriptor, operation);
        try
        {
            return (int)FileServices.Answer(files.SetLock(descriptor, operation));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_PosixFAdvise")]
    private static int Advise(nint descriptor, long offset, long length, int advice) =>
        NetworkTexts.Owns(descriptor) || FileServices.Of(descriptor) is not null ? 0 : AdviseFile(descriptor, offset, length, advice);

    private static nint OpenServed(IFileCalls files, string name, int flags, int mode)
    {
        try
        {
            return (nint)FileServices.Answer(files.Open(name, flags, mode));
        }
        catch (Exception exception)
        {
            return (nint)FileServices.Failed(exception);
        }
    }

    private static int StatServed(IFileCalls files, string name, bool followsLink, NativeFileStatus* status)
    {
        try
        {
            long result = files.GetStatus(name, followsLink, out FileStatusEntry entry);
            return Describe(result, in entry, status);
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    private static int StatServed(IFileCalls files, nint descriptor, NativeFileStatus* status)
    {
        try
        {
            long result = files.GetStatus(descriptor, out FileStatusEntry entry);
            return Describe(result, in entry, status);
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    private static int ReadServed(IFileCalls files, nint descriptor, Span<byte> buffer, long? from)
    {
        try
        {
            return (int)FileServices.Answer(from is { } position ? files.Read(descriptor, buffer, position) : files.Read(descriptor, buffer));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    private static long SeekServed(IFileCalls files, nint descriptor, long offset, int origin)
    {
        try
        {
            return FileServices.Answer(files.Seek(descriptor, offset, origin));
        }
        catch (Exception exception)
        {
            return FileServices.Failed(exception);
        }
    }

    private static int Describe(long result, in FileStatusEntry entry, NativeFileStatus* status)
    {
        if (result == 0)
        {
            *status = new()
            {
                Mode = entry.Mode,
                User = (uint)entry.User,
                Group = (uint)entry.Group,
                Size = entry.Length,
                Device = ServedDevice,
                Inode = entry.Inode,
            };
            (status->AccessTime, status->AccessTimeNanoseconds) = Split(entry.Accessed);
            (status->ModificationTime, status->ModificationTimeNanoseconds) = Split(entry.Modified);
            (status->ChangeTime, status->ChangeTimeNanoseconds) = Split(entry.Changed);
            if (entry.Created is { } created)
            {
                status->Flags = NativeFileStatus.HasBirthTime;
                (status->BirthTime, status->BirthTimeNanoseconds) = Split(created);
            }
        }

        return (int)FileServices.Answer(result);
    }

    private static (long Seconds, long Nanoseconds) Split(DateTimeOffset time)
    {
        long seconds = time.ToUnixTimeSeconds();
        return (seconds, (time - DateTimeOffset.FromUnixTimeSeconds(seconds)).Ticks * TimeSpan.NanosecondsPerTick);
    }

    private static bool MayBeOurs(byte* path) => NetworkTexts.MayBe(BytesOf(path));

    private static ReadOnlySpan<byte> BytesOf(byte* path)
    {
        int length = 0;
        while (length < LongestPath && path[length] != 0)
            length++;
        return new(path, length);
    }

    private static string NameOf(byte* path) => Encoding.UTF8.GetString(BytesOf(path));

    private static int StatByName(byte* path, NativeFileStatus* status)
    {
        try
        {
            return SocketServices.Calls?.HasFile(NameOf(path)) == true ? Describe(status) : Refuse(NoEntry);
        }
        catch (Exception exception)
        {
            SocketServices.Failed(exception);
            return Refuse(NoEntry);
        }
    }

    private static int Describe(NativeFileStatus* status)
    {
        *status = new() { Mode = RegularReadable };
        return 0;
    }

    private static int Refuse(int error)
    {
        Marshal.SetLastSystemError(error);
        return -1;
    }

    [DllImport(Library, EntryPoint = "__real_SystemNative_Open")]
    private static extern nint OpenFile(byte* path, int flags, int mode);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Stat")]
    private static extern int StatFile(byte* path, NativeFileStatus* status);

    [DllImport(Library, EntryPoint = "__real_SystemNative_LStat")]
    private static extern int LinkStatFile(byte* path, NativeFileStatus* status);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FStat")]
    private static extern int DescriptorStatFile(nint descriptor, NativeFileStatus* status);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Read")]
    private static extern int ReadFile(nint descriptor, byte* buffer, int count);

    [DllImport(Library, EntryPoint = "__real_SystemNative_PRead")]
    private static extern int PositionedReadFile(nint descriptor, byte* buffer, int count, long from);

    [DllImport(Library, EntryPoint = "__real_SystemNative_LSeek")]
    private static extern long SeekFile(nint descriptor, long offset, int origin);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FLock")]
    private static extern int LockFileOfKernel(nint descriptor, int operation);

    [DllImport(Library, EntryPoint = "__real_SystemNative_PosixFAdvise")]
    private static extern int AdviseFile(nint descriptor, long offset, long length, int advice);
}
