// The calls of dotnet/runtime's src/native/libs/System.Native/pal_networking.h, with spans for pointers.
using System.Diagnostics.CodeAnalysis;

namespace Troupe.Net.Sockets;

/// <summary>
/// Serves the socket calls of System.Net.Sockets by descriptor. Every call answers 0 or the class library's number of an error, and throws nothing.
/// Addresses are Linux's sockaddr. The parts: .Data, .Options, .Events, .Names, .Groups.
/// </summary>
/// <param name="network">The stack beneath.</param>
/// <param name="firstDescriptor">The number of the first descriptor; those of files are below.</param>
public sealed partial class SocketCalls(SocketNetwork network, nint firstDescriptor)
{
    private readonly SocketTable _table = new(firstDescriptor, network.Descriptors);
    private readonly PortTable _ports = new(network.Randomness);
    private readonly UdpDemultiplexer _datagrams = new(network.Udp);
    private readonly GroupTable _groups = new(network.Internet);
    private readonly UnixNameTable _names = new();
    private readonly DatagramFrames _frames = new(network);
    private NetworkFiles? _files;

    /// <summary>What the class library reads of the network as files.</summary>
    public NetworkFiles Files => Volatile.Read(ref _files) ?? Interlocked.CompareExchange(ref _files, new(network, this), null) ?? _files!;

    /// <summary>The ends that datagram sockets are bound to.</summary>
    internal IReadOnlyList<Contracts.IpEndPoint> DatagramPorts() => _ports.List(SocketKind.Datagram);

    /// <summary>Creates a socket.</summary>
    public int Open(int family, int kind, int protocol, out nint descriptor)
    {
        descriptor = -1;
        StackSocket socket;
        switch ((SocketFamily)family, (SocketKind)kind, (SocketProtocol)protocol)
        {
            case (SocketFamily.Internet or SocketFamily.InternetV6, SocketKind.Stream, SocketProtocol.Tcp or SocketProtocol.Unspecified):
                socket = new TcpSocket(network, _ports, (SocketFamily)family);
                break;
            case (SocketFamily.Internet or SocketFamily.InternetV6, SocketKind.Datagram, SocketProtocol.Udp or SocketProtocol.Unspecified):
                socket = new UdpSocket(network, _ports, _datagrams, _groups, _frames, (SocketFamily)family);
                break;
            case (SocketFamily.Unix, SocketKind.Stream, SocketProtocol.Unspecified):
                socket = new UnixSocket(network, _names);
                break;
            case (SocketFamily.Internet or SocketFamily.InternetV6 or SocketFamily.Unix, SocketKind.Stream, _):
            case (SocketFamily.Internet or SocketFamily.InternetV6, SocketKind.Datagram, _):
                return (int)SocketErrno.ProtocolNotSupported;
            case (SocketFamily.Internet or SocketFamily.InternetV6 or SocketFamily.Unix, _, _):
                return (int)SocketErrno.SocketTypeNotSupported;
            default:
                return (int)SocketErrno.AddressFamilyNotSupported;
        }

        return _table.TryAdd(socket, out descriptor) ? 0 : (int)SocketErrno.TooManyDescriptors;
    }

    /// <summary>Frees a descriptor and ends its socket.</summary>
    public int Close(nint descriptor)
    {
        switch (_table.Remove(descriptor))
        {
            case StackSocket socket:
                socket.Close();
                return 0;
            case SocketEventPort port:
                port.Close();
                return 0;
            default:
                return (int)SocketErrno.BadDescriptor;
        }
    }

    /// <summary>Whether the descriptor stands for a socket.</summary>
    public bool IsOpen(nint descriptor) => _table.Find<StackSocket>(descriptor) is not null;

    /// <summary>Sets or clears O_NONBLOCK.</summary>
    public int SetNonBlocking(nint descriptor, bool nonBlocking)
    {
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        socket.IsNonBlocking = nonBlocking;
        return 0;
    }

    /// <summary>Reads O_NONBLOCK.</summary>
    public int GetNonBlocking(nint descriptor, out bool nonBlocking)
    {
        nonBlocking = TryFind(descriptor, out StackSocket? socket) && socket.IsNonBlocking;
        return socket is null ? (int)SocketErrno.BadDescriptor : 0;
    }

    /// <summary>Gives a socket its local address.</summary>
    public int Bind(nint descriptor, ReadOnlySpan<byte> address) =>
        (int)(TryFind(descriptor, out StackSocket? socket) ? socket.Bind(address) : SocketErrno.BadDescriptor);

    /// <summary>Listens.</summary>
    public int Listen(nint descriptor, int backlog) =>
        (int)(TryFind(descriptor, out StackSocket? socket) ? socket.Listen(backlog) : SocketErrno.BadDescriptor);

    /// <summary>Accepts a connection, and writes the peer's address.</summary>
    public int Accept(nint descriptor, Span<byte> address, out int addressLength, out nint accepted)
    {
        accepted = -1;
        addressLength = 0;
        if (!TryFind(descriptor, out StackSocket? listener))
            return (int)SocketErrno.BadDescriptor;
        SocketErrno status = listener.Accept(out StackSocket? socket);
        if (status != SocketErrno.None || socket is null)
            return (int)status;
        socket.WriteRemote(address, out addressLength);
        if (_table.TryAdd(socket, out accepted))
            return 0;
        socket.Close();
        return (int)SocketErrno.TooManyDescriptors;
    }

    /// <summary>Connects, or names the peer of datagrams; an address without a family dissolves that.</summary>
    public int Connect(nint descriptor, ReadOnlySpan<byte> address)
    {
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        if (SocketEndPoint.IsUnspecified(address))
            return (int)socket.Disconnect();
        return (int)socket.Connect(address);
    }

    /// <summary>Resets a connection, or dissolves the association of a datagram socket.</summary>
    public int Disconnect(nint descriptor) =>
        (int)(TryFind(descriptor, out StackSocket? socket) ? socket.Disconnect() : SocketErrno.BadDescriptor);

    /// <summary>Ends one direction, or both.</summary>
    public int Shutdown(nint descriptor, int direction)
    {
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        return (int)((ShutdownDirection)direction is >= ShutdownDirection.Receive and <= ShutdownDirection.Both
            ? socket.Shutdown((ShutdownDirection)direction)
            : SocketErrno.InvalidArgument);
    }

    /// <summary>The local address.</summary>
    public int GetLocalAddress(nint descriptor, Span<byte> address, out int addressLength)
    {
        addressLength = 0;
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        addressLength = socket.WriteLocal(address);
        return 0;
    }

    /// <summary>The peer's address.</summary>
    public int GetRemoteAddress(nint descriptor, Span<byte> address, out int addressLength)
    {
        addressLength = 0;
        if (!TryFind(descriptor, out StackSocket? socket))
            return (int)SocketErrno.BadDescriptor;
        return (int)socket.WriteRemote(address, out addressLength);
    }

    private bool TryFind(nint descriptor, [NotNullWhen(true)] out StackSocket? socket) => (socket = _table.Find<StackSocket>(descriptor)) is not null;
}
