// dotnet/runtime's src/native/libs/System.Native/pal_networking.h: names.
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Troupe.Smp.SystemNative;

/// <summary>The calls about names of hosts. Every one hands on to <see cref="SocketServices.Calls"/>.</summary>
internal static unsafe class NameFaces
{
    // GetAddrInfoErrorFlags.
    private const int TemporaryFailure = 1;
    private const int UnknownName = 5;

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetHostName")]
    private static int GetHostName(byte* name, int length)
    {
        try
        {
            WriteText(SocketServices.Calls?.HostName ?? "localhost", name, length);
            return 0;
        }
        catch (Exception exception)
        {
            SocketServices.Failed(exception);
            return -1;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetDomainName")]
    private static int GetDomainName(byte* name, int length)
    {
        WriteText("", name, length);
        return 0;
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetHostEntryForName")]
    private static int GetHostEntryForName(byte* name, int family, NativeHostEntry* entry)
    {
        *entry = default;
        try
        {
            if (SocketServices.Calls is not { } calls)
                return TemporaryFailure;
            string asked = Marshal.PtrToStringUTF8((nint)name) ?? "";
            List<IPAddress> addresses = [];
            int status = calls.Resolve(asked, family, addresses);
            if (status != 0)
                return status;
            byte[] canonical = Encoding.UTF8.GetBytes(asked);
            entry->CanonicalName = (byte*)NativeMemory.AllocZeroed((nuint)canonical.Length + 1);
            canonical.CopyTo(new Span<byte>(entry->CanonicalName, canonical.Length));
            entry->Addresses = (NativeAddress*)NativeMemory.AllocZeroed((nuint)addresses.Count, (nuint)sizeof(NativeAddress));
            entry->AddressCount = addresses.Count;
            for (int index = 0; index < addresses.Count; index++)
            {
                NativeAddress* address = entry->Addresses + index;
                addresses[index].TryWriteBytes(new Span<byte>(address->Bytes, 16), out _);
                bool isIpv6 = addresses[index].AddressFamily == AddressFamily.InterNetworkV6;
                address->IsIpv6 = isIpv6 ? 1u : 0u;
                address->Scope = isIpv6 ? (uint)addresses[index].ScopeId : 0;
            }

            return 0;
        }
        catch (Exception exception)
        {
            SocketServices.Failed(exception);
            return TemporaryFailure;
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_FreeHostEntry")]
    private static void FreeHostEntry(NativeHostEntry* entry)
    {
        NativeMemory.Free(entry->CanonicalName);
        NativeMemory.Free(entry->Addresses);
        *entry = default;
    }

    [UnmanagedCallersOnly(EntryPoint = "SystemNative_GetNameInfo")]
    private static int GetNameInfo(byte* address, int addressLength, byte isIpv6, byte* host, int hostLength, byte* service, int serviceLength, int flags)
    {
        try
        {
            IPAddress asked = new(new ReadOnlySpan<byte>(address, isIpv6 != 0 ? 16 : 4));
            if (SocketServices.Calls?.NameOf(asked) is not { } name)
                return UnknownName;
            if (host != null)
                WriteText(name, host, hostLength);
            if (service != null)
                WriteText("", service, serviceLength);
            return 0;
        }
        catch (Exception exception)
        {
            SocketServices.Failed(exception);
            return TemporaryFailure;
        }
    }

    // With a zero behind it, cut to what there is room for.
    private static void WriteText(string text, byte* destination, int length)
    {
        if (length <= 0)
            return;
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int count = Math.Min(bytes.Length, length - 1);
        bytes.AsSpan(0, count).CopyTo(new Span<byte>(destination, length));
        destination[count] = 0;
    }
}
