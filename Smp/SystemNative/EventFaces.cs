// dotnet/runtime's src/native/libs/System.Native/pal_networking.h: the event port and select.
using System.Runtime.InteropServices;

namespace Troupe.Smp.SystemNative;

/// <summary>The calls that wait. Every one hands on to <see cref="SocketServices.Calls"/>.</summary>
internal static unsafe class EventFaces
{
    // Reports at a time; the class library asks for 1024, and comes again for the rest.
    private const int MostEvents = 128;

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_CreateSocketEventPort")]
    private static int CreateSocketEventPort(nint* port)
    {
        try
        {
            *port = -1;
            int status = SocketServices.NetworkDown;
            if (SocketServices.Calls is { } calls)
            {
                status = calls.CreateEventPort(out *port);
            }

            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_CloseSocketEventPort")]
    private static int CloseSocketEventPort(nint port)
    {
        try
        {
            return SocketServices.Calls is { } calls ? calls.CloseEventPort(port) : SocketServices.NetworkDown;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_CreateSocketEventBuffer")]
    private static int CreateSocketEventBuffer(int count, NativeSocketEvent** buffer)
    {
        *buffer = (NativeSocketEvent*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(NativeSocketEvent));
        return 0;
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_FreeSocketEventBuffer")]
    private static int FreeSocketEventBuffer(NativeSocketEvent* buffer)
    {
        NativeMemory.Free(buffer);
        return 0;
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_TryChangeSocketEventRegistration")]
    private static int TryChangeSocketEventRegistration(nint port, nint socket, int current, int wanted, nint data)
    {
        try
        {
            return SocketServices.Calls is { } calls ? calls.Register(port, socket, wanted != 0, data) : SocketServices.NetworkDown;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_WaitForSocketEvents")]
    private static int WaitForSocketEvents(nint port, NativeSocketEvent* buffer, int* count)
    {
        try
        {
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            Span<(nint Data, int Events)> events = stackalloc (nint, int)[Math.Min(*count, MostEvents)];
            int status = calls.WaitForEvents(port, events, out int found);
            for (int index = 0; index < found; index++)
                buffer[index] = new() { Data = events[index].Data, Events = events[index].Events };
            *count = found;
            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_Select")]
    private static int Select(int* readable, int readableCount, int* writable, int writableCount, int* failed, int failedCount, int microseconds, int largest, int* ready)
    {
        try
        {
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            return calls.Select(
                new Span<int>(readable, readableCount), new Span<int>(writable, writableCount), new Span<int>(failed, failedCount), microseconds, out *ready);
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }
}
