// man 2 recvmsg: MSG_PEEK, MSG_TRUNC; man 7 udp.
using System.Buffers;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Sockets;

internal sealed partial class UdpSocket
{
    /// <summary>Datagrams dropped because the queue was full.</summary>
    public long Dropped { get; private set; }

    /// <summary>How well a datagram fits: 0 not at all, and more the more the socket has said about itself.</summary>
    public int Matches(IpEndPoint source, IpAddress destination)
    {
        lock (Gate)
        {
            if (IsClosed || (_remote is { } remote && remote.ToIp() != source) || !IsAddressedBy(destination))
                return 0;
            return 1 + (_remote is null ? 0 : 2) + (Local.IsAny ? 0 : 1);
        }
    }

    /// <summary>Copies a datagram into the queue; false when it is full.</summary>
    public bool TryDeliver(ReadOnlySpan<byte> payload, IpEndPoint source, IpEndPoint destination, int interfaceIndex)
    {
        lock (Gate)
        {
            int limit = Options.Get(SocketOptions.SocketLevel, SocketOptions.ReceiveBuffer) ?? Network.DatagramBuffer;
            // As on Linux, one datagram more than fits is taken, so that a small buffer is not none.
            if (IsClosed || _queued > limit)
            {
                Dropped++;
                return false;
            }

            byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Max(payload.Length, 1));
            payload.CopyTo(buffer);
            _queue.Enqueue(new(buffer, payload.Length, SocketEndPoint.From(source, interfaceIndex), SocketEndPoint.From(destination, interfaceIndex), interfaceIndex));
            _queued += payload.Length + Bookkeeping;
            Raise(SocketEvents.Read);
            return true;
        }
    }

    /// <summary>
    /// What the internet layer reports of a datagram from this socket. Only a connected socket is told, and only what is final (RFC 1122 4.1.3.3, man 7 udp).
    /// </summary>
    public void Fail(TransportError error)
    {
        SocketErrno told = error.Kind switch
        {
            TransportErrorKind.PortUnreachable => SocketErrno.ConnectionRefused,
            TransportErrorKind.Prohibited => SocketErrno.HostUnreachable,
            _ => SocketErrno.None,
        };
        lock (Gate)
        {
            if (told == SocketErrno.None || IsClosed || _remote?.ToIp() != error.Remote || !IsAddressedBy(error.Local.Address))
                return;
            Error = told;
            Raise(SocketEvents.Read | SocketEvents.Write | SocketEvents.Error);
        }
    }

    public override SocketErrno Receive(Span<byte> buffer, MessageFlags flags, out int received)
    {
        SocketErrno status = Take(flags, out Datagram datagram);
        received = 0;
        if (status != SocketErrno.None || datagram.Buffer is null)
            return status;
        received = Math.Min(buffer.Length, datagram.Length);
        datagram.Buffer.AsSpan(0, received).CopyTo(buffer);
        Release(datagram);
        return SocketErrno.None;
    }

    public override SocketErrno Receive(ReadOnlySpan<Memory<byte>> parts, MessageFlags flags, out ReceivedMessage message)
    {
        message = default;
        SocketErrno status = Take(flags, out Datagram datagram);
        if (status != SocketErrno.None || datagram.Buffer is null)
            return status;
        ReadOnlySpan<byte> rest = datagram.Buffer.AsSpan(0, datagram.Length);
        foreach (Memory<byte> part in parts)
        {
            int count = Math.Min(part.Length, rest.Length);
            rest[..count].CopyTo(part.Span);
            rest = rest[count..];
        }

        message = new(datagram.Length - rest.Length, rest.IsEmpty ? MessageFlags.None : MessageFlags.Truncated, datagram.Source, datagram.Destination, datagram.Interface);
        Release(datagram);
        return SocketErrno.None;
    }

    // None without a buffer: the receiving half is shut down. What is peeked at is copied, since another thread may take it.
    private SocketErrno Take(MessageFlags flags, out Datagram datagram)
    {
        datagram = default;
        if ((flags & ~(MessageFlags.Peek | MessageFlags.DoNotWait | MessageFlags.DoNotRoute | MessageFlags.Truncated)) != 0)
            return SocketErrno.NotSupported;
        bool peek = (flags & MessageFlags.Peek) != 0;
        using BlockingCall call = new(this, ReceiveTimeout);
        while (true)
        {
            lock (Gate)
            {
                do
                {
                    if (IsClosed)
                        return SocketErrno.BadDescriptor;
                    // As on Linux, an error goes before what waits.
                    if (Error != SocketErrno.None)
                        return TakeErrorHeld();
                    if (_queue.TryPeek(out Datagram next))
                    {
                        datagram = peek ? Copy(next) : _queue.Dequeue();
                        _queued -= peek ? 0 : next.Length + Bookkeeping;
                        return SocketErrno.None;
                    }

                    if (_receiveShutDown)
                        return SocketErrno.None;
                    if (IsNonBlocking || (flags & MessageFlags.DoNotWait) != 0)
                        return SocketErrno.Again;
                }
                while (!call.IsAnnounced());
            }

            if (!call.Park())
                return SocketErrno.Again;
        }
    }

    private SocketErrno TakeErrorHeld()
    {
        SocketErrno error = Error;
        Error = SocketErrno.None;
        return error;
    }

    private static Datagram Copy(Datagram datagram)
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent(datagram.Buffer.Length);
        datagram.Buffer.AsSpan(0, datagram.Length).CopyTo(copy);
        return datagram with { Buffer = copy };
    }

    private static void Release(Datagram datagram) => ArrayPool<byte>.Shared.Return(datagram.Buffer);
}
