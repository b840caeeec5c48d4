// man 7 udp; RFC 768 and RFC 1122 4.1 beneath.
using System.Buffers;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Sockets;

/// <summary>A datagram socket. Datagrams wait in a queue that is bounded in octets; what does not fit is dropped and counted.</summary>
internal sealed partial class UdpSocket(SocketNetwork network, PortTable ports, UdpDemultiplexer demultiplexer, GroupTable groups, DatagramFrames frames, SocketFamily family)
    : InternetSocket(network, ports, family, SocketKind.Datagram)
{
    // What Linux charges a small datagram for besides its octets.
    private const int Bookkeeping = 768;

    // RFC 768 and RFC 791: 65,535 octets less both headers. RFC 8200 3: IPv6's header does not count.
    private const int LargestPayload = 65_507;
    private const int LargestPayloadV6 = 65_527;

    private readonly Queue<Datagram> _queue = new();
    private int _queued;
    private SocketEndPoint? _remote;
    private bool _localPicked;
    private bool _receiveShutDown;
    private bool _sendShutDown;

    private readonly record struct Datagram(byte[] Buffer, int Length, SocketEndPoint Source, SocketEndPoint Destination, int Interface);

    public override SocketProtocol Protocol => SocketProtocol.Udp;

    protected override SocketErrno Bind(SocketEndPoint local)
    {
        lock (Gate)
        {
            if (IsBound)
                return SocketErrno.InvalidArgument;
            SocketErrno refused = IsGroup(local) ? CheckGroup(local) : CheckLocal(local);
            if (refused == SocketErrno.None)
                refused = TakePort(local);
            if (refused != SocketErrno.None)
                return refused;
        }

        demultiplexer.Add(this, Local.Port);
        return SocketErrno.None;
    }

    protected override SocketErrno Connect(SocketEndPoint remote)
    {
        lock (Gate)
            ForgetPicked();
        SocketErrno refused = CheckRemote(ref remote);
        if (refused == SocketErrno.None && !(remote.Ip.IsMulticast && _groupInterfaceV6 != 0))
            refused = CheckScope(remote);
        if (refused == SocketErrno.None)
            refused = EnsureBound();
        if (refused == SocketErrno.None)
            refused = CheckWay(remote);
        if (refused != SocketErrno.None)
            return refused;
        lock (Gate)
        {
            _remote = remote;
            if (Local.IsAny)
            {
                _localPicked = true;
                IpAddress source = SourceTo(remote);
                Local = SocketEndPoint.From(source, Local.Port, Network.Internet.IndexOf(source));
            }
        }

        return SocketErrno.None;
    }

    public override SocketErrno Disconnect()
    {
        lock (Gate)
        {
            _remote = null;
            ForgetPicked();
            Raise(SocketEvents.Read | SocketEvents.Write);
        }

        return SocketErrno.None;
    }

    protected override SocketErrno TryGetRemote(out SocketEndPoint remote)
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
            if (Error != SocketErrno.None)
                return TakeErrorHeld();
            if ((destination ?? _remote) is not { } given)
                return SocketErrno.DestinationAddressRequired;
            remote = given;
        }

        SocketErrno refused = CheckRemote(ref remote);
        if (refused == SocketErrno.None)
            refused = remote.Port == 0 ? SocketErrno.InvalidArgument : EnsureBound();
        if (refused == SocketErrno.None)
            refused = CheckWay(remote);
        if (refused == SocketErrno.None)
            refused = remote.Ip.IsMulticast ? TransmitToGroup(data, remote) : Transmit(data, remote, SourceTo(remote), remote.Interface);
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
        if (length > LargestPayloadV6)
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
        base.End();
        LeaveAll();
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

        return Bind(AnyOfFamily);
    }

    // The address that a connect picked goes with its peer. The gate is held.
    private void ForgetPicked()
    {
        if (!_localPicked)
            return;
        _localPicked = false;
        Local = AnyOfFamily with { Port = Local.Port };
    }

    // man 7 ip: a datagram socket bound to a group or to the broadcast address hears what is sent there.
    private static bool IsGroup(SocketEndPoint local) => local.Ip.IsMulticast || (local.IsIpv4 && local.Ipv4 == Ipv4Address.Broadcast);

    private SocketErrno CheckGroup(SocketEndPoint local) => local.IsIpv4 && !TakesIpv4 ? SocketErrno.InvalidArgument : CheckScope(local);

    private SocketErrno Transmit(ReadOnlySpan<byte> data, SocketEndPoint remote, IpAddress source, int interfaceIndex = 0)
    {
        InternetInterface sender = Network.Internet.Of(source, remote.Ip, interfaceIndex);
        int headers = UdpHeader.Length + (remote.IsIpv4 ? Ipv4Header.Length : Ipv6Header.Length);
        bool mayFragment = Options.Get(SocketOptions.InternetLevel, SocketOptions.DoNotFragment) == 0 || Network.Internet.Contains(remote.Ip);
        if (data.Length > (remote.IsIpv4 ? LargestPayload : LargestPayloadV6) || (!mayFragment && data.Length + headers > sender.Link.MaximumTransmissionUnit))
            return SocketErrno.MessageTooLong;
        if (!frames.TryRent(data, sender.Link.Frames, out FrameBuffer frame))
            return SocketErrno.NoBuffers;
        UdpDatagram datagram = new(frame, new(source, Local.Port), remote.ToIp(), SendOptions(remote) with { MayFragment = mayFragment, Interface = (byte)sender.Index });
        if (Network.Udp.TryTell(UdpMessage.Send(datagram)))
            return SocketErrno.None;
        datagram.Dispose();
        return SocketErrno.NoBuffers;
    }

    private IpSendOptions SendOptions(SocketEndPoint remote)
    {
        int level = remote.IsIpv4 ? SocketOptions.InternetLevel : SocketOptions.InternetV6Level;
        int hops = Options.Get(level, remote.Ip.IsMulticast ? SocketOptions.MulticastTimeToLive : SocketOptions.TimeToLive) ?? 0;
        int trafficClass = remote.IsIpv4 ? Options.Get(level, SocketOptions.TypeOfService) ?? 0 : 0;
        return new((byte)trafficClass, (byte)hops);
    }
}
