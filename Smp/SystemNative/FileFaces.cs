// dotnet/runtime's src/native/libs/System.Native/pal_io.h: the calls by which System.Net.NetworkInformation reads files about the network.
using System.Runtime.InteropServices;
using System.Text;

namespace Troupe.Smp.SystemNative;

/// <summary>
/// Calls whose C versions stay linked, for all other files (the linker's --wrap, as <see cref="DescriptorFaces"/>). What is opened is decided by its name once,
/// and by its descriptor after that.
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

    // pal_io.h: PAL_O_ACCESS_MODE_MASK.
    private const int AccessMode = 0xF;

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Open")]
    private static nint Open(byte* path, int flags, int mode)
    {
        if (!MayBeOurs(path))
            return OpenFile(path, flags, mode);
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
    private static int Stat(byte* path, NativeFileStatus* status) => MayBeOurs(path) ? StatByName(path, status) : StatFile(path, status);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_LStat")]
    private static int LinkStat(byte* path, NativeFileStatus* status) => MayBeOurs(path) ? StatByName(path, status) : LinkStatFile(path, status);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FStat")]
    private static int DescriptorStat(nint descriptor, NativeFileStatus* status)
    {
        if (!NetworkTexts.Owns(descriptor))
            return DescriptorStatFile(descriptor, status);
        return NetworkTexts.Find(descriptor) is null ? Refuse(BadDescriptor) : Describe(status);
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Read")]
    private static int Read(nint descriptor, byte* buffer, int count)
    {
        if (!NetworkTexts.Owns(descriptor))
            return ReadFile(descriptor, buffer, count);
        return NetworkTexts.Find(descriptor) is { } text ? text.Read(new Span<byte>(buffer, count)) : Refuse(BadDescriptor);
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_PRead")]
    private static int PositionedRead(nint descriptor, byte* buffer, int count, long from)
    {
        if (!NetworkTexts.Owns(descriptor))
            return PositionedReadFile(descriptor, buffer, count, from);
        return NetworkTexts.Find(descriptor) is { } text ? text.Read(new Span<byte>(buffer, count), from) : Refuse(BadDescriptor);
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_LSeek")]
    private static long Seek(nint descriptor, long offset, int origin)
    {
        if (!NetworkTexts.Owns(descriptor))
            return SeekFile(descriptor, offset, origin);
        if (NetworkTexts.Find(descriptor) is not { } text)
            return Refuse(BadDescriptor);
        long position = text.Seek(offset, origin);
        return position < 0 ? Refuse(InvalidArgument) : position;
    }

    // The kernel has one folder, which is empty too.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_OpenDir")]
    private static nint OpenDirectory(byte* path)
    {
        fixed (byte* root = "/\0"u8)
            return OpenDirectoryOfKernel(NetworkTexts.IsEmptyDirectory(BytesOf(path)) ? root : path);
    }

    // Nobody writes them, so whoever locks one has it.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FLock")]
    private static int LockFile(nint descriptor, int operation) => NetworkTexts.Owns(descriptor) ? 0 : LockFileOfKernel(descriptor, operation);

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_PosixFAdvise")]
    private static int Advise(nint descriptor, long offset, long length, int advice) =>
        NetworkTexts.Owns(descriptor) ? 0 : AdviseFile(descriptor, offset, length, advice);

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

    [DllImport(Library, EntryPoint = "__real_SystemNative_OpenDir")]
    private static extern nint OpenDirectoryOfKernel(byte* path);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FLock")]
    private static extern int LockFileOfKernel(nint descriptor, int operation);

    [DllImport(Library, EntryPoint = "__real_SystemNative_PosixFAdvise")]
    private static extern int AdviseFile(nint descriptor, long offset, long length, int advice);
}
