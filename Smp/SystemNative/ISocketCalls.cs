// The calls of dotnet/runtime's src/native/libs/System.Native/pal_networking.h, with spans for pointers.
using Microsoft.Win32.SafeHandles;

namespace Troupe.Smp.SystemNative;

/// <summary>
/// Who serves the socket calls of the class library. Calls answer 0 or the class library's number of an error (pal_errno.h) where nothing else is said;
/// addresses are Linux's sockaddr; spans and memories are valid during the call only.
/// </summary>
public interface ISocketCalls
{
    /// <summary>socket.</summary>
    int Open(int family, int kind, int protocol, out nint descriptor);

    /// <summary>close.</summary>
    int Close(nint descriptor);

    /// <summary>Whether the descriptor stands for a socket.</summary>
    bool IsOpen(nint descriptor);

    /// <summary>fcntl, O_NONBLOCK.</summary>
    int SetNonBlocking(nint descriptor, bool nonBlocking);

    /// <summary>fcntl, O_NONBLOCK.</summary>
    int GetNonBlocking(nint descriptor, out bool nonBlocking);

    /// <summary>bind.</summary>
    int Bind(nint descriptor, ReadOnlySpan<byte> address);

    /// <summary>listen.</summary>
    int Listen(nint descriptor, int backlog);

    /// <summary>accept.</summary>
    int Accept(nint descriptor, Span<byte> address, out int addressLength, out nint accepted);

    /// <summary>connect.</summary>
    int Connect(nint descriptor, ReadOnlySpan<byte> address);

    /// <summary>connect to AF_UNSPEC.</summary>
    int Disconnect(nint descriptor);

    /// <summary>shutdown.</summary>
    int Shutdown(nint descriptor, int direction);

    /// <summary>getsockname.</summary>
    int GetLocalAddress(nint descriptor, Span<byte> address, out int addressLength);

    /// <summary>getpeername.</summary>
    int GetRemoteAddress(nint descriptor, Span<byte> address, out int addressLength);

    /// <summary>send.</summary>
    int Send(nint descriptor, ReadOnlySpan<byte> data, int flags, out int sent);

    /// <summary>sendmsg.</summary>
    int SendMessage(nint descriptor, ReadOnlySpan<ReadOnlyMemory<byte>> parts, ReadOnlySpan<byte> address, int flags, out long sent);

    /// <summary>recv.</summary>
    int Receive(nint descriptor, Span<byte> buffer, int flags, out int received);

    /// <summary>
    /// recvmsg. Packet information goes into the control buffer as the destination's address in IPv6 form and the interface's index, 20 octets.
    /// </summary>
    int ReceiveMessage(
        nint descriptor, ReadOnlySpan<Memory<byte>> parts, Span<byte> address, out int addressLength, Span<byte> control, out int controlLength,
        int flags, out int receivedFlags, out long received);

    /// <summary>sendfile.</summary>
    int SendFile(nint descriptor, SafeFileHandle file, long offset, long count, out long sent);

    /// <summary>ioctl, FIONREAD.</summary>
    int GetAvailable(nint descriptor, out int available);

    /// <summary>getsockopt by the class library's level and name.</summary>
    int GetOption(nint descriptor, int level, int name, Span<byte> value, out int length);

    /// <summary>setsockopt by the class library's level and name.</summary>
    int SetOption(nint descriptor, int level, int name, ReadOnlySpan<byte> value);

    /// <summary>The class library's level and name for Linux's; false if there are none.</summary>
    bool TryTranslateOption(ref int level, ref int name);

    /// <summary>setsockopt, IP_ADD_MEMBERSHIP or IPV6_ADD_MEMBERSHIP by the length of the group's address; an own address of four octets or none.</summary>
    int JoinGroup(nint descriptor, ReadOnlySpan<byte> group, ReadOnlySpan<byte> local, int interfaceIndex);

    /// <summary>setsockopt, IP_DROP_MEMBERSHIP or IPV6_DROP_MEMBERSHIP.</summary>
    int LeaveGroup(nint descriptor, ReadOnlySpan<byte> group, ReadOnlySpan<byte> local, int interfaceIndex);

    /// <summary>setsockopt, IP_MULTICAST_IF or IPV6_MULTICAST_IF.</summary>
    int SetGroupInterface(nint descriptor, bool ipv6, ReadOnlySpan<byte> local, int interfaceIndex);

    /// <summary>getsockopt, SO_LINGER.</summary>
    int GetLinger(nint descriptor, out bool on, out int seconds);

    /// <summary>setsockopt, SO_LINGER.</summary>
    int SetLinger(nint descriptor, bool on, int seconds);

    /// <summary>setsockopt, SO_RCVTIMEO.</summary>
    int SetReceiveTimeout(nint descriptor, int milliseconds);

    /// <summary>setsockopt, SO_SNDTIMEO.</summary>
    int SetSendTimeout(nint descriptor, int milliseconds);

    /// <summary>getsockopt, SO_ERROR.</summary>
    int TakeError(nint descriptor, out int error);

    /// <summary>getsockopt, SO_DOMAIN, SO_TYPE, SO_PROTOCOL and SO_ACCEPTCONN.</summary>
    int GetKind(nint descriptor, out int family, out int kind, out int protocol, out bool listening);

    /// <summary>epoll_create.</summary>
    int CreateEventPort(out nint port);

    /// <summary>close.</summary>
    int CloseEventPort(nint port);

    /// <summary>epoll_ctl.</summary>
    int Register(nint port, nint descriptor, bool wanted, nint data);

    /// <summary>epoll_wait.</summary>
    int WaitForEvents(nint port, Span<(nint Data, int Events)> events, out int count);

    /// <summary>poll.</summary>
    int Poll(Span<(nint Descriptor, int Wanted, int Found)> sockets, int milliseconds, out int ready);

    /// <summary>select; descriptors that are not ready become 0.</summary>
    int Select(Span<int> readable, Span<int> writable, Span<int> failed, int microseconds, out int ready);

    /// <summary>gethostname.</summary>
    string HostName { get; }

    /// <summary>getaddrinfo; answers 0 or the class library's number of GetAddrInfoErrorFlags.</summary>
    int Resolve(string name, int family, List<System.Net.IPAddress> addresses);

    /// <summary>getnameinfo; null if the address has no name.</summary>
    string? NameOf(System.Net.IPAddress address);

    /// <summary>getifaddrs.</summary>
    IReadOnlyList<NetworkInterfaceEntry> GetInterfaces();

    /// <summary>stat: whether there is a file about the network with this name.</summary>
    bool HasFile(string path);

    /// <summary>open and read to the end: the file's octets of now; null when there is none of this name.</summary>
    byte[]? ReadFile(string path);
}

/// <summary>One interface.</summary>
/// <param name="Name">At most 15 octets.</param>
/// <param name="Index">Its number.</param>
/// <param name="MaximumTransmissionUnit">The largest packet in octets.</param>
/// <param name="IsLoopback">Whether it is this host's own.</param>
/// <param name="HardwareAddress">At most 8 octets.</param>
/// <param name="Addresses">Addresses and the lengths of their prefixes.</param>
/// <param name="Gateway">The router, or null.</param>
public sealed record NetworkInterfaceEntry(
    string Name, int Index, int MaximumTransmissionUnit, bool IsLoopback, IReadOnlyList<byte> HardwareAddress,
    IReadOnlyList<(System.Net.IPAddress Address, int PrefixLength)> Addresses, System.Net.IPAddress? Gateway)
{
    /// <summary>Whether it can carry packets now.</summary>
    public bool IsUp { get; init; } = true;
}
