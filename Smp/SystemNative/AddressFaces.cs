// dotnet/runtime's src/native/libs/System.Native/pal_networking.c: sockaddr as on Linux (man 7 ip, man 7 ipv6, man 7 unix).
using System.Runtime;
using System.Runtime.InteropServices;

namespace Troupe.Smp.SystemNative;

/// <summary>The calls about socket addresses. Those marked as runtime exports are called without a transition: leaves.</summary>
internal static unsafe class AddressFaces
{
    private const int Ipv4Size = 16;
    private const int Ipv6Size = 28;
    private const int UnixSize = 110;
    private const int UnixPathOffset = 2;
    private const int LargestSize = 128;
    private const int ControlSize = 32;
    private const ushort NativeUnix = 1;
    private const ushort NativeInternet = 2;
    private const ushort NativeInternetV6 = 10;
    private const int Unix = 1;
    private const int Internet = 2;
    private const int InternetV6 = 23;

    [RuntimeExport("SystemNative_GetSocketAddressSizes")]
    private static int GetSocketAddressSizes(int* ipv4, int* ipv6, int* unix, int* largest)
    {
        *ipv4 = Ipv4Size;
        *ipv6 = Ipv6Size;
        *unix = UnixSize;
        *largest = LargestSize;
        return 0;
    }

    [RuntimeExport("SystemNative_GetMaximumAddressSize")]
    private static int GetMaximumAddressSize() => LargestSize;

    [RuntimeExport("SystemNative_GetDomainSocketSizes")]
    private static void GetDomainSocketSizes(int* pathOffset, int* pathSize, int* addressSize)
    {
        *pathOffset = UnixPathOffset;
        *pathSize = UnixSize - UnixPathOffset;
        *addressSize = UnixSize;
    }

    [RuntimeExport("SystemNative_GetControlMessageBufferSize")]
    private static int GetControlMessageBufferSize(int isIpv4, int isIpv6) => isIpv4 != 0 || isIpv6 != 0 ? ControlSize : 0;

    [RuntimeExport("SystemNative_PlatformSupportsDualModeIPv4PacketInfo")]
    private static int PlatformSupportsDualModeIpv4PacketInformation() => 1;

    [RuntimeExport("SystemNative_GetAddressFamily")]
    private static int GetAddressFamily(byte* address, int length, int* family)
    {
        if (address == null || family == null || length < 2)
            return SocketServices.BadAddress;
        ushort native = *(ushort*)address;
        if (native == 0)
            *family = 0;
        else if (native == NativeUnix)
            *family = Unix;
        else if (native == NativeInternet)
            *family = Internet;
        else if (native == NativeInternetV6)
            *family = InternetV6;
        else
            *family = -1;
        return 0;
    }

    [RuntimeExport("SystemNative_SetAddressFamily")]
    private static int SetAddressFamily(byte* address, int length, int family)
    {
        if (address == null || length < 2)
            return SocketServices.BadAddress;
        if (family is 0 or Unix or Internet)
            *(ushort*)address = (ushort)family;
        else if (family == InternetV6)
            *(ushort*)address = NativeInternetV6;
        else
            return SocketServices.AddressFamilyNotSupported;
        return 0;
    }

    [RuntimeExport("SystemNative_GetPort")]
    private static int GetPort(byte* address, int length, ushort* port)
    {
        if (address == null || port == null || length < 4)
            return SocketServices.BadAddress;
        if (!HasPort(address))
            return SocketServices.AddressFamilyNotSupported;
        *port = (ushort)((address[2] << 8) | address[3]);
        return 0;
    }

    [RuntimeExport("SystemNative_SetPort")]
    private static int SetPort(byte* address, int length, ushort port)
    {
        if (address == null || length < 4)
            return SocketServices.BadAddress;
        if (!HasPort(address))
            return SocketServices.AddressFamilyNotSupported;
        address[2] = (byte)(port >> 8);
        address[3] = (byte)port;
        return 0;
    }

    [RuntimeExport("SystemNative_GetIPv4Address")]
    private static int GetIpv4Address(byte* address, int length, uint* octets)
    {
        if (address == null || octets == null || length < Ipv4Size)
            return SocketServices.BadAddress;
        *octets = *(uint*)(address + 4);
        return 0;
    }

    [RuntimeExport("SystemNative_SetIPv4Address")]
    private static int SetIpv4Address(byte* address, int length, uint octets)
    {
        if (address == null || length < Ipv4Size)
            return SocketServices.BadAddress;
        *(ushort*)address = NativeInternet;
        *(uint*)(address + 4) = octets;
        return 0;
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetIPv6Address")]
    private static int GetIpv6Address(byte* address, int length, byte* octets, int octetCount, uint* scope)
    {
        if (address == null || octets == null || scope == null || length < Ipv6Size || octetCount < 16)
            return SocketServices.BadAddress;
        new ReadOnlySpan<byte>(address + 8, 16).CopyTo(new Span<byte>(octets, octetCount));
        *scope = *(uint*)(address + 24);
        return 0;
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_SetIPv6Address")]
    private static int SetIpv6Address(byte* address, int length, byte* octets, int octetCount, uint scope)
    {
        if (address == null || octets == null || length < Ipv6Size || octetCount < 16)
            return SocketServices.BadAddress;
        *(ushort*)address = NativeInternetV6;
        // The flow label.
        *(uint*)(address + 4) = 0;
        new ReadOnlySpan<byte>(octets, 16).CopyTo(new Span<byte>(address + 8, 16));
        *(uint*)(address + 24) = scope;
        return 0;
    }

    private static bool HasPort(byte* address) => *(ushort*)address is NativeInternet or NativeInternetV6;
}
