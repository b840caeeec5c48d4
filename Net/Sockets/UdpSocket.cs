// man 7 udp; RFC 768 and RFC 1122 4.1 beneath.
using System.Buffers;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Sockets;

/// <summary>A datagram socket. Datagrams wait in a queue that is bounded in octets; what does not fit is dropped and counted.</summary>
internal sealed partial class UdpSocket(SocketNetwork network, PortTable ports, UdpDemultiplexer demultiplexer, SocketFamily family)
    : StackSocket(network, ports, family, SocketKind.Datagram)
{
    // What Linux charges a small datagram for besides its octets.
    private const int Bookkeeping = 768;

    // RFC 768 and RFC 791: 65,535 octets less both headers.
    private const int LargestPayload = 65_507;

    private readonly Queue<Datagram> _queue = new();
    private int _queued;
    private SocketEndPoint? _remote;
    private bool _receiveShutDown;
    private bool _sendShutDown;

    private readonly record struct Datagram(byte[] Buffer, int Length, SocketEndPoint Source, SocketEndPoint Destination);

    public override SocketProtocol Protocol => SocketProtocol.Udp;

    public override SocketErrno Bind(SocketEndPoint local)
    {
        lock (Gate)
        {
            if (IsBound)
                return SocketErrno.InvalidArgument;
            bool group = local.IsIpv4 && TakesIpv4 && (local.Ipv4.IsMulticast || local.Ipv4 == Ipv4Address.Broadcast);
            SocketErrno refused = group ? SocketErrno.None : CheckLocal(local);
            if (refused == SocketErrno.None)
                refused = TakePort(local);
            if (refused != SocketErrno.None)
                return refused;
        }

        demultiplexer.Add(this, Local.Port);
        return SocketErrno.None;
    }

    public override SocketErrno Connect(SocketEndPoint remote)
    {
        SocketErrno refused = CheckRemote(ref remote);
        if (refused == SocketErrno.None)
            refused = EnsureBound();
        if (refused == SocketErrno.None)
            refused = CheckRoute(remote);
        if (refused != SocketErrno.None)
            return refused;
        lock (Gate)
        {
            _remote = remote;
            if (Local.IsAny)
                Local = SocketEndPoint.From(SourceFor(remote), Local.Port);
        }

        return SocketErrno.None;
    }

    public override SocketErrno Disconnect()
    {
        lock (Gate)
        {
            _remote = null;
            Raise(SocketEvents.Read | SocketEvents.Write);
        }

        return SocketErrno.None;
    }

    public override SocketErrno TryGetRemote(out SocketEndPoint remote)
    {
        lock (Gate)
        {
            remote = _remote.GetValueOrDefault();
            return _remote is null ? SocketErrno.NotConnected : SocketErrno.None;
        }
    }

    public override SocketErrno Shutdown(ShutdownDirection direction)
    {
        lock (Gate)
        {
            // As Linux does: blocked calls return all the same.
            SocketErrno status = _remote is null ? SocketErrno.NotConnected : SocketErrno.None;
            _receiveShutDown |= direction != ShutdownDirection.Send;
            _sendShutDown |= direction != ShutdownDirection.Receive;
            Raise(SocketEvents.Read | SocketEvents.ReadClose | SocketEvents.Write | (_receiveShutDown && _sendShutDown ? SocketEvents.Close : 0));
            return status;
        }
    }

    public override SocketEvents Level()
    {
        SocketEvents events = SocketEvents.Write;
        if (_queue.Count > 0 || _receiveShutDown)
            events |= SocketEvents.Read;
        if (_receiveShutDown)
            events |= SocketEvents.ReadClose;
        if (_receiveShutDown && _sendShutDown)
            events |= SocketEvents.Close;
        return Error != SocketErrno.None ? events | SocketEvents.Error : events;
    }

    public override SocketErrno Send(ReadOnlySpan<byte> data, SocketEndPoint? destination, MessageFlags flags, out int sent)
    {
        sent = 0;
        if ((flags & ~(MessageFlags.DoNotRoute | MessageFlags.DoNotWait)) != 0)
            return SocketErrno.NotSupported;
        if (_sendShutDown)
            return SocketErrno.BrokenPipe;
        SocketEndPoint remote;
        lock (Gate)
        {
            if ((destination ?? _remote) is not { } given)
                return SocketErrno.DestinationAddressRequired;
            remote = given;
        }

        SocketErrno refused = CheckRemote(ref remote);
        if (refused == SocketErrno.None)
            refused = remote.Port == 0 ? SocketErrno.InvalidArgument : EnsureBound();
        if (refused == SocketErrno.None)
            refused = CheckRoute(remote);
        if (refused == SocketErrno.None)
            refused = Transmit(data, remote);
        if (refused == SocketErrno.None)
            sent = data.Length;
        return refused;
    }

    public override SocketErrno Send(ReadOnlySpan<ReadOnlyMemory<byte>> parts, SocketEndPoint? destination, MessageFlags flags, out long sent)
    {
        sent = 0;
        long length = 0;
        foreach (ReadOnlyMemory<byte> part in parts)
            length += part.Length;
        if (length > LargestPayload)
            return SocketErrno.MessageTooLong;
        byte[] whole = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            int filled = 0;
            foreach (ReadOnlyMemory<byte> part in parts)
            {
                part.Span.CopyTo(whole.AsSpan(filled));
                filled += part.Length;
            }

            SocketErrno status = Send(whole.AsSpan(0, filled), destination, flags, out int taken);
            sent = taken;
            return status;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    public override int Available()
    {
        lock (Gate)
            return _queue.TryPeek(out Datagram next) ? next.Length : 0;
    }

    protected override void End()
    {
        demultiplexer.Remove(this, Local.Port);
        lock (Gate)
        {
            while (_queue.TryDequeue(out Datagram datagram))
                ArrayPool<byte>.Shared.Return(datagram.Buffer);
        }
    }

    private SocketErrno EnsureBound()
    {
        lock (Gate)
        {
            if (IsBound)
                return SocketErrno.None;
        }

        return Bind(Family == SocketFamily.Internet || !TakesIpv4 ? SocketEndPoint.AnyIpv4 : default);
    }

    private SocketErrno CheckRoute(SocketEndPoint remote)
    {
        Ipv4Address address = remote.Ipv4;
        InterfaceConfiguration? configuration = Network.Configuration();
        if (address.IsLoopback || address == configuration?.Address)
            return SocketErrno.None;
        if (configuration is null)
            return SocketErrno.NetworkUnreachable;
        bool broadcast = address == Ipv4Address.Broadcast || address == configuration.Network.DirectedBroadcast;
        if (broadcast && !Options.MayBroadcast)
            return SocketErrno.AccessDenied;
        return broadcast || address.IsMulticast || configuration.Gateway is not null || configuration.Network.Contains(address)
            ? SocketErrno.None
            : SocketErrno.NetworkUnreachable;
    }

    private Ipv4Address SourceFor(SocketEndPoint remote)
    {
        if (!Local.IsAny)
            return Local.Ipv4;
        return remote.Ipv4.IsLoopback ? Ipv4Address.From(127, 0, 0, 1) : Network.Configuration()?.Address ?? default;
    }

    private SocketErrno Transmit(ReadOnlySpan<byte> data, SocketEndPoint remote)
    {
        if (data.Length > Math.Min(LargestPayload, Network.Link.MaximumTransmissionUnit - Ipv4Header.Length - UdpHeader.Length))
            return SocketErrno.MessageTooLong;
        if (!Network.Link.Frames.TryRent(out FrameBuffer frame))
            return SocketErrno.NoBuffers;
        frame.Append(data);
        UdpDatagram datagram = new(frame, new(SourceFor(remote), Local.Port), remote.ToIp());
        if (Network.Udp.TryTell(UdpMessage.Send(datagram)))
            return SocketErrno.None;
        datagram.Dispose();
        return SocketErrno.NoBuffers;
    }
}
