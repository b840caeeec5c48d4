using System.Net;
using Microsoft.Win32.SafeHandles;
using Troupe.Net.Sockets;
using Troupe.Smp.SystemNative;

namespace Troupe.Apps.Hosting.Guest;

/// <summary>Plugs the sockets of our stack into the class library's calls.</summary>
internal sealed class GuestSockets(SocketCalls calls) : ISocketCalls
{
    public string HostName => calls.HostName;

    public int Open(int family, int kind, int protocol, out nint descriptor) => calls.Open(family, kind, protocol, out descriptor);

    public int Close(nint descriptor) => calls.Close(descriptor);

    public bool IsOpen(nint descriptor) => calls.IsOpen(descriptor);

    public int SetNonBlocking(nint descriptor, bool nonBlocking) => calls.SetNonBlocking(descriptor, nonBlocking);

    public int GetNonBlocking(nint descriptor, out bool nonBlocking) => calls.GetNonBlocking(descriptor, out nonBlocking);

    public int Bind(nint descriptor, ReadOnlySpan<byte> address) => calls.Bind(descriptor, address);

    public int Listen(nint descriptor, int backlog) => calls.Listen(descriptor, backlog);

    public int Accept(nint descriptor, Span<byte> address, out int addressLength, out nint accepted) =>
        calls.Accept(descriptor, address, out addressLength, out accepted);

    public int Connect(nint descriptor, ReadOnlySpan<byte> address) => calls.Connect(descriptor, address);

    public int Disconnect(nint descriptor) => calls.Disconnect(descriptor);

    public int Shutdown(nint descriptor, int direction) => calls.Shutdown(descriptor, direction);

    public int GetLocalAddress(nint descriptor, Span<byte> address, out int addressLength) => calls.GetLocalAddress(descriptor, address, out addressLength);

    public int GetRemoteAddress(nint descriptor, Span<byte> address, out int addressLength) => calls.GetRemoteAddress(descriptor, address, out addressLength);

    public int Send(nint descriptor, ReadOnlySpan<byte> data, int flags, out int sent) => calls.Send(descriptor, data, flags, out sent);

    public int SendMessage(nint descriptor, ReadOnlySpan<ReadOnlyMemory<byte>> parts, ReadOnlySpan<byte> address, int flags, out long sent) =>
        calls.SendMessage(descriptor, parts, address, flags, out sent);

    public int Receive(nint descriptor, Span<byte> buffer, int flags, out int received) => calls.Receive(descriptor, buffer, flags, out received);

    public int ReceiveMessage(
        nint descriptor, ReadOnlySpan<Memory<byte>> parts, Span<byte> address, out int addressLength, Span<byte> control, out int controlLength,
        int flags, out int receivedFlags, out long received) =>
        calls.ReceiveMessage(descriptor, parts, address, out addressLength, control, out controlLength, flags, out receivedFlags, out received);

    public int SendFile(nint descriptor, SafeFileHandle file, long offset, long count, out long sent) =>
        calls.SendFile(descriptor, file, offset, count, out sent);

    public int GetAvailable(nint descriptor, out int available) => calls.GetAvailable(descriptor, out available);

    public int GetOption(nint descriptor, int level, int name, Span<byte> value, out int length) =>
        calls.GetOption(descriptor, level, name, value, out length);

    public int SetOption(nint descriptor, int level, int name, ReadOnlySpan<byte> value) => calls.SetOption(descriptor, level, name, value);

    public bool TryTranslateOption(ref int level, ref int name) => SocketCalls.TryTranslate(ref level, ref name);

    public int JoinGroup(nint descriptor, ReadOnlySpan<byte> group, ReadOnlySpan<byte> local, int interfaceIndex) =>
        calls.JoinGroup(descriptor, group, local, interfaceIndex);

    public int LeaveGroup(nint descriptor, ReadOnlySpan<byte> group, ReadOnlySpan<byte> local, int interfaceIndex) =>
        calls.LeaveGroup(descriptor, group, local, interfaceIndex);

    public int SetGroupInterface(nint descriptor, bool ipv6, ReadOnlySpan<byte> local, int interfaceIndex) =>
        calls.SetGroupInterface(descriptor, ipv6, local, interfaceIndex);

    public int GetLinger(nint descriptor, out bool on, out int seconds) => calls.GetLinger(descriptor, out on, out seconds);

    public int SetLinger(nint descriptor, bool on, int seconds) => calls.SetLinger(descriptor, on, seconds);

    public int SetReceiveTimeout(nint descriptor, int milliseconds) => calls.SetReceiveTimeout(descriptor, milliseconds);

    public int SetSendTimeout(nint descriptor, int milliseconds) => calls.SetSendTimeout(descriptor, milliseconds);

    public int TakeError(nint descriptor, out int error) => calls.TakeError(descriptor, out error);

    public int GetKind(nint descriptor, out int family, out int kind, out int protocol, out bool listening) =>
        calls.GetKind(descriptor, out family, out kind, out protocol, out listening);

    public int CreateEventPort(out nint port) => calls.CreateEventPort(out port);

    public int CloseEventPort(nint port) => calls.CloseEventPort(port);

    public int Register(nint port, nint descriptor, bool wanted, nint data) => calls.Register(port, descriptor, wanted, data);

    public int WaitForEvents(nint port, Span<(nint Data, int Events)> events, out int count) => calls.WaitForEvents(port, events, out count);

    public int Poll(Span<(nint Descriptor, int Wanted, int Found)> sockets, int milliseconds, out int ready) =>
        calls.Poll(sockets, milliseconds, out ready);

    public int Select(Span<int> readable, Span<int> writable, Span<int> failed, int microseconds, out int ready) =>
        calls.Select(readable, writable, failed, microseconds, out ready);

    public int Resolve(string name, int family, List<IPAddress> addresses) => calls.Resolve(name, family, addresses) switch
    {
        // GetAddrInfoErrorFlags of the class library's pal_networking.h.
        HostResolution.Found => 0,
        HostResolution.TryAgain => 1,
        HostResolution.Failed => 3,
        _ => 5,
    };

    public string? NameOf(IPAddress address) => calls.NameOf(address);

    public bool HasFile(string path) => calls.Files.Contains(path);

    public byte[]? ReadFile(string path) => calls.Files.Read(path);

    public IReadOnlyList<NetworkInterfaceEntry> GetInterfaces() =>
    [
        .. calls.GetInterfaces().Select(static entry => new NetworkInterfaceEntry(
            entry.Name, entry.Index, entry.MaximumTransmissionUnit, entry.IsLoopback, entry.HardwareAddress,
            [.. entry.Addresses.Select(static address => (address.Address, address.PrefixLength))], entry.Gateway)
        {
            IsUp = entry.IsUp,
        }),
    ];
}
