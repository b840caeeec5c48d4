using Troupe.Net.Wire;

namespace Troupe.Net.Sockets;

/// <summary>
/// What all sockets have: a gate, options, waiting threads and a place at an event port. The gate guards everything below that is not said to be fixed;
/// a connection's actor takes it for moments in its turns, so nothing waits or asks while holding it.
/// </summary>
internal abstract class StackSocket(SocketNetwork network, SocketFamily family, SocketKind kind)
{
    private List<SocketWaiter>? _waiters;
    private SocketEventPort.Registration? _registration;

    public object Gate { get; } = new();

    public SocketNetwork Network { get; } = network;

    public SocketFamily Family { get; } = family;

    public SocketKind Kind { get; } = kind;

    public abstract SocketProtocol Protocol { get; }

    public SocketOptions Options { get; } = new();

    /// <summary>O_NONBLOCK. Read by calls that go on anyway when it changes meanwhile.</summary>
    public bool IsNonBlocking { get; set; }

    public int ReceiveTimeout { get; set; }

    public int SendTimeout { get; set; }

    public bool IsClosed { get; private set; }

    /// <summary>SO_ERROR: told once.</summary>
    public SocketErrno Error { get; protected set; }

    public bool IsBound { get; protected set; }

    public virtual bool IsListening => false;

    /// <summary>An option has another value now. The gate is held.</summary>
    public virtual void OnOptionChanged()
    {
    }

    public abstract SocketErrno Bind(ReadOnlySpan<byte> address);

    public abstract SocketErrno Connect(ReadOnlySpan<byte> address);

    public abstract SocketErrno Disconnect();

    /// <summary>Writes the own address as far as there is room, and answers with its whole length.</summary>
    public abstract int WriteLocal(Span<byte> address);

    /// <summary>Writes the peer's address as far as there is room.</summary>
    public abstract SocketErrno WriteRemote(Span<byte> address, out int length);

    /// <summary>Of a stream: one part after another, until one is not taken whole.</summary>
    public virtual SocketErrno Send(ReadOnlySpan<ReadOnlyMemory<byte>> parts, SocketEndPoint? destination, MessageFlags flags, out long sent)
    {
        sent = 0;
        if (parts.IsEmpty)
            return Send(ReadOnlySpan<byte>.Empty, destination, flags, out int _);
        foreach (ReadOnlyMemory<byte> part in parts)
        {
            if (part.IsEmpty && parts.Length > 1)
                continue;
            SocketErrno status = Send(part.Span, destination, flags, out int taken);
            sent += taken;
            if (status != SocketErrno.None)
                return sent > 0 ? SocketErrno.None : status;
            if (taken < part.Length)
                break;
        }

        return SocketErrno.None;
    }

    public abstract SocketErrno Send(ReadOnlySpan<byte> data, SocketEndPoint? destination, MessageFlags flags, out int sent);

    public abstract SocketErrno Receive(Span<byte> buffer, MessageFlags flags, out int received);

    public abstract SocketErrno Receive(ReadOnlySpan<Memory<byte>> parts, MessageFlags flags, out ReceivedMessage message);

    public abstract SocketErrno Shutdown(ShutdownDirection direction);

    /// <summary>Octets that a receive would get.</summary>
    public abstract int Available();

    /// <summary>What is so now. The gate is held.</summary>
    public abstract SocketEvents Level();

    /// <summary>Ends the socket; its descriptor is free already. The gate is not held.</summary>
    protected abstract void End();

    public virtual SocketErrno Listen(int backlog) => SocketErrno.NotSupported;

    public virtual SocketErrno Accept(out StackSocket? accepted)
    {
        accepted = null;
        return SocketErrno.NotSupported;
    }

    /// <summary>Joins a group on the interface of an own address or of a number; with neither, on the link.</summary>
    public virtual SocketErrno JoinGroup(IpAddress group, IpAddress local, int interfaceIndex) => SocketErrno.ProtocolError;

    /// <summary>Leaves a group that was joined.</summary>
    public virtual SocketErrno LeaveGroup(IpAddress group, IpAddress local, int interfaceIndex) => SocketErrno.ProtocolError;

    /// <summary>Chooses the interface on which datagrams to groups are sent.</summary>
    public virtual SocketErrno SetGroupInterface(bool ipv6, Ipv4Address local, int interfaceIndex) =>
        ipv6 ? SocketErrno.NoProtocolOption : SocketErrno.InvalidArgument;

    public void Close()
    {
        lock (Gate)
        {
            if (IsClosed)
                return;
            IsClosed = true;
            _registration?.Remove();
            _registration = null;
            WakeWaiters();
        }

        End();
    }

    public SocketErrno TakeError()
    {
        lock (Gate)
        {
            SocketErrno error = Error;
            Error = SocketErrno.None;
            return error;
        }
    }

    /// <summary>Registers the socket with an event port, which hears at once what is so already; null takes it off.</summary>
    public void Register(SocketEventPort? port, nint data)
    {
        lock (Gate)
        {
            _registration?.Remove();
            _registration = port?.Register(data);
            _registration?.Raise(Level());
        }
    }

    /// <summary>The gate is held.</summary>
    public void AddWaiter(SocketWaiter waiter) => (_waiters ??= []).Add(waiter);

    /// <summary>The gate is held.</summary>
    public void RemoveWaiter(SocketWaiter waiter) => _waiters?.Remove(waiter);

    /// <summary>Tells the event port and wakes blocked calls. The gate is held.</summary>
    public void Raise(SocketEvents events)
    {
        WakeWaiters();
        _registration?.Raise(events);
    }

    private void WakeWaiters()
    {
        if (_waiters is null)
            return;
        foreach (SocketWaiter waiter in _waiters)
            waiter.Wake();
    }

    /// <summary>What a stream can be told when it is to receive.</summary>
    protected static SocketErrno CheckStreamFlags(MessageFlags flags)
    {
        if ((flags & MessageFlags.OutOfBand) != 0)
            return SocketErrno.InvalidArgument;
        return (flags & ~(MessageFlags.Peek | MessageFlags.DoNotRoute | MessageFlags.DoNotWait | MessageFlags.Truncated)) != 0
            ? SocketErrno.NotSupported
            : SocketErrno.None;
    }
}

/// <summary>What a receive answers besides the octets.</summary>
internal readonly record struct ReceivedMessage(long Octets, MessageFlags Flags, SocketEndPoint? Source, SocketEndPoint? Destination, int Interface = 0);
