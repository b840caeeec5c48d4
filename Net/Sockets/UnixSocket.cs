// man 7 unix; man 2 bind, listen, accept, connect: stream sockets within this host. The part .Data sends and receives.
namespace Troupe.Net.Sockets;

/// <summary>
/// A Unix domain socket of streams. A name, be it a path or abstract, is a key of the table and nothing in a file system; it is free again when its socket closes.
/// A socket never holds its own gate while it takes another's.
/// </summary>
internal sealed partial class UnixSocket(SocketNetwork network, UnixNameTable names) : StackSocket(network, SocketFamily.Unix, SocketKind.Stream)
{
    // man 2 listen: net.core.somaxconn.
    private const int LongestBacklog = 4096;

    private UnixName _name = UnixName.None;
    private UnixName _peerName = UnixName.None;
    private UnixSocket? _peer;
    private UnixByteQueue? _input;
    private UnixByteQueue? _output;
    private Queue<UnixSocket>? _arrived;
    private readonly List<UnixSocket> _connecting = [];
    private int _backlog;
    private bool _receiveShutDown;
    private bool _sendShutDown;

    public override SocketProtocol Protocol => SocketProtocol.Unspecified;

    public override bool IsListening => Volatile.Read(ref _arrived) is not null;

    public override SocketErrno Bind(ReadOnlySpan<byte> address)
    {
        SocketErrno status = UnixName.TryRead(address, out UnixName name);
        if (status != SocketErrno.None)
            return status;
        lock (Gate)
        {
            // Linux picks an abstract name for who gives none; the class library never does.
            if (IsBound || name.IsNone)
                return SocketErrno.InvalidArgument;
            if (!names.TryAdd(name, this))
                return SocketErrno.AddressInUse;
            _name = name;
            IsBound = true;
            return SocketErrno.None;
        }
    }

    public override SocketErrno Listen(int backlog)
    {
        lock (Gate)
        {
            if (!IsBound || _peer is not null)
                return SocketErrno.InvalidArgument;
            _backlog = backlog < 0 ? LongestBacklog : Math.Min(backlog, LongestBacklog);
            if (_arrived is null)
                Volatile.Write(ref _arrived, new());
            return SocketErrno.None;
        }
    }

    public override SocketErrno Accept(out StackSocket? accepted)
    {
        accepted = null;
        UnixSocket[] waiting = [];
        using BlockingCall call = new(this, ReceiveTimeout);
        while (accepted is null)
        {
            lock (Gate)
            {
                do
                {
                    if (IsClosed)
                        return SocketErrno.BadDescriptor;
                    if (_arrived is null || _receiveShutDown)
                        return SocketErrno.InvalidArgument;
                    if (_arrived.TryDequeue(out UnixSocket? arrived))
                    {
                        accepted = arrived;
                        waiting = [.. _connecting];
                        _connecting.Clear();
                        break;
                    }

                    if (IsNonBlocking)
                        return SocketErrno.Again;
                }
                while (!call.IsAnnounced());
            }

            if (accepted is null && !call.Park())
                return SocketErrno.Again;
        }

        foreach (UnixSocket socket in waiting)
            socket.Notify(SocketEvents.Write);
        return SocketErrno.None;
    }

    public override SocketErrno Connect(ReadOnlySpan<byte> address)
    {
        SocketErrno status = UnixName.TryRead(address, out UnixName name);
        if (status != SocketErrno.None)
            return status;
        using BlockingCall call = new(this, SendTimeout);
        while (true)
        {
            lock (Gate)
            {
                if (IsClosed)
                    return SocketErrno.BadDescriptor;
                if (IsListening)
                    return SocketErrno.InvalidArgument;
                if (_peer is not null)
                    return SocketErrno.IsConnected;
            }

            if (!names.TryFind(name, out UnixSocket? listener))
                return name.IsAbstract ? SocketErrno.ConnectionRefused : name.IsNone ? SocketErrno.InvalidArgument : SocketErrno.NoEntry;
            UnixSocket server = new(Network, names);
            status = listener.Offer(server, this, _name);
            if (status == SocketErrno.None)
            {
                Establish(server, name, server._output!, server._input!);
                listener.Notify(SocketEvents.Read);
                return SocketErrno.None;
            }

            if (status != SocketErrno.Again || IsNonBlocking)
                return status;
            lock (Gate)
            {
                // Announced before the next look: an accept between that look and the sleep leaves a permit.
                if (!call.IsAnnounced())
                    continue;
            }

            if (!call.Park())
                return SocketErrno.Again;
        }
    }

