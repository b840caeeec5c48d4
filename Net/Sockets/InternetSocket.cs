// man 7 ip, man 7 ipv6: what sockets of TCP and UDP share: a local end point with a port, of one version or of both.
namespace Troupe.Net.Sockets;

/// <summary>A socket with addresses of IPv4 or IPv6. The part .Addresses says which it may have and reach.</summary>
internal abstract partial class InternetSocket(SocketNetwork network, PortTable ports, SocketFamily family, SocketKind kind) : StackSocket(network, family, kind)
{
    public PortTable Ports { get; } = ports;

    public SocketEndPoint Local { get; protected set; }

    /// <summary>Whether IPv4 peers are reached: not with IPV6_V6ONLY.</summary>
    public bool TakesIpv4 => Family == SocketFamily.Internet || !Options.IsIpv6Only;

    public override SocketErrno Bind(ReadOnlySpan<byte> address)
    {
        SocketErrno refused = SocketEndPoint.TryRead(address, Family, out SocketEndPoint local);
        return refused != SocketErrno.None ? refused : Bind(local);
    }

    public override SocketErrno Connect(ReadOnlySpan<byte> address)
    {
        SocketErrno refused = SocketEndPoint.TryRead(address, Family, out SocketEndPoint remote);
        return refused != SocketErrno.None ? refused : Connect(remote);
    }

    public override int WriteLocal(Span<byte> address) => Local.Write(address, Family);

    public override SocketErrno WriteRemote(Span<byte> address, out int length)
    {
        SocketErrno status = TryGetRemote(out SocketEndPoint remote);
        length = status == SocketErrno.None ? remote.Write(address, Family) : 0;
        return status;
    }

    protected abstract SocketErrno Bind(SocketEndPoint local);

    protected abstract SocketErrno Connect(SocketEndPoint remote);

    protected abstract SocketErrno TryGetRemote(out SocketEndPoint remote);

    protected override void End() => Ports.Release(this);

    /// <summary>Takes a port for a local end point, or any if it names none.</summary>
    protected SocketErrno TakePort(SocketEndPoint local)
    {
        SocketErrno refused = Ports.Take(this, local.Ip, local.Port, out ushort port);
        if (refused != SocketErrno.None)
            return refused;
        Local = local with { Port = port };
        IsBound = true;
        return SocketErrno.None;
    }
}
