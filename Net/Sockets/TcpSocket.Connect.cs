// man 2 connect: EINPROGRESS, EALREADY, EISCONN; man 7 socket, SO_ERROR.
using System.IO.Pipelines;
using Troupe.Actors;
using Troupe.Net.Contracts;

namespace Troupe.Net.Sockets;

internal sealed partial class TcpSocket
{
    // Longer than the SYN's retransmissions take: they decide.
    private static readonly TimeSpan _longestHandshake = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan _addressPoll = TimeSpan.FromMilliseconds(50);

    private bool _connecting;
    private bool _hadConnection;
    private int _attempt;
    private SocketEndPoint _remote;

    protected override SocketErrno Connect(SocketEndPoint remote)
    {
        int attempt;
        lock (Gate)
        {
            if (IsListening || _stream is { IsFailed: false })
                return SocketErrno.IsConnected;
            if (_connecting)
                return SocketErrno.Already;
            SocketErrno refused = CheckRemote(ref remote);
            if (refused == SocketErrno.None)
                refused = CheckScope(remote);
            if (refused != SocketErrno.None)
                return refused;
            // What is not one host's address has no connection (RFC 1122 4.2.3.10).
            if (!remote.Ip.IsUnicast && !remote.Ip.IsLoopback)
                return SocketErrno.NetworkUnreachable;
            _stream = null;
            _connection = null;
            Error = SocketErrno.None;
            _remote = remote;
            _connecting = true;
            attempt = ++_attempt;
        }

        _ = ConnectAsync(remote, attempt);
        // Even if it is over already, as on Linux: the event and SO_ERROR tell.
        if (IsNonBlocking)
            return SocketErrno.InProgress;
        using BlockingCall call = new(this, SendTimeout);
        while (true)
        {
            lock (Gate)
            {
                do
                {
                    if (IsClosed)
                        return SocketErrno.BadDescriptor;
                    if (!_connecting)
                        return _stream is null ? TakeErrorHeld(SocketErrno.ConnectionAborted) : SocketErrno.None;
                }
                while (!call.IsAnnounced());
            }

            if (!call.Park())
                return SocketErrno.InProgress;
        }
    }

    protected override SocketErrno TryGetRemote(out SocketEndPoint remote)
    {
        lock (Gate)
        {
            remote = _remote;
            return _stream is { IsFailed: false } ? SocketErrno.None : SocketErrno.NotConnected;
        }
    }

    public override SocketErrno Disconnect()
    {
        SocketByteStream? stream;
        // A listener stops listening, and whoever waits there returns.
        if (IsListening)
            return Shutdown(ShutdownDirection.Both);
        lock (Gate)
        {
            stream = _stream;
            _stream = null;
            _connection = null;
            _connecting = false;
            _attempt++;
            stream?.Close(abort: true);
            Raise(SocketEvents.Read | SocketEvents.Write | SocketEvents.Close);
        }

        return SocketErrno.None;
    }

    private async Task ConnectAsync(SocketEndPoint remote, int attempt)
    {
        SocketErrno error;
        TcpConnection? connection = null;
        try
        {
            error = await ReachableAsync(remote).ConfigureAwait(false);
            if (error == SocketErrno.None)
            {
                TcpApplicationOptions options = new() { Scheduler = PipeScheduler.Inline, CreateException = static _ => null };
                IpEndPoint local = IsBound ? Local.ToIp() : default;
                connection = await Network.Tcp.AskAsync<TcpConnection>(
                    reply => TcpMessage.Connect(new(remote.ToIp() with { Scope = (uint)remote.Interface }, options, reply) { Local = local }), _longestHandshake).ConfigureAwait(false);
            }
        }
        catch (AskFailedException exception)
        {
            error = exception.InnerException is TcpConnectionException { Reason: var reason } ? SocketByteStream.ErrorOf(reason) : SocketErrno.NetworkDown;
        }
        catch (TcpConnectionException exception)
        {
            error = SocketByteStream.ErrorOf(exception.Reason);
        }
        catch (AskTimeoutException)
        {
            error = SocketErrno.TimedOut;
        }

        lock (Gate)
        {
            if (!IsClosed && attempt == _attempt)
            {
                _connecting = false;
                if (connection is not null)
                    Establish(connection);
                else
                    Error = error;
                Raise(connection is not null ? SocketEvents.Write : SocketEvents.Read | SocketEvents.Write | SocketEvents.Error | SocketEvents.Close);
                return;
            }
        }

        connection?.Abort();
    }

    // A program that connects as its first act need not wait for DHCP or for a router by itself.
    private async ValueTask<SocketErrno> ReachableAsync(SocketEndPoint remote)
    {
        while (true)
        {
            // Before the look at the route: with an address that comes between the two, that there is no way would be old news.
            bool decides = Network.Time.GetElapsedTime(Network.Began) >= Network.ConfigurationTimeout || (remote.IsIpv4 && Network.Internet.HasIpv4);
            SocketErrno status = CheckRoute(remote);
            // RFC 9293 3.9.2.3: nobody connects to a broadcast address, allowed or not.
            if (status == SocketErrno.AccessDenied)
                return SocketErrno.NetworkUnreachable;
            if (status == SocketErrno.None || decides)
                return status;
            await Task.Delay(_addressPoll, Network.Time).ConfigureAwait(false);
        }
    }

    // The gate is held, or nobody else knows the socket yet.
    private void Establish(TcpConnection connection)
    {
        _connection = connection;
        _stream = new(this, connection, OnFailed);
        _hadConnection = true;
        int interfaceIndex = Network.Internet.IndexOf(connection.Key.Local.Address);
        Local = SocketEndPoint.From(connection.Key.Local, interfaceIndex);
        _remote = SocketEndPoint.From(connection.Key.Remote, interfaceIndex);
        OnOptionChanged();
        _ = WatchAsync(connection, _stream);
    }

    private async Task WatchAsync(TcpConnection connection, SocketByteStream stream)
    {
        TcpCloseReason reason = await connection.Completion.ConfigureAwait(false);
        lock (Gate)
        {
            stream.ConnectionEnded();
            if (IsClosed || _stream != stream)
                return;
            if (reason != TcpCloseReason.Closed)
                stream.Fail(SocketByteStream.ErrorOf(reason));
            else
                Raise(SocketEvents.Read | SocketEvents.ReadClose | SocketEvents.Close);
        }
    }

    private void OnFailed(SocketErrno error)
    {
        Error = error;
        Raise(SocketEvents.Read | SocketEvents.Write | SocketEvents.ReadClose | SocketEvents.Error | SocketEvents.Close);
    }

    private SocketErrno TakeErrorHeld(SocketErrno otherwise)
    {
        SocketErrno error = Error == SocketErrno.None ? otherwise : Error;
        Error = SocketErrno.None;
        return error;
    }

    private SocketEvents UnconnectedLevel()
    {
        if (_connecting)
            return SocketEvents.None;
        SocketEvents events = SocketEvents.Write | SocketEvents.Close;
        if (Error != SocketErrno.None)
            events |= SocketEvents.Error | SocketEvents.Read;
        return _hadConnection ? events | SocketEvents.Read | SocketEvents.ReadClose : events;
    }
}
