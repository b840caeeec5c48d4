// RFC 9293 3.3.1: a socket is an address with a port; a pair of them names a connection.
using System.Globalization;
using System.Net;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>An address with a port of UDP or TCP.</summary>
public readonly record struct Ipv4EndPoint(Ipv4Address Address, ushort Port)
{
    /// <summary>The base class library's form.</summary>
    public IPEndPoint ToIPEndPoint() => new(Address.ToIPAddress(), Port);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address}:{Port}");
}

/// <summary>The four values that tell one TCP connection from all others.</summary>
public readonly record struct TcpConnectionKey(Ipv4EndPoint Local, Ipv4EndPoint Remote)
{
    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Local.Address.Value, Remote.Address.Value, (Local.Port << 16) | Remote.Port);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Local} <- {Remote}");
}
