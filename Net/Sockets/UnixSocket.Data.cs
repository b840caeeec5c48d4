// man 2 send, recv; man 7 unix.
namespace Troupe.Net.Sockets;

internal sealed partial class UnixSocket
{
    public override SocketErrno Send(ReadOnlySpan<byte> data, SocketEndPoint? destination, MessageFlags flags, out int sent)
    {
        sent = 0;
        if ((flags & ~(MessageFlags.DoNotRoute | MessageFlags.DoNotWait)) != 0)
            return SocketErrno.NotSupported;
        using BlockingCall call = new(this, SendTimeout);
        while (true)
        {
            UnixSocket? told = null;
            bool parks = true;
            lock (Gate)
            {
                do
                {
                    SocketErrno status = CheckSend();
                    if (status != SocketErrno.None)
                        return sent > 0 ? SocketErrno.None : status;
                    int taken = _output!.Write(data[sent..]);
                    sent += taken;
                    if (taken > 0)
                        told = _peer;
                    parks = sent < data.Length && !IsNonBlocking && (flags & MessageFlags.DoNotWait) == 0;
                }
                while (parks && !call.IsAnnounced());
            }

            told?.Notify(SocketEvents.Read);
            if (!parks)
                return sent > 0 || data.IsEmpty ? SocketErrno.None : SocketErrno.Again;
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
            SocketErrno status;
            UnixSocket? told;
            lock (Gate)
            {
                do
                    status = TryReceive(buffer, 0, flags, out received, out told);
                while (status == SocketErrno.Again && !IsNonBlocking && (flags & MessageFlags.DoNotWait) == 0 && !call.IsAnnounced());
            }

            told?.Notify(SocketEvents.Write);
            if (status != SocketErrno.Again || IsNonBlocking || (flags & MessageFlags.DoNotWait) != 0)
                return status;
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
        for (int index = first + 1; index < parts.Length && octets > 0 && received == parts[index - 1].Length; index++)
        {
            UnixSocket? told;
            lock (Gate)
                status = TryReceive(parts[index].Span, peek ? octets : 0, flags, out received, out told);
            told?.Notify(SocketEvents.Write);
            if (status != SocketErrno.None)
                break;
            octets += received;
        }

        message = new(octets, MessageFlags.None, null, null);
        return SocketErrno.None;
    }

    public override int Available()
    {
        lock (Gate)
            return _input?.Count ?? 0;
    }

    // The gate is held.
    private SocketErrno CheckSend()
    {
        if (IsClosed)
            return SocketErrno.BadDescriptor;
        if (Error != SocketErrno.None)
            return TakeErrorHeld();
        if (_sendShutDown)
            return SocketErrno.BrokenPipe;
        if (_output is null)
            return SocketErrno.NotConnected;
        return _output.IsBroken ? SocketErrno.BrokenPipe : SocketErrno.None;
    }

    // The gate is held. Names the peer if it should look again whether it can send.
    private SocketErrno TryReceive(Span<byte> buffer, long skip, MessageFlags flags, out int received, out UnixSocket? told)
    {
        received = 0;
        told = null;
        if (IsClosed)
            return SocketErrno.BadDescriptor;
        if (_input is null)
            return SocketErrno.InvalidArgument;
        // Ended is looked at first: what was written before the end is there then.
        bool ended = _receiveShutDown || _input.HasEnded;
        received = _input.Read(buffer, skip, (flags & MessageFlags.Peek) != 0, out bool wakesWriter);
        told = wakesWriter ? _peer : null;
        if (received > 0 || buffer.IsEmpty)
            return SocketErrno.None;
        if (Error != SocketErrno.None)
            return TakeErrorHeld();
        return ended ? SocketErrno.None : SocketErrno.Again;
    }

    private SocketErrno TakeErrorHeld()
    {
        SocketErrno error = Error;
        Error = SocketErrno.None;
        return error;
    }
}
