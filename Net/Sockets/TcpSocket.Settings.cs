// man 7 tcp, man 7 ip: what options do to a connection.
namespace Troupe.Net.Sockets;

internal sealed partial class TcpSocket
{
    // RFC 2474 3: the class is the upper six bits of the octet; the others belong to congestion notification.
    private const int ClassShift = 2;

    /// <summary>Hands the options that a connection acts upon to it: all when there is one, and what changes after that.</summary>
    public override void OnOptionChanged()
    {
        if (_connection?.Settings is not { } settings)
            return;
        int Value(int level, int name) => Options.Get(level, name)!.Value;
        // First: each setting wakes the connection, which offers the peer what its buffer takes, and does not take that back. Who chooses a
        // size has it, and no other that follows what is read; the kept number is twice of what was asked for.
        if (Options.GetChosen(SocketOptions.SocketLevel, SocketOptions.ReceiveBuffer) is { } octets)
            settings.ReceiveBuffer = octets / 2;
        if (Options.GetChosen(SocketOptions.SocketLevel, SocketOptions.SendBuffer) is { } written)
            settings.SendBuffer = written / 2;
        settings.NoDelay = Value(SocketOptions.TcpLevel, SocketOptions.NoDelay) != 0;
        settings.KeepAliveTime = TimeSpan.FromSeconds(Value(SocketOptions.TcpLevel, SocketOptions.KeepAliveTime));
        settings.KeepAliveInterval = TimeSpan.FromSeconds(Value(SocketOptions.TcpLevel, SocketOptions.KeepAliveInterval));
        settings.KeepAliveProbes = Value(SocketOptions.TcpLevel, SocketOptions.KeepAliveRetries);
        settings.KeepAlive = Value(SocketOptions.SocketLevel, SocketOptions.KeepAlive) != 0;
        // IPv6's class has no option in the class library.
        int level = _remote.IsIpv4 ? SocketOptions.InternetLevel : SocketOptions.InternetV6Level;
        settings.DifferentiatedServices = (byte)(Value(SocketOptions.InternetLevel, SocketOptions.TypeOfService) >> ClassShift);
        settings.HopLimit = (byte)Value(level, SocketOptions.TimeToLive);
    }
}
