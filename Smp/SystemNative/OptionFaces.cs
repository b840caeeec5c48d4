// dotnet/runtime's src/native/libs/System.Native/pal_networking.h: options.
using System.Runtime.InteropServices;

namespace Troupe.Smp.SystemNative;

/// <summary>The calls about options. Every one hands on to <see cref="SocketServices.Calls"/>.</summary>
internal static unsafe class OptionFaces
{
    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetSockOpt")]
    private static int GetSockOpt(nint socket, int level, int name, byte* value, int* length)
    {
        try
        {
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            int status = calls.GetOption(socket, level, name, new Span<byte>(value, *length), out int written);
            if (status == 0)
                *length = written;
            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_SetSockOpt")]
    private static int SetSockOpt(nint socket, int level, int name, byte* value, int length)
    {
        try
        {
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            return calls.SetOption(socket, level, name, new ReadOnlySpan<byte>(value, length));
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetRawSockOpt")]
    private static int GetRawSockOpt(nint socket, int level, int name, byte* value, int* length)
    {
        try
        {
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            if (!calls.TryTranslateOption(ref level, ref name))
                return SocketServices.NoProtocolOption;
            int status = calls.GetOption(socket, level, name, new Span<byte>(value, *length), out int written);
            if (status == 0)
                *length = written;
            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_SetRawSockOpt")]
    private static int SetRawSockOpt(nint socket, int level, int name, byte* value, int length)
    {
        try
        {
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            return calls.TryTranslateOption(ref level, ref name)
                ? calls.SetOption(socket, level, name, new ReadOnlySpan<byte>(value, length))
                : SocketServices.NoProtocolOption;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetLingerOption")]
    private static int GetLingerOption(nint socket, NativeLinger* linger)
    {
        try
        {
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            int status = calls.GetLinger(socket, out bool on, out linger->Seconds);
            linger->On = on ? 1 : 0;
            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_SetLingerOption")]
    private static int SetLingerOption(nint socket, NativeLinger* linger)
    {
        try
        {
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            return calls.SetLinger(socket, linger->On != 0, linger->Seconds);
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_SetReceiveTimeout")]
    private static int SetReceiveTimeout(nint socket, int milliseconds)
    {
        try
        {
            return SocketServices.Calls is { } calls ? calls.SetReceiveTimeout(socket, milliseconds) : SocketServices.NetworkDown;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_SetSendTimeout")]
    private static int SetSendTimeout(nint socket, int milliseconds)
    {
        try
        {
            return SocketServices.Calls is { } calls ? calls.SetSendTimeout(socket, milliseconds) : SocketServices.NetworkDown;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetSocketErrorOption")]
    private static int GetSocketErrorOption(nint socket, int* error)
    {
        try
        {
            int status = SocketServices.NetworkDown;
            if (SocketServices.Calls is { } calls)
            {
                status = calls.TakeError(socket, out *error);
            }

            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }
}
