// dotnet/runtime's src/native/libs/System.Native/pal_networking.h: group membership.
using System.Runtime.InteropServices;

namespace Troupe.Smp.SystemNative;

/// <summary>The calls about groups. Every one hands on to <see cref="SocketServices.Calls"/>.</summary>
internal static unsafe class GroupFaces
{
    // MulticastOption.
    private const int Add = 0;
    private const int Drop = 1;
    private const int Interface = 2;
    private const int Ipv4Size = 4;
    private const int Ipv6Size = 16;

    // As on Linux, memberships cannot be read, and the interface is read as a plain option.
    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetIPv4MulticastOption")]
    private static int GetIpv4MulticastOption(nint socket, int option, NativeGroupOption* value) => SocketServices.NoProtocolOption;

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetIPv6MulticastOption")]
    private static int GetIpv6MulticastOption(nint socket, int option, NativeGroupOptionV6* value) => SocketServices.NoProtocolOption;

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_SetIPv4MulticastOption")]
    private static int SetIpv4MulticastOption(nint socket, int option, NativeGroupOption* value)
    {
        try
        {
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            ReadOnlySpan<byte> group = new(&value->Group, Ipv4Size);
            ReadOnlySpan<byte> local = new(&value->Local, Ipv4Size);
            return option switch
            {
                Add => calls.JoinGroup(socket, group, local, value->Interface),
                Drop => calls.LeaveGroup(socket, group, local, value->Interface),
                Interface => calls.SetGroupInterface(socket, false, local, value->Interface),
                _ => SocketServices.InvalidArgument,
            };
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_SetIPv6MulticastOption")]
    private static int SetIpv6MulticastOption(nint socket, int option, NativeGroupOptionV6* value)
    {
        try
        {
            if (SocketServices.Calls is not { } calls)
                return SocketServices.NetworkDown;
            ReadOnlySpan<byte> group = new(value->Group.Bytes, Ipv6Size);
            return option switch
            {
                Add => calls.JoinGroup(socket, group, [], value->Interface),
                Drop => calls.LeaveGroup(socket, group, [], value->Interface),
                Interface => calls.SetGroupInterface(socket, true, [], value->Interface),
                _ => SocketServices.InvalidArgument,
            };
        }
        catch (Exception exception)
        {
            return SocketServices.Failed(exception);
        }
    }
}
