// man 2 bind, listen, accept, shutdown, close; man 7 tcp.
using Troupe.Net.Contracts;

namespace Troupe.Net.Sockets;

/// <summary>A stream socket of TCP: a listener, or one end of a connection. The parts: .Connect, .Data.</summary>
internal sealed partial class TcpSocket(SocketNetwork network, PortTable ports, SocketFamily family) : InternetSocket(network, ports, family, SocketKind.Stream)
{
    private TcpListener? _listener;
    private bool _listening;
    private bool _listenerEnded;

    public override SocketProtocol Protocol => SocketProtocol.Tcp;

    public override bool IsListening => Volatile.Read(ref _listening);

    protected override SocketErrno Bind(SocketEndPoint local)
    {
        lock (Gate)
        {
            if (IsBound || _stream is not null)
                return SocketErrno.InvalidArgument;
            // man 7 ipv6: a connection has no group at an end.
            if (!local.IsIpv4 && local.Ip.IsMulticast)
                return SocketErrno.InvalidArgument;
            SocketErrno refused = CheckLocal(local);
            return refused != SocketErrno.None ? refused : TakePort(local);
        }
    }

    public override SocketErrno Listen(int backlog)
    {
        IpEndPoint local;
        lock (Gate)
        {
            // The backlog of a listener is fixed once it listens.
            if (_listener is not null)
                return SocketErrno.None;
            if (_connecting || _stream is not null)
                return SocketErrno.InvalidArgument;
            if (!IsBound)
            {
                SocketErrno refused = TakePort(AnyOfFamily);
                if (refused != SocketErrno.None)
                    return refused;
            }

            if (!Ports.MayListen(this))
                return SocketErrno.AddressInUse;
            Volatile.Write(ref _listening, true);
            local = Local.ToIp();
        }

        TcpApplicationOptions options = new() { Scheduler = System.IO.Pipelines.PipeScheduler.Inline, Arrived = OnArrived, CreateException = static _ => null };
        TcpListener? listener = Answer(Network.Tcp.AskAsync<TcpListener?>(reply => TcpMessage.Listen(new(local, options, reply) { Backlog = backlog < 0 ? null : Math.Max(backlog, 1), IsIpv6Only = !TakesIpv4 })));
        lock (Gate)
        {
            if (listener is null)
            {
                Volatile.Write(ref _listening, false);
                return SocketErrno.AddressInUse;
            }

            _listener = listener;
            if (!IsClosed)
                return SocketErrno.None;
        }

        EndListener();
        return SocketErrno.BadDescriptor;
    }

    public override SocketErrno Accept(out StackSocket? accepted)
    {
        using BlockingCall call = new(this, ReceiveTimeout);
        while (true)
        {
            lock (Gate)
            {
                SocketErrno status;
                do
                {
                    status = TryAccept(out accepted);
                    if (status != SocketErrno.Again || IsNonBlocking)
                        return status;
                }
                while (!call.IsAnnounced());
            }

            if (!call.Park())
                return SocketErrno.Again;
        }
    }

    public override SocketErrno Shutdown(ShutdownDirection direction)
    {
        lock (Gate)
        {
            if (IsListening && direction != ShutdownDirection.Send)
            {
                _listenerEnded = true;
                Volatile.Write(ref _listening, false);
                Raise(SocketEvents.Read | SocketEvents.ReadClose | SocketEvents.Close);
            }
            else if (_stream is null)
            {
                return SocketErrno.NotConnected;
            }
            else
            {
                ShutDownStream(direction);
                return SocketErrno.None;
            }
        }

        EndListener();
        return SocketErrno.None;
    }

    public override SocketEvents Level()
    {
        if (IsListening)
            return _listener is { HasArrived: true } ? SocketEvents.Read : SocketEvents.None;
        if (_listenerEnded)
            return SocketEvents.Read | SocketEvents.Close;
        return _stream is null ? UnconnectedLevel() : ConnectedLevel(_stream);
    }

    protected override void End()
    {
        base.End();
        EndListener();
        EndConnection();
    }

    // The gate is held.
    private SocketErrno TryAccept(out StackSocket? accepted)
    {
        accepted = null;
        if (IsClosed)
            return SocketErrno.BadDescriptor;
        if (!IsListening || _listener is null)
            return SocketErrno.InvalidArgument;
        if (!_listener.TryAccept(out TcpConnection? connection))
            return SocketErrno.Again;
        TcpSocket socket = new(Network, Ports, Family);
        socket.Options.Inherit(Options);
        socket.Establish(connection);
        accepted = socket;
        return SocketErrno.None;
    }

    private void OnArrived()
    {
        lock (Gate)
            Raise(SocketEvents.Read);
    }

    private void EndListener()
    {
        TcpListener? listener;
        lock (Gate)
        {
            listener = _listener;
            _listener = null;
            Volatile.Write(ref _listening, false);
        }

        // Told before this returns, or when the layer has room: nobody listens on the port after whoever binds it next.
        if (listener is not null)
            _ = listener.DisposeAsync().AsTask();
    }

    private static T Answer<T>(ValueTask<T> asked) => asked.IsCompletedSuccessfully ? asked.Result : asked.AsTask().GetAwaiter().GetResult();
}
