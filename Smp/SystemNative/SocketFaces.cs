// dotnet/runtime's src/native/libs/System.Native/pal_networking.h: sockets and their connections.
using System.Runtime.InteropServices;

namespace Troupe.Smp.SystemNative;

/// <summary>The calls that make, name and end sockets. Every one hands on to <see cref="SocketServices.Calls"/>.</summary>
internal static unsafe class SocketFaces
{
    [UnmanagedCallersOnly(EntryPoint = "SystemNative_Socket")]
    private static int Socket(int family, int kind, int protocol, nint* socket)
    {
        try
        {
            int status = SocketServices.NetworkDown;
            *socket = -1;
            if (SocketServices.Calls is { } calls)
            {
                status = calls.Open(family, kind, protocol, out nint descriptor);
                *socket = descriptor;
            }

            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_Bind")]
    private static int Bind(nint socket, int protocol, byte* address, int addressLength)
    {
        try
        {
            return SocketServices.Calls is { } calls ? calls.Bind(socket, new ReadOnlySpan<byte>(address, addressLength)) : SocketServices.NetworkDown;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_Listen")]
    private static int Listen(nint socket, int backlog)
    {
        try
        {
            return SocketServices.Calls is { } calls ? calls.Listen(socket, backlog) : SocketServices.NetworkDown;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_Connect")]
    private static int Connect(nint socket, byte* address, int addressLength)
    {
        try
        {
            return SocketServices.Calls is { } calls ? calls.Connect(socket, new ReadOnlySpan<byte>(address, addressLength)) : SocketServices.NetworkDown;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    // TCP Fast Open is not spoken: the data goes by the sends that follow, as the class library does wherever that is so.
    [UnmanagedCallersOnly(EntryPoint = "SystemNative_Connectx")]
    private static int Connectx(nint socket, byte* address, int addressLength, byte* data, int dataLength, int fastOpen, int* sent)
    {
        try
        {
            *sent = 0;
            return SocketServices.Calls is { } calls ? calls.Connect(socket, new ReadOnlySpan<byte>(address, addressLength)) : SocketServices.NetworkDown;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_Accept")]
    private static int Accept(nint socket, byte* address, int* addressLength, nint* accepted)
    {
        try
        {
            *accepted = -1;
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            int status = calls.Accept(socket, new Span<byte>(address, *addressLength), out int length, out nint descriptor);
            *accepted = descriptor;
            // As in C, a call that failed leaves the length: the class library tries again with what it finds there.
            if (status == 0)
                *addressLength = length;
            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_Disconnect")]
    private static int Disconnect(nint socket)
    {
        try
        {
            return SocketServices.Calls is { } calls ? calls.Disconnect(socket) : SocketServices.NetworkDown;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_Shutdown")]
    private static int Shutdown(nint socket, int direction)
    {
        try
        {
            return SocketServices.Calls is { } calls ? calls.Shutdown(socket, direction) : SocketServices.NetworkDown;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetSockName")]
    private static int GetSockName(nint socket, byte* address, int* addressLength)
    {
        try
        {
            int status = SocketServices.NetworkDown;
            if (SocketServices.Calls is { } calls)
            {
                status = calls.GetLocalAddress(socket, new Span<byte>(address, *addressLength), out int length);
                if (status == 0)
                    *addressLength = length;
            }

            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetPeerName")]
    private static int GetPeerName(nint socket, byte* address, int* addressLength)
    {
        try
        {
            int status = SocketServices.NetworkDown;
            if (SocketServices.Calls is { } calls)
            {
                status = calls.GetRemoteAddress(socket, new Span<byte>(address, *addressLength), out int length);
                if (status == 0)
                    *addressLength = length;
            }

            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetSocketType")]
    private static int GetSocketType(nint socket, int* family, int* kind, int* protocol, int* listening)
    {
        try
        {
            int status = SocketServices.NetworkDown;
            if (SocketServices.Calls is { } calls)
            {
                status = calls.GetKind(socket, out *family, out *kind, out *protocol, out bool listens);
                *listening = listens ? 1 : 0;
            }

            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }
}
