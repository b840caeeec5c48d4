// dotnet/runtime's src/native/libs/System.Native/pal_io.h: the calls that files and sockets share.
using System.Runtime.InteropServices;

namespace Troupe.Smp.SystemNative;

/// <summary>
/// Calls whose C versions stay linked, for files: the linker's --wrap (Tools/Build/Troupe.App.targets) gives their names to these, which ask whose the descriptor is.
/// They answer as C does, by -1 and errno.
/// </summary>
internal static unsafe class DescriptorFaces
{
    private const string Library = "libSystem.Native";
    private const int CloseOnExecute = 1;

    // errno.h of Linux.
    private const int BadDescriptorNumber = 9;

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Close")]
    private static int Close(nint descriptor)
    {
        if (NetworkTexts.Owns(descriptor))
            return NetworkTexts.Close(descriptor) ? 0 : Refuse();
        if (!SocketServices.Owns(descriptor) && FileServices.Of(descriptor) is null)
            return CloseFile(descriptor);
        try
        {
            if (FileServices.Of(descriptor) is { } files)
                return (int)FileServices.Answer(files.Close(descriptor));
            return SocketServices.Calls?.Close(descriptor) == 0 ? 0 : Refuse();
        }
        catch (Exception exception)
        {
            SocketServices.Failed(exception);
            return Refuse();
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FcntlSetIsNonBlocking")]
    private static int SetNonBlocking(nint descriptor, int nonBlocking)
    {
        if (!SocketServices.Owns(descriptor))
            return SetFileNonBlocking(descriptor, nonBlocking);
        return SocketServices.Calls?.SetNonBlocking(descriptor, nonBlocking != 0) == 0 ? 0 : Refuse();
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FcntlGetIsNonBlocking")]
    private static int GetNonBlocking(nint descriptor, int* nonBlocking)
    {
        if (FileServices.Of(descriptor) is not null)
        {
            *nonBlocking = 0;
            return 0;
        }

        if (!SocketServices.Owns(descriptor))
            return GetFileNonBlocking(descriptor, nonBlocking);
        bool set = false;
        if (SocketServices.Calls?.GetNonBlocking(descriptor, out set) != 0)
            return Refuse();
        *nonBlocking = set ? 1 : 0;
        return 0;
    }

    // The class library unblocks calls of a socket that is disposed of only if this flag is set.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_FcntlGetFD")]
    private static int GetFlags(nint descriptor)
    {
        if (!SocketServices.Owns(descriptor))
            return GetFileFlags(descriptor);
        return SocketServices.Calls?.IsOpen(descriptor) == true ? CloseOnExecute : Refuse();
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_Poll")]
    private static int Poll(NativePollEvent* events, uint count, int milliseconds, uint* triggered)
    {
        uint sockets = 0;
        for (uint index = 0; index < count; index++)
            sockets += SocketServices.Owns(events[index].Descriptor) ? 1u : 0u;
        if (sockets == 0)
            return PollFiles(events, count, milliseconds, triggered);
        // One wait for both kinds does not exist.
        if (sockets != count)
            return SocketServices.NotSupported;
        try
        {
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            var entries = new (nint Descriptor, int Wanted, int Found)[count];
            for (int index = 0; index < entries.Length; index++)
                entries[index] = (events[index].Descriptor, events[index].Events, 0);
            int status = calls.Poll(entries, milliseconds, out int ready);
            for (int index = 0; index < entries.Length; index++)
                events[index].Triggered = (short)entries[index].Found;
            *triggered = (uint)ready;
            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    private static int Refuse()
    {
        Marshal.SetLastSystemError(BadDescriptorNumber);
        return -1;
    }

    [DllImport(Library, EntryPoint = "__real_SystemNative_Close")]
    private static extern int CloseFile(nint descriptor);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FcntlSetIsNonBlocking")]
    private static extern int SetFileNonBlocking(nint descriptor, int nonBlocking);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FcntlGetIsNonBlocking")]
    private static extern int GetFileNonBlocking(nint descriptor, int* nonBlocking);

    [DllImport(Library, EntryPoint = "__real_SystemNative_FcntlGetFD")]
    private static extern int GetFileFlags(nint descriptor);

    [DllImport(Library, EntryPoint = "__real_SystemNative_Poll")]
    private static extern int PollFiles(NativePollEvent* events, uint count, int milliseconds, uint* triggered);
}
