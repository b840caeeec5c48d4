namespace Troupe.Net.Sockets;

/// <summary>
/// What all sockets have: a gate, options, waiting threads and a place at an event port. The gate guards everything below that is not said to be fixed;
/// a connection's actor takes it for moments in its turns, so nothing waits or asks while holding it.
/// </summary>
internal abstract class StackSocket(SocketNetwork network, PortTable ports, SocketFamily family, SocketKind kind)
{
    private List<SocketWaiter>? _waiters;
    private SocketEventPort.Registration? _registration;

    public Lock Gate { get; } = new();

    public SocketNetwork Network { get; } = network;

    public PortTable Ports { get; } = ports;

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

    public SocketEndPoint Local { get; protected set; }

    public bool IsBound { get; protected set; }

    public virtual bool IsListening => false;

    /// <summary>Whether IPv4 peers are reached: not with IPV6_V6ONLY.</summary>
    public bool TakesIpv4 => Family == SocketFamily.Internet || !Options.IsIpv6Only;

    /// <summary>An option has another value now. The gate is held.</summary>
    public virtual void OnOptionChanged()
    {
    }

    public abstract SocketErrno Bind(SocketEndPoint local);

    public abstract SocketErrno Connect(SocketEndPoint remote);

    public abstract SocketErrno Disconnect();

    public abstract SocketErrno Send(ReadOnlySpan<ReadOnlyMemory<byte>> parts, SocketEndPoint? destination, MessageFlags flags, out long sent);

    public abstract SocketErrno Send(ReadOnlySpan<byte> data, SocketEndPoint? destination, MessageFlags flags, out int sent);

    public abstract SocketErrno Receive(Span<byte> buffer, MessageFlags flags, out int received);

    public abstract SocketErrno Receive(ReadOnlySpan<Memory<byte>> parts, MessageFlags flags, out ReceivedMessage message);

    public abstract SocketErrno Shutdown(ShutdownDirection direction);

    public abstract SocketErrno TryGetRemote(out SocketEndPoint remote);

    /// <summary>Octets that a receive would get.</summary>
    public abstract int Available();

    /// <summary>What is so now. The gate is held.</summary>
    public abstract SocketEvents Level();

    /// <summary>Ends the socket; its descriptor is free already. The gate is not held.</summary>
    protected abstract void End();

    public virtual SocketErrno Listen(int backlog) => SocketErrno.NotSupported;

    public virtual SocketErrno Accept(out TcpSocket? accepted)
    {
        accepted = null;
        return SocketErrno.NotSupported;
    }

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

        Ports.Release(this);
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

    /// <summary>Takes a port for a local end point, or any if it names none.</summary>
    protected SocketErrno TakePort(SocketEndPoint local)
    {
        SocketErrno refused = Ports.Take(this, local.Ipv4, local.Port, out ushort port);
        if (refused != SocketErrno.None)
            return refused;
        Local = local with { Port = port };
        IsBound = true;
        return SocketErrno.None;
    }

    /// <summary>Whether a local address may be bound, by its family; addresses of IPv6 are not on this stack yet.</summary>
    protected SocketErrno CheckLocal(SocketEndPoint local)
    {
        if (!local.IsIpv4)
            return local.IsAny && TakesIpv4 ? SocketErrno.None : SocketErrno.AddressNotAvailable;
        if (!TakesIpv4)
            return SocketErrno.InvalidArgument;
        return local.IsAny || local.Ipv4.IsLoopback || Network.Configuration()?.Address == local.Ipv4 ? SocketErrno.None : SocketErrno.AddressNotAvailable;
    }

    /// <summary>Whether a remote address can be reached by this family at all. "Any" stands for this host (RFC 1122 3.2.1.3 lets a host send to itself so).</summary>
    protected SocketErrno CheckRemote(ref SocketEndPoint remote)
    {
        if (remote.IsAny && TakesIpv4)
            remote = SocketEndPoint.From(Wire.Ipv4Address.From(127, 0, 0, 1), remote.Port);
        if (!remote.IsIpv4)
            return remote.IsLoopbackV6 ? SocketErrno.AddressNotAvailable : SocketErrno.NetworkUnreachable;
        return TakesIpv4 ? SocketErrno.None : SocketErrno.NetworkUnreachable;
    }

    private void WakeWaiters()
    {
        if (_waiters is null)
            return;
        foreach (SocketWaiter waiter in _waiters)
            waiter.Wake();
    }
}

/// <summary>What a receive answers besides the octets.</summary>
internal readonly record struct ReceivedMessage(long Octets, MessageFlags Flags, SocketEndPoint? Source, SocketEndPoint? Destination);
