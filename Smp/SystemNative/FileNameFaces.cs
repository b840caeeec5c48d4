// dotnet/runtime's src/native/libs/System.Native/pal_io.h and pal_time.h: names of files.
using System.Runtime.InteropServices;
using System.Text;

namespace Troupe.Smp.SystemNative;

/// <summary>Calls by path whose C versions stay linked, for the kernel's files. Every one hands on to whoever serves the path.</summary>
internal static unsafe class FileNameFaces
{
    private const string Library = "libSystem.Native";

    // errno.h of Linux.
    private const int OutOfRange = 34;

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_MkdTemp")]
    private static byte* CreateTemporaryDirectory(byte* path)
    {
        if (FileServices.Of(path, out string name) is not { } files)
            return CreateTemporaryDirectoryOfKernel(path);
        try
        {
            long result = PutBack(files.CreateTemporaryDirectory(name, out string made), made, path);
            return FileServices.Answer(result) < 0 ? null : path;
        }
        catch (Exception exception)
        {
            FileServices.Failed(exception);
            return null;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetCwd")]
    private static byte* GetWorkingDirectory(byte* buffer, int length)
    {
        if (FileServices.Calls is not { } files)
            return GetWorkingDirectoryOfKernel(buffer, length);
        try
        {
            ReadOnlySpan<byte> path = Encoding.UTF8.GetBytes(files.WorkingDirectory + '\0');
            if (path.TryCopyTo(new Span<byte>(buffer, length)))
                return buffer;
            FileServices.Answer(-OutOfRange);
            return null;
        }
        catch (Exception exception)
        {
            FileServices.Failed(exception);
            return null;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Unlink")]
    private static int Delete(byte* path)
    {
        if (FileServices.Of(path, out string name) is not { } files)
            return DeleteOfKernel(path);
        try
        {
            return (int)FileServices.Answer(files.Delete(name));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Access")]
    private static int Access(byte* path, int mode)
    {
        if (FileServices.Of(path, out string name) is not { } files)
            return AccessOfKernel(path, mode);
        try
        {
            return (int)FileServices.Answer(files.Access(name, mode));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ChMod")]
    private static int SetMode(byte* path, int mode)
    {
        if (FileServices.Of(path, out string name) is not { } files)
            return SetModeOfKernel(path, mode);
        try
        {
            return (int)FileServices.Answer(files.SetMode(name, mode));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_UTimensat")]
    private static int SetTimes(byte* path, NativeTime* times)
    {
        if (FileServices.Of(path, out string name) is not { } files)
            return SetTimesOfKernel(path, times);
        try
        {
            return (int)FileServices.Answer(files.SetTimes(name, times[0].ToDate(), times[1].ToDate()));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_MkDir")]
    private static int CreateDirectory(byte* path, int mode)
    {
        if (FileServices.Of(path, out string name) is not { } files)
            return CreateDirectoryOfKernel(path, mode);
        try
        {
            return (int)FileServices.Answer(files.CreateDirectory(name, mode));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_RmDir")]
    private static int DeleteDirectory(byte* path)
    {
        if (FileServices.Of(path, out string name) is not { } files)
            return DeleteDirectoryOfKernel(path);
        try
        {
            return (int)FileServices.Answer(files.DeleteDirectory(name));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ChDir")]
    private static int ChangeDirectory(byte* path)
    {
        if (FileServices.Of(path, out string name) is not { } files)
            return ChangeDirectoryOfKernel(path);
        try
        {
            return (int)FileServices.Answer(files.ChangeDirectory(name));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Rename")]
    private static int Rename(byte* path, byte* target)
    {
        IFileCalls? first = FileServices.Of(path, out string pathName), second = FileServices.Of(target, out string targetName);
        if ((first ?? second) is not { } files)
            return RenameOfKernel(path, target);
        try
        {
            return (int)FileServices.Answer(files.Rename(pathName, targetName));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Link")]
    private static int CreateHardLink(byte* source, byte* path)
    {
        IFileCalls? first = FileServices.Of(source, out string sourceName), second = FileServices.Of(path, out string pathName);
        if ((first ?? second) is not { } files)
            return CreateHardLinkOfKernel(source, path);
        try
        {
            return (int)FileServices.Answer(files.CreateHardLink(pathName, sourceName));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_SymLink")]
    private static int CreateLink(byte* target, byte* path)
    {
        if (FileServices.Of(path, out string name) is not { } files)
            return CreateLinkOfKernel(target, path);
        try
        {
            return (int)FileServices.Answer(files.CreateLink(name, FileServices.NameOf(target)));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ReadLink")]
    private static int ReadLink(byte* path, byte* buffer, int length)
    {
        if (FileServices.Of(path, out string name) is not { } files)
            return ReadLinkOfKernel(path, buffer, length);
        try
        {
            return (int)FileServices.Answer(Put(files.ReadLink(name, out string target), target, buffer, length));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_MksTemps")]
    private static nint CreateTemporaryFile(byte* path, int suffixLength)
    {
        if (FileServices.Of(path, out string name) is not { } files)
            return CreateTemporaryFileOfKernel(path, suffixLength);
        try
        {
            return (nint)FileServices.Answer(PutBack(files.CreateTemporaryFile(name, suffixLength, out string made), made, path));
        }
        catch (Exception exception)
        {
            return (nint)FileServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetSpaceInfoForMountPoint")]
    private static int GetSpace(byte* path, NativeSpace* space)
    {
        if (FileServices.Of(path, out string name) is not { } files)
            return GetSpaceOfKernel(path, space);
        try
        {
            return (int)FileServices.Answer(Put(files.GetSpace(out long total, out long free), total, free, space));
        }
        catch (Exception exception)
        {
            return (int)FileServices.Failed(exception);
        }
    }

    // What does not fit is cut off, and nothing ends it (man 2 readlink).
    private static long Put(long result, string text, byte* buffer, int length)
    {
        if (result < 0)
            return result;
        ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
        int count = Math.Min(bytes.Length, length);
        bytes[..count].CopyTo(new Span<byte>(buffer, length));
        return count;
    }

    // The name that was made has the length of its pattern.
    private static long PutBack(long result, string made, byte* pattern)
    {
        if (result >= 0)
            Encoding.UTF8.GetBytes(made, new Span<byte>(pattern, Encoding.UTF8.GetByteCount(made)));
        return result;
    }

    private static long Put(long result, long total, long free, NativeSpace* space)
    {
        *space = new() { Available = (ulong)free, Free = (ulong)free, Total = (ulong)total };
        return result;
    }

    [DllImport(Library, EntryPoint = "__real_SystemNative_MkdTemp")]
    private static extern byte* CreateTemporaryDirectoryOfKernel(byte* path);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetCwd")]
    private static extern byte* GetWorkingDirectoryOfKernel(byte* buffer, int length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Unlink")]
    private static extern int DeleteOfKernel(byte* path);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Access")]
    private static extern int AccessOfKernel(byte* path, int mode);

    [DllImport(Library, EntryPoint = "__real_SystemNative_ChMod")]
    private static extern int SetModeOfKernel(byte* path, int mode);

    [DllImport(Library, EntryPoint = "__real_SystemNative_UTimensat")]
    private static extern int SetTimesOfKernel(byte* path, NativeTime* times);

    [DllImport(Library, EntryPoint = "__real_SystemNative_MkDir")]
    private static extern int CreateDirectoryOfKernel(byte* path, int mode);

    [DllImport(Library, EntryPoint = "__real_SystemNative_RmDir")]
    private static extern int DeleteDirectoryOfKernel(byte* path);

    [DllImport(Library, EntryPoint = "__real_SystemNative_ChDir")]
    private static extern int ChangeDirectoryOfKernel(byte* path);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Rename")]
    private static extern int RenameOfKernel(byte* path, byte* target);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Link")]
    private static extern int CreateHardLinkOfKernel(byte* source, byte* path);

    [DllImport(Library, EntryPoint = "__real_SystemNative_SymLink")]
    private static extern int CreateLinkOfKernel(byte* target, byte* path);

    [DllImport(Library, EntryPoint = "__real_SystemNative_ReadLink")]
    private static extern int ReadLinkOfKernel(byte* path, byte* buffer, int length);

    [DllImport(Library, EntryPoint = "__real_SystemNative_MksTemps")]
    private static extern nint CreateTemporaryFileOfKernel(byte* path, int suffixLength);

    [DllImport(Library, EntryPoint = "__real_SystemNative_GetSpaceInfoForMountPoint")]
    private static extern int GetSpaceOfKernel(byte* path, NativeSpace* space);
}
