// RFC 9293 3.3.1: a socket is an address with a port; a pair of them names a connection.
using System.Globalization;
using System.Net;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>An address of either version with a port of UDP or TCP.</summary>
/// <param name="Address">The address.</param>
/// <param name="Port">The port.</param>
/// <param name="Scope">RFC 4007: which link a link-local IPv6 address is on; 0 for the only one, and for all other addresses.</param>
public readonly record struct IpEndPoint(IpAddress Address, ushort Port, uint Scope = 0)
{
    /// <summary>The base class library's form.</summary>
    public IPEndPoint ToIPEndPoint()
    {
        IPAddress address = Address.ToIPAddress();
        if (Scope != 0)
            address.ScopeId = Scope;
        return new(address, Port);
    }

    /// <summary>The end point that the base class library's form names.</summary>
    public static IpEndPoint From(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        IpAddress address = IpAddress.From(endPoint.Address);
        return new(address, (ushort)endPoint.Port, address is { IsIpv4: false, IsLinkLocal: true } ? (uint)endPoint.Address.ScopeId : 0);
    }

    /// <inheritdoc/>
    public override string ToString() => Address.IsIpv4
        ? string.Create(CultureInfo.InvariantCulture, $"{Address}:{Port}")
        : Scope == 0
            ? string.Create(CultureInfo.InvariantCulture, $"[{Address}]:{Port}")
            : string.Create(CultureInfo.InvariantCulture, $"[{Address}%{Scope}]:{Port}");
}

/// <summary>The values that tell one TCP connection from all others.</summary>
public readonly record struct TcpConnectionKey(IpEndPoint Local, IpEndPoint Remote)
{
    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(Local.Address.Ipv6.Low, Remote.Address.Ipv6.High, Remote.Address.Ipv6.Low, (Local.Port << 16) | Remote.Port);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Local} <- {Remote}");
}
