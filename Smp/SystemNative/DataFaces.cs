// dotnet/runtime's src/native/libs/System.Native/pal_networking.h: data.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Troupe.Smp.SystemNative;

/// <summary>The calls that send and receive. Every one hands on to <see cref="SocketServices.Calls"/>.</summary>
internal static unsafe class DataFaces
{
    [UnmanagedCallersOnly(EntryPoint = "SystemNative_Send")]
    private static int Send(nint socket, byte* data, int length, int flags, int* sent)
    {
        try
        {
            *sent = 0;
            int status = SocketServices.NetworkDown;
            if (SocketServices.Calls is { } calls)
            {
                status = calls.Send(socket, new ReadOnlySpan<byte>(data, length), flags, out *sent);
            }

            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_Receive")]
    private static int Receive(nint socket, byte* buffer, int length, int flags, int* received)
    {
        try
        {
            *received = 0;
            int status = SocketServices.NetworkDown;
            if (SocketServices.Calls is { } calls)
            {
                status = calls.Receive(socket, new Span<byte>(buffer, length), flags, out *received);
            }

            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_SendMessage")]
    private static int SendMessage(nint socket, NativeMessage* message, int flags, long* sent)
    {
        try
        {
            *sent = 0;
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            if (message->VectorCount > NativeMemoryWindow.MostVectors)
                return SocketServices.MessageTooLong;
            return calls.SendMessage(
                socket, NativeMemoryWindow.Readable(message->Vectors, message->VectorCount), new ReadOnlySpan<byte>(message->Address, message->AddressLength), flags, out *sent);
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_ReceiveMessage")]
    private static int ReceiveMessage(nint socket, NativeMessage* message, int flags, long* received)
    {
        try
        {
            *received = 0;
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            if (message->VectorCount > NativeMemoryWindow.MostVectors)
                return SocketServices.MessageTooLong;
            int status = calls.ReceiveMessage(
                socket, NativeMemoryWindow.Writable(message->Vectors, message->VectorCount),
                new Span<byte>(message->Address, message->AddressLength), out int addressLength,
                new Span<byte>(message->Control, message->ControlLength), out int controlLength,
                flags, out int receivedFlags, out *received);
            // As in C, a call that failed leaves the lengths: the class library tries again with what it finds there.
            if (status == 0)
                (message->AddressLength, message->ControlLength, message->Flags) = (addressLength, controlLength, receivedFlags);
            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    // The queue of ICMP errors, which only Ping reads; there are no raw sockets to read it from.
    [UnmanagedCallersOnly(EntryPoint = "SystemNative_ReceiveSocketError")]
    private static int ReceiveSocketError(nint socket, NativeMessage* message) => SocketServices.NotSupported;

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_SendFile")]
    private static int SendFile(nint socket, nint file, long offset, long count, long* sent)
    {
        try
        {
            *sent = 0;
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            using SafeFileHandle handle = new(file, ownsHandle: false);
            return calls.SendFile(socket, handle, offset, count, out *sent);
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetBytesAvailable")]
    private static int GetBytesAvailable(nint socket, int* available)
    {
        try
        {
            int status = SocketServices.NetworkDown;
            if (SocketServices.Calls is { } calls)
            {
                status = calls.GetAvailable(socket, out *available);
            }

            return status;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    // Urgent data is not served, so no octet is at its mark.
    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetAtOutOfBandMark")]
    private static int GetAtOutOfBandMark(nint socket, int* atMark)
    {
        *atMark = 0;
        return 0;
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_TryGetIPPacketInformation")]
    private static int TryGetIPPacketInformation(NativeMessage* message, int isIpv4, NativePacketInformation* information)
    {
        try
        {
            *information = default;
            if (message->ControlLength < 20)
                return 0;
            // What ISocketCalls.ReceiveMessage wrote: the address in IPv6 form, and the interface.
            ReadOnlySpan<byte> control = new(message->Control, message->ControlLength);
            if (isIpv4 != 0)
                control[12..16].CopyTo(new Span<byte>(information->Address.Bytes, 16));
            else
                control[..16].CopyTo(new Span<byte>(information->Address.Bytes, 16));
            information->Address.IsIpv6 = isIpv4 != 0 ? 0u : 1u;
            information->Interface = BitConverter.ToInt32(control[16..]);
            return 1;
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }
}
