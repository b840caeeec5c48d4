// man 2 bind, listen, accept, shutdown, close; man 7 tcp.
using Troupe.Net.Contracts;

namespace Troupe.Net.Sockets;

/// <summary>A stream socket of TCP: a listener, or one end of a connection. The parts: .Connect, .Data.</summary>
internal sealed partial class TcpSocket(SocketNetwork network, PortTable ports, SocketFamily family) : StackSocket(network, ports, family, SocketKind.Stream)
{
    private TcpListener? _listener;
    private bool _listening;
    private bool _listenerEnded;

    public override SocketProtocol Protocol => SocketProtocol.Tcp;

    public override bool IsListening => Volatile.Read(ref _listening);

    public override SocketErrno Bind(SocketEndPoint local)
    {
        lock (Gate)
        {
            if (IsBound || _stream is not null)
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
                SocketErrno refused = TakePort(Family == SocketFamily.Internet ? SocketEndPoint.AnyIpv4 : default);
                if (refused != SocketErrno.None)
                    return refused;
            }

            if (!Ports.MayListen(this))
                return SocketErrno.AddressInUse;
            Volatile.Write(ref _listening, true);
            local = Local.ToIp();
        }

        TcpApplicationOptions options = new() { Scheduler = System.IO.Pipelines.PipeScheduler.Inline, Arrived = OnArrived };
        TcpListener? listener = Answer(Network.Tcp.AskAsync<TcpListener?>(reply => TcpMessage.Listen(new(local, options, reply) { Backlog = backlog < 0 ? null : Math.Max(backlog, 1) })));
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

    public override SocketErrno Accept(out TcpSocket? accepted)
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
        EndListener();
        EndConnection();
    }

    // The gate is held.
    private SocketErrno TryAccept(out TcpSocket? accepted)
    {
        accepted = null;
        if (IsClosed)
            return SocketErrno.BadDescriptor;
        if (!IsListening || _listener is null)
            return SocketErrno.InvalidArgument;
        if (!_listener.TryAccept(out TcpConnection? connection))
            return SocketErrno.Again;
        accepted = new TcpSocket(Network, Ports, Family);
        accepted.Options.Inherit(Options);
        accepted.Establish(connection);
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