    // As Linux's connect to no family fails for these sockets, the class library's face shuts both directions down.
    public override SocketErrno Disconnect() => Shutdown(ShutdownDirection.Both);

    public override int WriteLocal(Span<byte> address)
    {
        lock (Gate)
            return _name.Write(address);
    }

    public override SocketErrno WriteRemote(Span<byte> address, out int length)
    {
        lock (Gate)
        {
            length = 0;
            if (_peer is null)
                return SocketErrno.NotConnected;
            length = _peerName.Write(address);
            return SocketErrno.None;
        }
    }

    public override SocketErrno Shutdown(ShutdownDirection direction)
    {
        UnixSocket? peer;
        lock (Gate)
        {
            _receiveShutDown |= direction != ShutdownDirection.Send;
            _sendShutDown |= direction != ShutdownDirection.Receive;
            peer = _peer;
            if (direction != ShutdownDirection.Receive)
                _output?.EndWriting();
            Raise(Level());
        }

        // What one end does not receive any more, the other does not send.
        peer?.PeerShutDown(receives: direction != ShutdownDirection.Send);
        return SocketErrno.None;
    }

    public override SocketEvents Level()
    {
        if (_arrived is not null)
            return _receiveShutDown ? SocketEvents.Read | SocketEvents.ReadClose | SocketEvents.Close : _arrived.Count > 0 ? SocketEvents.Read : SocketEvents.None;
        if (_input is null || _output is null)
            return SocketEvents.Write | SocketEvents.Close;
        SocketEvents events = _output.HasRoom || _output.IsBroken ? SocketEvents.Write : SocketEvents.None;
        bool ended = _receiveShutDown || _input.HasEnded;
        if (_input.Count > 0 || ended)
            events |= SocketEvents.Read;
        if (ended)
            events |= SocketEvents.ReadClose;
        if (ended && (_sendShutDown || _output.IsBroken))
            events |= SocketEvents.Close;
        return Error != SocketErrno.None ? events | SocketEvents.Error | SocketEvents.Read : events;
    }

    protected override void End()
    {
        Queue<UnixSocket>? arrived;
        UnixSocket[] waiting;
        UnixSocket? peer;
        bool lost;
        lock (Gate)
        {
            if (IsBound)
                names.Remove(_name);
            arrived = _arrived;
            Volatile.Write(ref _arrived, null);
            waiting = [.. _connecting];
            _connecting.Clear();
            peer = _peer;
            lost = _input?.EndReading() == true;
            _output?.EndWriting();
        }

        // Who waits to connect finds nobody there; who was never accepted is reset.
        foreach (UnixSocket socket in waiting)
            socket.Notify(SocketEvents.Write);
        while (arrived is not null && arrived.TryDequeue(out UnixSocket? never))
        {
            never._peer?.Fail(SocketErrno.ConnectionReset);
            never.Close();
        }

        if (lost)
            peer?.Fail(SocketErrno.ConnectionReset);
        peer?.PeerShutDown(receives: true);
    }

    // A server's end for a client, if it may wait; called on the listener.
    private SocketErrno Offer(UnixSocket server, UnixSocket client, UnixName clientName)
    {
        lock (Gate)
        {
            if (_arrived is null || _receiveShutDown || IsClosed)
                return SocketErrno.ConnectionRefused;
            if (_arrived.Count > _backlog)
            {
                if (!_connecting.Contains(client))
                    _connecting.Add(client);
                return SocketErrno.Again;
            }

            server.Options.Inherit(Options);
            server._name = _name;
            server.Establish(client, clientName, new(), new());
            _arrived.Enqueue(server);
            return SocketErrno.None;
        }
    }

    private void Establish(UnixSocket peer, UnixName peerName, UnixByteQueue input, UnixByteQueue output)
    {
        // A server's end is nobody else's yet when its listener holds its own gate.
        lock (Gate)
        {
            _peer = peer;
            _peerName = peerName;
            _input = input;
            _output = output;
            Raise(Level());
        }
    }

    // Takes the gate: the caller holds none.
    private void Notify(SocketEvents events)
    {
        lock (Gate)
            Raise(events);
    }

    private void PeerShutDown(bool receives)
    {
        lock (Gate)
        {
            _sendShutDown |= receives;
            Raise(Level());
        }
    }

    private void Fail(SocketErrno error)
    {
        lock (Gate)
        {
            Error = error;
            Raise(Level());
        }
    }
}
