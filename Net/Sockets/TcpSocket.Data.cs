// man 2 send, recv, shutdown, close; RFC 9293 3.10.2 to 3.10.5 beneath.
using Troupe.Net.Contracts;

namespace Troupe.Net.Sockets;

internal sealed partial class TcpSocket
{
    private TcpConnection? _connection;
    private SocketByteStream? _stream;
    private bool _receiveShutDown;

    public override SocketErrno Send(ReadOnlySpan<byte> data, SocketEndPoint? destination, MessageFlags flags, out int sent)
    {
        sent = 0;
        // Urgent data is not sent (RFC 6093 4 asks applications not to).
        if ((flags & ~(MessageFlags.DoNotRoute | MessageFlags.DoNotWait)) != 0)
            return SocketErrno.NotSupported;
        using BlockingCall call = new(this, SendTimeout);
        while (true)
        {
            lock (Gate)
            {
                do
                {
                    SocketErrno status = TrySend(data[sent..], out int taken);
                    sent += taken;
                    if (status is not (SocketErrno.None or SocketErrno.Again))
                        return sent > 0 ? SocketErrno.None : status;
                    if (sent == data.Length)
                        return SocketErrno.None;
                    if (IsNonBlocking || (flags & MessageFlags.DoNotWait) != 0)
                        return sent > 0 ? SocketErrno.None : SocketErrno.Again;
                }
                while (!call.IsAnnounced());
            }

            if (!call.Park())
                return sent > 0 ? SocketErrno.None : SocketErrno.Again;
        }
    }

    public override SocketErrno Receive(Span<byte> buffer, MessageFlags flags, out int received)
    {
        received = 0;
        SocketErrno refused = CheckStreamFlags(flags);
        if (refused != SocketErrno.None)
            return refused;
        using BlockingCall call = new(this, ReceiveTimeout);
        while (true)
        {
            lock (Gate)
            {
                SocketErrno status;
                do
                {
                    status = TryReceive(buffer, 0, flags, out received);
                    if (status != SocketErrno.Again || IsNonBlocking || (flags & MessageFlags.DoNotWait) != 0)
                        return status;
                }
                while (!call.IsAnnounced());
            }

            if (!call.Park())
                return SocketErrno.Again;
        }
    }

    public override SocketErrno Receive(ReadOnlySpan<Memory<byte>> parts, MessageFlags flags, out ReceivedMessage message)
    {
        message = default;
        int first = 0;
        while (first < parts.Length - 1 && parts[first].IsEmpty)
            first++;
        SocketErrno status = Receive(parts.IsEmpty ? [] : parts[first].Span, flags, out int received);
        if (status != SocketErrno.None)
            return status;
        long octets = received;
        bool peek = (flags & MessageFlags.Peek) != 0;
        lock (Gate)
        {
            for (int index = first + 1; index < parts.Length && octets > 0; index++)
            {
                if (received < parts[index - 1].Length)
                    break;
                if (TryReceive(parts[index].Span, peek ? octets : 0, flags, out received) != SocketErrno.None)
                    break;
                octets += received;
            }
        }

        message = new(octets, MessageFlags.None, null, null);
        return SocketErrno.None;
    }

    public override int Available()
    {
        lock (Gate)
            return _stream is null ? 0 : (int)Math.Min(_stream.Unread, int.MaxValue);
    }

    // The gate is held.
    private SocketErrno TrySend(ReadOnlySpan<byte> data, out int sent)
    {
        sent = 0;
        if (IsClosed)
            return SocketErrno.BadDescriptor;
        if (Error != SocketErrno.None)
            return TakeErrorHeld(default);
        if (_stream is null)
            return _connecting ? SocketErrno.Again : SocketErrno.BrokenPipe;
        return _stream.TrySend(data, out sent);
    }

    // The gate is held.
    private SocketErrno TryReceive(Span<byte> buffer, long skip, MessageFlags flags, out int received)
    {
        received = 0;
        if (IsClosed)
            return SocketErrno.BadDescriptor;
        if (_stream is null)
        {
            if (Error != SocketErrno.None)
                return TakeErrorHeld(default);
            return _connecting ? SocketErrno.Again : _hadConnection ? SocketErrno.None : SocketErrno.NotConnected;
        }

        SocketErrno status = _stream.TryReceive(buffer, skip, (flags & MessageFlags.Peek) != 0, out received);
        if (received > 0)
            return SocketErrno.None;
        if (Error != SocketErrno.None)
            return TakeErrorHeld(default);
        // A stream whose receiving half is shut down has ended for this side; a read of nothing never waits.
        return status == SocketErrno.Again && (_receiveShutDown || buffer.IsEmpty) ? SocketErrno.None : status;
    }

    // The gate is held.
    private void ShutDownStream(ShutdownDirection direction)
    {
        SocketEvents events = SocketEvents.None;
        if (direction != ShutdownDirection.Send)
        {
            _receiveShutDown = true;
            events |= SocketEvents.Read | SocketEvents.ReadClose;
        }

        if (direction != ShutdownDirection.Receive)
        {
            _stream!.EndOutput();
            events |= SocketEvents.Write;
        }

        if (_stream!.IsOutputEnded && (_receiveShutDown || _stream.IsInputEnded))
            events |= SocketEvents.Close;
        Raise(events);
    }

    private SocketEvents ConnectedLevel(SocketByteStream stream)
    {
        SocketEvents events = SocketEvents.None;
        bool unread = stream.Unread > 0;
        bool ended = stream.IsInputEnded || _receiveShutDown;
        if (unread || ended)
            events |= SocketEvents.Read;
        if (ended)
            events |= SocketEvents.ReadClose;
        if (stream.IsWritable)
            events |= SocketEvents.Write;
        if (ended && stream.IsOutputEnded)
            events |= SocketEvents.Close;
        if (stream.IsFailed)
            events |= SocketEvents.Read | SocketEvents.ReadClose | SocketEvents.Write | SocketEvents.Close;
        return Error != SocketErrno.None ? events | SocketEvents.Error : events;
    }

    private void EndConnection()
    {
        TcpConnection? connection;
        bool waits;
        lock (Gate)
        {
            connection = _connection;
            bool abort = Options is { Lingers: true, LingerSeconds: 0 };
            _stream?.Close(abort);
            waits = Options is { Lingers: true, LingerSeconds: > 0 } && !IsNonBlocking;
        }

        // man 7 socket, SO_LINGER: close waits until what was sent has arrived.
        if (connection is not null && waits)
            connection.Completion.Wait(TimeSpan.FromSeconds(Options.LingerSeconds));
    }
}
