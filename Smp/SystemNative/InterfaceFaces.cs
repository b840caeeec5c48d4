// dotnet/runtime's src/native/libs/System.Native/pal_interfaceaddresses.h and pal_networkchange.h.
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Troupe.Smp.SystemNative;

/// <summary>The calls of System.Net.NetworkInformation. Every one hands on to <see cref="SocketServices.Calls"/>.</summary>
internal static unsafe class InterfaceFaces
{
    // pal_maphardwaretype.h: System.Net.NetworkInformation.NetworkInterfaceType.
    private const ushort Ethernet = 6;
    private const ushort Loopback = 24;

    // OperationalStatus.
    private const byte Up = 1;
    private const byte Down = 2;

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_InterfaceNameToIndex")]
    private static uint InterfaceNameToIndex(byte* name)
    {
        try
        {
            string? asked = Marshal.PtrToStringUTF8((nint)name);
            return (uint)(SocketServices.Calls?.GetInterfaces().FirstOrDefault(entry => entry.Name == asked)?.Index ?? 0);
        }
        catch (Exception exception)
        {
            SocketServices.Failed(exception);
            return 0;
        }
    }

    // One block, which the class library frees by its start.
    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetNetworkInterfaces")]
    private static int GetNetworkInterfaces(int* interfaceCount, NativeInterface** interfaces, int* addressCount, NativeInterfaceAddress** addresses)
    {
        try
        {
            IReadOnlyList<NetworkInterfaceEntry> entries = SocketServices.Calls?.GetInterfaces() ?? [];
            int total = entries.Sum(static entry => entry.Addresses.Count);
            byte* block = (byte*)NativeMemory.AllocZeroed((nuint)(entries.Count * sizeof(NativeInterface) + total * sizeof(NativeInterfaceAddress)));
            *interfaces = (NativeInterface*)block;
            *addresses = (NativeInterfaceAddress*)(block + entries.Count * sizeof(NativeInterface));
            *interfaceCount = entries.Count;
            *addressCount = total;
            NativeInterface* next = *interfaces;
            NativeInterfaceAddress* nextAddress = *addresses;
            foreach (NetworkInterfaceEntry entry in entries)
            {
                Write(entry, next++);
                foreach ((IPAddress address, int prefixLength) in entry.Addresses)
                    *nextAddress++ = ToNative(entry.Index, address, prefixLength);
            }

            return 0;
        }
        catch (Exception exception)
        {
            SocketServices.Failed(exception);
            return -1;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_EnumerateInterfaceAddresses")]
    private static int EnumerateInterfaceAddresses(
        void* context,
        delegate* unmanaged<void*, byte*, NativeInterfaceAddress*, void> onIpv4,
        delegate* unmanaged<void*, byte*, NativeInterfaceAddress*, uint*, void> onIpv6,
        delegate* unmanaged<void*, byte*, NativeLinkAddress*, void> onLink)
    {
        try
        {
            foreach (NetworkInterfaceEntry entry in SocketServices.Calls?.GetInterfaces() ?? [])
            {
                NativeInterface named = default;
                Write(entry, &named);
                foreach ((IPAddress address, int prefixLength) in entry.Addresses)
                {
                    NativeInterfaceAddress native = ToNative(entry.Index, address, prefixLength);
                    uint scope = address.AddressFamily == AddressFamily.InterNetworkV6 ? (uint)address.ScopeId : 0;
                    if (address.AddressFamily == AddressFamily.InterNetwork && onIpv4 != null)
                        onIpv4(context, named.Name, &native);
                    else if (address.AddressFamily == AddressFamily.InterNetworkV6 && onIpv6 != null)
                        onIpv6(context, named.Name, &native, &scope);
                }

                if (onLink == null)
                    continue;
                NativeLinkAddress link = new() { Index = (uint)entry.Index, Length = named.AddressLength, HardwareType = named.HardwareType };
                new ReadOnlySpan<byte>(named.Address, NativeInterface.LongestAddress).CopyTo(new Span<byte>(link.Bytes, NativeInterface.LongestAddress));
                onLink(context, named.Name, &link);
            }

            return 0;
        }
        catch (Exception exception)
        {
            SocketServices.Failed(exception);
            return -1;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_EnumerateGatewayAddressesForInterface")]
    private static int EnumerateGatewayAddresses(void* context, uint index, delegate* unmanaged<void*, NativeInterfaceAddress*, void> onGateway)
    {
        try
        {
            foreach (NetworkInterfaceEntry entry in SocketServices.Calls?.GetInterfaces() ?? [])
            {
                if (entry.Index != index || entry.Gateway is not { } gateway)
                    continue;
                NativeInterfaceAddress native = ToNative(entry.Index, gateway, 0);
                onGateway(context, &native);
            }

            return 0;
        }
        catch (Exception exception)
        {
            SocketServices.Failed(exception);
            return -1;
        }
    }

    // Changes of address are not announced.
    [UnmanagedCallersOnly(EntryPoint = "SystemNative_CreateNetworkChangeListenerSocket")]
    private static int CreateNetworkChangeListenerSocket(nint* socket)
    {
        *socket = -1;
        return SocketServices.NotSupported;
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_ReadEvents")]
    private static int ReadEvents(nint socket, void* onChange) => SocketServices.NotSupported;

    private static void Write(NetworkInterfaceEntry entry, NativeInterface* native)
    {
        byte[] name = Encoding.UTF8.GetBytes(entry.Name);
        name.AsSpan(0, Math.Min(name.Length, 15)).CopyTo(new Span<byte>(native->Name, 16));
        native->Speed = -1;
        native->Index = (uint)entry.Index;
        native->MaximumTransmissionUnit = entry.MaximumTransmissionUnit;
        native->HardwareType = entry.IsLoopback ? Loopback : Ethernet;
        native->State = entry.IsUp ? Up : Down;
        native->SupportsMulticast = (byte)(entry.IsLoopback ? 0 : 1);
        native->AddressLength = (byte)Math.Min(entry.HardwareAddress.Count, NativeInterface.LongestAddress);
        for (int index = 0; index < native->AddressLength; index++)
            native->Address[index] = entry.HardwareAddress[index];
    }

    private static NativeInterfaceAddress ToNative(int index, IPAddress address, int prefixLength)
    {
        NativeInterfaceAddress native = new() { Index = (uint)index, PrefixLength = (byte)prefixLength };
        address.TryWriteBytes(new Span<byte>(native.Bytes, 16), out int length);
        native.Length = (byte)length;
        return native;
    }
}
